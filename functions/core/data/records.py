"""Records and Collections: what can be stored. Nothing is stored that does not say here what it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from string import Formatter
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, PrivateAttr
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from core.data.personal_data import Basis, Classification, Effect, Personal, Purpose, Retention, Subject
from core.ids import is_storable

COMMIT_FIELD: Final = "commit"
"""The random id of the commit that last wrote a guarded document: how a write whose answer was lost is known again."""


class Storage(Enum):
    """How a field is stored, where it differs from an ordinary one."""

    HEAVY = "does not travel unless asked for"
    UNINDEXED = "no single-field index"
    ASCENDING_ONLY = "ascending single-field index alone"


HEAVY, UNINDEXED, ASCENDING_ONLY = Storage.HEAVY, Storage.UNINDEXED, Storage.ASCENDING_ONLY


class _Classified(BaseModel):
    """A model whose every field is classified, or its class does not come into being."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for name, info in cls.model_fields.items():
            found = [mark for mark in info.metadata if isinstance(mark, Classification)]
            if len(found) != 1:
                raise TypeError(
                    f"{cls.__name__}.{name} wants one of Subject, Personal, NotPersonal; it has {len(found)}"
                )
            cls._check_field(name, found[0])

    @classmethod
    def _check_field(cls, name: str, mark: Classification) -> None:
        """Raise TypeError for what a field of this kind of model may not be."""


class Part(_Classified):
    """A classified map inside a Record."""

    @classmethod
    def _check_field(cls, name: str, mark: Classification) -> None:
        # Erasure finds people by the subject fields of Records; it would not look in here.
        if isinstance(mark, Subject):
            raise TypeError(f"{cls.__name__}.{name}: a Subject stands on the Record itself")


@dataclass(frozen=True)
class Version:
    """The time at which Firestore last wrote a document, to the nanosecond: the precondition of a change to it."""

    seconds: int
    nanos: int


class Record(_Classified):
    """One stored document. Immutable: a change is made by `Collection.update`, which remembers what it changes.

    A field marked HEAVY that was not asked for is absent, and reading it raises AttributeError.
    """

    _version: Version | None = PrivateAttr(default=None)

    @classmethod
    def _check_field(cls, name: str, mark: Classification) -> None:  # noqa: ARG003  any mark will do
        if stored_name(name) == COMMIT_FIELD:
            raise TypeError(f"{cls.__name__}.{name}: the database keeps {COMMIT_FIELD!r} for itself")

    @property
    def version(self) -> Version:
        """The version as read or written. Raises LookupError for a record that has not been stored."""
        if self._version is None:
            raise LookupError(f"this {type(self).__name__} was not read from the database")
        return self._version

    def stored_at(self, version: Version) -> Self:
        """Note which version of the stored document this is."""
        self._version = version
        return self


R = TypeVar("R", bound=Record)


def classification(info: FieldInfo) -> Classification:
    """Return the one classification of a Record's field."""
    return next(mark for mark in info.metadata if isinstance(mark, Classification))


def is_marked(info: FieldInfo, mark: Storage) -> bool:
    """Tell whether a Record's field carries this storage mark."""
    return any(found is mark for found in info.metadata)


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
    ) -> None:
        self.path, self.record = path, record
        self.purpose, self.basis, self.retention = purpose, basis, retention
        self.on_erasure, self.indexes, self.ttl = dict(on_erasure), tuple(indexes), ttl
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


@dataclass(frozen=True)
class Write(Generic[R]):
    """One operation of a commit. `version` is the version that must still stand."""

    kind: Literal["create", "put", "update", "delete"]
    key: Key[R]
    content: R | None
    version: Version | None = None
    fields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.content is not None and not isinstance(self.content, self.key.collection.record):
            raise TypeError(f"{self.key.collection.path} holds no {type(self.content).__name__}")

    @property
    def guarded(self) -> bool:
        """Whether it fails when the document is not as expected."""
        return self.kind == "create" or self.version is not None


@dataclass(frozen=True)
class Change(Write[R]):
    """An update, with the record as it will be."""

    @property
    def record(self) -> R:
        assert self.content is not None
        return self.content


Operator = Literal["==", "<", "<=", ">", ">=", "array-contains", "array-contains-any", "in"]


@dataclass(frozen=True)
class Filter:
    """One comparison. `field` is an attribute name, or (attribute, map key); `value` None asks for null."""

    field: str | tuple[str, str]
    operator: Operator
    value: object


@dataclass(frozen=True)
class AnyOf:
    """At least one of the comparisons holds."""

    filters: tuple[Filter, ...]


@dataclass(frozen=True)
class Query(Generic[R]):
    """A query in the making; each method returns a longer one. Attribute names, not stored names."""

    collection: Collection[R]
    parent: str
    group: bool = False
    filters: tuple[Filter | AnyOf, ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    count: int | None = None
    after: tuple[object, ...] = ()
    heavy: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None

    def where(self, name: str | tuple[str, str], operator: Operator, value: object) -> "Query[R]":
        return replace(self, filters=(*self.filters, Filter(name, operator, value)))

    def any_of(self, filters: Iterable[Filter]) -> "Query[R]":
        return replace(self, filters=(*self.filters, AnyOf(tuple(filters))))

    def ordered(self, name: str, *, descending: bool = False) -> "Query[R]":
        return replace(self, order=(*self.order, (name, descending)))

    def limit(self, count: int) -> "Query[R]":
        return replace(self, count=count)

    def start_after(self, *values: object) -> "Query[R]":
        """Begin behind this position: one value for each ordered field, then the key of the last document."""
        return replace(self, after=values)

    def reading(self, *fields: str) -> "Query[R]":
        """Read these fields besides the light ones."""
        return replace(self, heavy=fields)

    def only(self, *fields: str) -> "Query[R]":
        """Read nothing but these fields; the others are absent from the records."""
        return replace(self, fields=fields)


stored_name = to_camel
"""Attribute name to stored name: `updated_at` is stored as `updatedAt`, as clients see it."""
