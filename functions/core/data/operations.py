"""What is asked of the database, as values: writes of a commit, and queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar

from core.data.records import Record, Version

if TYPE_CHECKING:
    from core.data.collections import Collection, Key

R = TypeVar("R", bound=Record)
T = TypeVar("T")

MOST_OPTIONS: Final = 30
"""Disjunctions in one query: values of `array-contains-any` or `in`, comparisons of `any_of`, and their product.

Source: https://firebase.google.com/docs/firestore/query-data/queries#limits_on_or_queries
"""


def in_parts(options: Sequence[T]) -> list[Sequence[T]]:
    """Split options into parts that one query takes each; `PageRequest.of_all` puts together what they find."""
    return [options[start : start + MOST_OPTIONS] for start in range(0, len(options), MOST_OPTIONS)]


@dataclass(frozen=True)
class Write(Generic[R]):
    """One operation of a commit. `version` is the version that must still stand."""

    kind: Literal["create", "put", "update", "delete", "add", "increment"]
    key: "Key[R]"
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


@dataclass(frozen=True)
class Addition(Write[R]):
    """A write that adds `amounts` to integer fields, by attribute name, and sets `fields` beside them.

    Adding is not the same done twice, so its commit must also hold a guarded write of content, by which a commit that
    took place is known again.
    """

    amounts: Mapping[str, int] = field(default_factory=dict[str, int])
    _told: dict[str, int] = field(default_factory=dict[str, int], repr=False, compare=False)

    @property
    def totals(self) -> dict[str, int] | None:
        """What the fields hold after the commit; None before it, and when its answer was lost."""
        return dict(self._told) or None

    def note_totals(self, found: Iterable[int]) -> None:
        """Note what the fields hold now, in the order of `amounts`."""
        self._told.update(zip(self.amounts, found, strict=True))


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

    collection: "Collection[R]"
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
