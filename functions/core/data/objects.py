"""Prefixes: where objects are stored, for which records, why, and what erasure does. Nothing is stored elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, ClassVar, Final, Generic, TypeVar

from core.data.buckets import Bucket
from core.data.collections import Collection
from core.data.personal_data import Basis, Category, Effect, Purpose, Retention
from core.data.records import Record
from core.ids import is_storable

R = TypeVar("R", bound=Record)

MOST_BYTES: Final = 1024
"""Of an object's name, in UTF-8. Source: https://cloud.google.com/storage/docs/objects#naming"""


@dataclass(frozen=True)
class ObjectKey:
    """The place of one object. Raises ValueError for a name that no declared prefix knows."""

    bucket: Bucket
    name: str

    def __post_init__(self) -> None:
        if prefix_of(self.bucket, self.name) is None:
            raise ValueError(f"no declared object can have such a name in {self.bucket.name}")

    @property
    def below(self) -> "ObjectPath":
        """All that is named below this object, and not the object itself."""
        return ObjectPath(self.bucket, f"{self.name}/")


@dataclass(frozen=True)
class ObjectPath:
    """The beginning that names of objects have in common, up to a slash: `files/abc/` holds nothing of `files/abcd/`.

    Raises ValueError unless objects are declared there.
    """

    bucket: Bucket
    path: str

    def __post_init__(self) -> None:
        steps = self.path.removesuffix("/").split("/")
        known = any(one.begins(steps) for one in Prefix.declared.values() if one.bucket is self.bucket)
        if not self.path.endswith("/") or not known:
            raise ValueError(f"no declared objects can lie there in {self.bucket.name}")


class Prefix(Generic[R]):
    """A template of objects' names, with the records that own them, purpose, basis, retention and what erasure does.

    Its placeholders are fields of the owner's record: `uploads/{uploader_id}/{id}`. It begins with a word of its own.
    `on_erasure` says what becomes of the objects for each subject role of the record.
    Raises TypeError when the declaration is incomplete or the names are declared already.
    """

    declared: ClassVar[dict[tuple[str, str], "Prefix[Any]"]] = {}

    def __init__(
        self,
        path: str,
        bucket: Bucket,
        owner: Collection[R],
        *,
        about: str,
        purpose: Purpose,
        basis: Basis,
        retention: Retention,
        categories: set[Category],
        on_erasure: Mapping[str, Effect],
    ) -> None:
        self.path, self.bucket, self.owner, self.about = path, bucket, owner, about
        self.purpose, self.basis, self.retention = purpose, basis, retention
        self.categories, self.on_erasure = frozenset(categories), dict(on_erasure)
        self.parameters = tuple(name for _, name, _, _ in Formatter().parse(path) if name)
        self.pattern = path.format_map(dict.fromkeys(self.parameters, "*"))
        self._segments = self.pattern.split("/")
        self._check()
        self.declared[bucket.name, self.pattern] = self

    def _check(self) -> None:
        fields = self.owner.record.model_fields
        if (self.bucket.name, self.pattern) in self.declared:
            raise TypeError(f"{self.pattern} is declared already in {self.bucket.name}")
        if "*" in self._segments[0] or "" in self._segments or not self.parameters:
            raise TypeError(f"{self.path} begins with a word, and its other segments name a record")
        if missing := [name for name in self.parameters if name not in fields]:
            raise TypeError(f"{self.path}: {self.owner.record.__name__} has no field {missing}")
        roles = {subject.role for subject in self.owner.subjects.values()}
        if roles != set(self.on_erasure):
            raise TypeError(
                f"{self.path}: erasure is declared for {sorted(self.on_erasure)}, the record names {sorted(roles)}"
            )

    def of(self, record: R) -> ObjectKey:
        """Return the key of the object that belongs to this record. Raises ValueError where the record names none."""
        return self.at(*(getattr(record, name) for name in self.parameters))

    def at(self, *ids: str | None) -> ObjectKey:
        """Return the key of the object with these ids. Raises ValueError for what can be no segment of a name."""
        if len(ids) != len(self.parameters) or None in ids:
            raise ValueError(f"{self.path} takes {len(self.parameters)} ids")
        return ObjectKey(self.bucket, self.path.format_map(dict(zip(self.parameters, ids, strict=True))))

    def under(self, *ids: str) -> ObjectPath:
        """Return the path below which the objects with these first ids lie; without any, all of this prefix."""
        upto = [at for at, segment in enumerate(self._segments) if segment == "*"][: len(ids) + 1]
        if len(ids) > len(self.parameters):
            raise ValueError(f"{self.path} takes {len(self.parameters)} ids")
        end = upto[len(ids)] if len(upto) > len(ids) else len(self._segments)
        given = iter(ids)
        steps = [next(given) if segment == "*" else segment for segment in self._segments[:end]]
        return ObjectPath(self.bucket, "/".join(steps) + "/")

    def holds(self, name: str) -> bool:
        """Tell whether an object of this prefix can have this name."""
        steps = name.split("/")
        return len(steps) == len(self._segments) and len(name.encode()) <= MOST_BYTES and self.begins(steps)

    def ids_of(self, name: str) -> dict[str, str]:
        """Return the ids that a name of this prefix holds, by the record's fields. Raises ValueError for another."""
        if not self.holds(name):
            raise ValueError(f"that is no name of {self.path}")
        steps = zip(self._segments, name.split("/"), strict=True)
        return dict(zip(self.parameters, (step for wanted, step in steps if wanted == "*"), strict=True))

    def begins(self, steps: list[str]) -> bool:
        """Tell whether a name of this prefix can begin with these segments."""
        return len(steps) <= len(self._segments) and all(
            _is_segment(step) if wanted == "*" else step == wanted
            for step, wanted in zip(steps, self._segments, strict=False)
        )


def prefix_of(bucket: Bucket, name: str) -> Prefix[Any] | None:
    """Return the prefix that knows this name."""
    return next((one for one in Prefix.declared.values() if one.bucket is bucket and one.holds(name)), None)


def prefixes_of(owner: Collection[Any]) -> list[Prefix[Any]]:
    """Return the prefixes whose objects belong to records of this collection."""
    return [one for one in Prefix.declared.values() if one.owner is owner]


def keys_of(owner: Collection[R], record: R) -> Iterator[ObjectKey]:
    """Yield the keys of all objects that can belong to a record; what it names by an empty field is none."""
    for prefix in prefixes_of(owner):
        name = prefix.path.format_map({field: getattr(record, field) or "" for field in prefix.parameters})
        if prefix.holds(name):
            yield ObjectKey(prefix.bucket, name)


def _is_segment(step: str) -> bool:
    # Ids of ours and uids. What cannot be printed (line ends, halves of pairs) is refused by Cloud Storage or confuses.
    return step.isprintable() and is_storable(step)
