"""A person as stored data name them, and where: what report, export and erasure look by."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args, get_origin

from accounts.memberships import Holder
from core import addresses
from core.addresses import NotAnAddress
from core.data import declarations
from core.data.collections import Collection
from core.data.operations import Query, in_parts
from core.data.records import UNINDEXED, is_marked


@dataclass(frozen=True)
class Person:
    """Every name by which records name one person: uid, principals that are theirs alone, hashes of addresses."""

    uid: str
    principals: tuple[str, ...]
    email_hashes: tuple[str, ...] = ()

    @classmethod
    def of(cls, profile: Holder, email: str | None, secret: bytes) -> Self:
        """Return the names of whoever this profile belongs to; it was read with `memberships.HEAVY`."""
        members = (f"member:{membership.id}" for membership in profile.memberships.values())
        return cls(profile.uid, (f"user:{profile.uid}", *members), tuple(_hashes(email, secret)))

    def names(self, by: Literal["uid", "email", "principal"]) -> tuple[str, ...]:
        """Return the names of one kind."""
        return {"uid": (self.uid,), "email": self.email_hashes, "principal": self.principals}[by]


def _hashes(email: str | None, secret: bytes) -> Iterator[str]:
    if email:
        try:
            yield addresses.hashed(secret, addresses.normalised(email))
        except NotAnAddress:
            return


@dataclass(frozen=True)
class Mention:
    """A field by which a collection's records can be asked for those that name a person in a role."""

    collection: Collection[Any]
    role: str
    field: str
    by: Literal["uid", "email", "principal"]
    is_list: bool

    @property
    def name(self) -> str:
        """What it is called, as an id can be: `documents-comments-author_id`."""
        return "-".join([*(part for part in self.collection.pattern.split("/") if part != "*"), self.field])

    def queries(self, person: Person) -> list[Query[Any]]:
        """Return the queries that together yield all records that name the person here; some may yield one twice."""
        where = self.collection.everywhere() if "/" in self.collection.pattern[:-2] else self.collection.under()
        operator = "array-contains-any" if self.is_list else "in"
        return [where.where(self.field, operator, part) for part in in_parts(person.names(self.by))]


def mentions() -> list[Mention]:
    """Return every field of every collection that can be asked for a person.

    Raises TypeError for a role that no query can find: a single name must have an index, and beside what cannot be
    queried, a map or a list without an index, stands a list that can.
    """
    declarations.load()
    return [one for collection in _in_order() for one in _of(collection)]


def _in_order() -> list[Collection[Any]]:
    return [Collection.declared[pattern] for pattern in sorted(Collection.declared)]


def _of(collection: Collection[Any]) -> Iterator[Mention]:
    found = {role: list[Mention]() for role in collection.on_erasure}
    for name, subject in collection.subjects.items():
        info = collection.record.model_fields[name]
        kind = _kind(info.annotation)
        if kind is str and is_marked(info, UNINDEXED):
            raise TypeError(f"{collection.path}: nobody can be found by {name}, which has no index")
        if kind is not dict and not is_marked(info, UNINDEXED):
            found[subject.role].append(Mention(collection, subject.role, name, subject.by, kind is list))
    if unfindable := [role for role, fields in found.items() if not fields]:
        raise TypeError(f"{collection.path}: no query finds {unfindable}")
    for fields in found.values():
        yield from fields


def _kind(annotation: Any) -> type:
    """Return str, list or dict, also for a field that may be null."""
    origins = {get_origin(option) for option in (annotation, *get_args(annotation))}
    return next((kind for kind in (dict, list) if kind in origins), str)
