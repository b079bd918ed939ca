"""Collections: where records are stored, why, for how long, and what erasure does. Nothing is stored elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any, ClassVar, Generic, TypeVar

from core.data.operations import Addition, Change, Query, Write
from core.data.personal_data import Basis, Effect, Personal, Purpose, Retention, Subject
from core.data.records import Record, classification
from core.ids import is_storable

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Index:
    """A composite index: stored fields in order, `-` before one that descends, `[]` after one that is an array."""

    fields: tuple[str, ...]
    group: bool = False

    @classmethod
    def on(cls, *fields: str, group: bool = False) -> "Index":
        return cls(fields, group)


@dataclass(frozen=True)
class Key(Generic[R]):
    """The place of one document: its collection and its path below the database's root.

    Raises ValueError for a path that is none of that collection's: what is not declared is neither read nor written.
    """

    collection: "Collection[R]"
    path: str

    def __post_init__(self) -> None:
        if not self.collection.holds(self.path):
            raise ValueError(f"no document of {self.collection.path} can lie there")

    @property
    def id(self) -> str:
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Tally:
    """A total in another collection in which each record counts for its integer field `amount`.

    The total is the field `total` of the document that the field `by`, which both records have, leads to.
    """

    collection: "Collection[Any]"
    by: str
    total: str
    amount: str


class Collection(Generic[R]):
    """A Record bound to a path, with its purpose, basis, retention and what erasure does for each subject role.

    `path` is a template whose placeholders are fields of the record: `documents/{document_id}/revisions/{slot}`.
    Raises TypeError when the declaration is incomplete or the path is declared already.
    """

    declared: ClassVar[dict[str, "Collection[Any]"]] = {}

    def __init__(
        self,
        path: str,
        record: type[R],
        *,
        purpose: Purpose,
        basis: Basis,
        retention: Retention,
        on_erasure: Mapping[str, Effect],
        indexes: Sequence[Index] = (),
        ttl: str | None = None,
        tally: Tally | None = None,
    ) -> None:
        self.path, self.record = path, record
        self.purpose, self.basis, self.retention = purpose, basis, retention
        self.on_erasure, self.indexes, self.ttl, self.tally = dict(on_erasure), tuple(indexes), ttl, tally
        self.parameters = tuple(name for _, name, _, _ in Formatter().parse(path) if name)
        self.name = path.rsplit("/", 2)[-2]
        self._segments = self.pattern.split("/")
        self._check()
        self.declared[self.pattern] = self

    @property
    def pattern(self) -> str:
        """The path with `*` for every placeholder: what a document's path is matched with."""
        return self.path.format_map(dict.fromkeys(self.parameters, "*"))

    @property
    def subjects(self) -> dict[str, Subject]:
        """The fields that name a person, by attribute name."""
        found = {name: classification(info) for name, info in self.record.model_fields.items()}
        return {name: mark for name, mark in found.items() if isinstance(mark, Subject)}

    @property
    def categories(self) -> set[str]:
        """The policy's categories that occur in the record."""
        marks = [classification(info) for info in self.record.model_fields.values()]
        return {mark.category.value for mark in marks if isinstance(mark, Personal)}

    def _check(self) -> None:
        fields = self.record.model_fields
        if self.pattern in self.declared:
            raise TypeError(f"{self.pattern} is declared already")
        if missing := [name for name in self.parameters if name not in fields]:
            raise TypeError(f"{self.path}: {self.record.__name__} has no field {missing}")
        roles = {subject.role for subject in self.subjects.values()}
        if roles != set(self.on_erasure):
            raise TypeError(
                f"{self.path}: erasure is declared for {sorted(self.on_erasure)}, the record names {sorted(roles)}"
            )
        for name in (self.retention.runs_from, self.ttl):
            if name and name not in fields:
                raise TypeError(f"{self.path}: {self.record.__name__} has no field {name!r}")

    def holds(self, path: str) -> bool:
        """Tell whether a document of this collection can lie at this path below the root."""
        given = path.split("/")
        return len(given) == len(self._segments) and all(
            is_storable(one) if wanted == "*" else one == wanted
            for one, wanted in zip(given, self._segments, strict=True)
        )

    def at(self, *ids: str) -> Key[R]:
        """Return the key of the document with these ids. Raises ValueError for an id that Firestore does not take."""
        if len(ids) != len(self.parameters):
            raise ValueError(f"{self.path} takes {len(self.parameters)} ids")
        return Key(self, self.path.format_map(dict(zip(self.parameters, ids, strict=True))))

    def key_of(self, record: R) -> Key[R]:
        """Return the key under which this record is stored."""
        return self.at(*(getattr(record, name) for name in self.parameters))

    def create(self, record: R) -> "Write[R]":
        """Write a document that must not exist yet."""
        return Write("create", self.key_of(record), record)

    def put(self, record: R) -> "Write[R]":
        """Write a document whole, whatever was there."""
        return Write("put", self.key_of(record), record)

    def update(self, before: R, **changes: object) -> "Change[R]":
        """Change some fields of a document that must be as it was read; `.record` is what it then holds.

        Raises TypeError for a name that is no field.
        """
        if unknown := changes.keys() - self.record.model_fields.keys():
            raise TypeError(f"{self.record.__name__} has no field {sorted(unknown)}")
        after = before.model_copy(update=changes)
        return Change("update", self.key_of(before), after, before.version, tuple(sorted(changes)))

    def add(self, record: R, *names: str) -> "Addition[R]":
        """Write a document, whatever was there, but add what the record has in the named integer fields.

        A document that is missing begins at 0. Its commit needs a guarded write beside it (see Addition).
        """
        amounts = {name: getattr(record, name) for name in self._integers(names)}
        others = tuple(name for name in self.record.model_fields if name not in amounts)
        return Addition("add", self.key_of(record), record, None, others, amounts)

    def increment(self, key: Key[R], **amounts: int) -> "Addition[R]":
        """Add to integer fields of a document that must be there, and change nothing else.

        Its commit needs a guarded write beside it (see Addition), and raises Moved when the document is missing.
        """
        return Addition("increment", key, None, None, (), {name: amounts[name] for name in self._integers(amounts)})

    def counted(self, before: R | None, after: R) -> "list[Addition[Any]]":
        """Return what a change of this record changes in the total that it counts in: nothing, or one addition."""
        tally = self.tally
        if tally is None:
            return []
        more = getattr(after, tally.amount) - (getattr(before, tally.amount) if before else 0)
        if more == 0:
            return []
        total = tally.collection.record(**{tally.by: getattr(after, tally.by), tally.total: more})
        return [tally.collection.add(total, tally.total)]

    def uncount(self, record: R) -> "list[Write[Any]]":
        """Return the writes after which this record counts for nothing; none when it does not now."""
        if self.tally is None or getattr(record, self.tally.amount) == 0:
            return []
        after = self.update(record, **{self.tally.amount: 0})
        return [after, *self.counted(record, after.record)]

    def _integers(self, names: Iterable[str]) -> Iterable[str]:
        """Return the names. Raises TypeError when there are none, or one is no integer field of the record."""
        given, fields = tuple(names), self.record.model_fields
        if wrong := [name for name in given if name not in fields or fields[name].annotation is not int]:
            raise TypeError(f"{self.record.__name__} has no integer field {sorted(wrong)}")
        if not given:
            raise TypeError("which fields are to be added to?")
        return given

    def delete(self, record: R) -> "Write[R]":
        """Delete a document that must be as it was read."""
        return Write("delete", self.key_of(record), None, record.version)

    def remove(self, key: Key[R]) -> "Write[R]":
        """Delete a document whatever it holds, or none at all."""
        return Write("delete", key, None)

    def under(self, *ids: str) -> "Query[R]":
        """Query the documents of this collection below one parent (no ids for a root collection)."""
        parent = self.path.rsplit("/", 2)[0] if "/" in self.path.rsplit("/", 1)[0] else ""
        names = [name for _, name, _, _ in Formatter().parse(parent) if name]
        if len(ids) != len(names) or not all(map(is_storable, ids)):
            raise ValueError(f"{self.path} lies under {len(names)} storable ids")
        return Query(self, parent.format_map(dict(zip(names, ids, strict=True))))

    def everywhere(self) -> "Query[R]":
        """Query all documents of collections with this name, whatever their parent (a collection group)."""
        return Query(self, "", group=True)
