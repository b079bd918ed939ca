"""The index guard: would production have an index for this query? The emulator makes any it needs, so none is missed.

It knows what Firestore documents: single-field indexes are there unless exempted; equality filters alone are served by
merging them; an order or a range together with anything else wants a composite index, or several with one suffix whose
prefixes cover all equality fields.

Sources: https://firebase.google.com/docs/firestore/query-data/index-overview#taking_advantage_of_index_merging
https://firebase.google.com/docs/firestore/query-data/queries#limits_on_or_queries
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

_RANGES = {1, 2, 3, 4}
_EQUALS, _ARRAY_CONTAINS, _IN, _ARRAY_CONTAINS_ANY = 5, 7, 8, 9
_OR = 2
_DESCENDING = 2
MOST_FILTERS, MOST_DISJUNCTIONS = 100, 30
MOST_ENTRIES = 40_000

Ordered = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Composite:
    """A composite index: its scope, its fields in order, each with its mode (ASCENDING, DESCENDING, CONTAINS)."""

    collection: str
    group: bool
    fields: Ordered


@dataclass
class Wish:
    """One disjunction of a query: what is compared for equality, what arrays must contain, what is a range."""

    equal: set[str] = field(default_factory=set)
    contains: set[str] = field(default_factory=set)
    arrays: int = 0
    ranges: set[str] = field(default_factory=set)


class IndexGuard:
    """Checks queries against firestore.indexes.json, and remembers in `missing` what has no index."""

    def __init__(self, definitions: dict[str, Any]) -> None:
        self.missing: list[str] = []
        self._composites = [_composite(index) for index in definitions["indexes"]]
        self._overrides = {
            (override["collectionGroup"], override["fieldPath"]): override["indexes"]
            for override in definitions["fieldOverrides"]
        }

    @classmethod
    def of(cls, path: Path) -> IndexGuard:
        return cls(json.loads(path.read_text()))

    def check(self, query: Any) -> None:
        """Note in `missing` what production would refuse of a StructuredQuery message."""
        source = query.from_[0]
        wishes = _wishes(query.where) if query.HasField("where") else [Wish()]
        faults = self._faults(source.collection_id, source.all_descendants, wishes, _orders(query), query)
        self.missing.extend(f"{source.collection_id}: {fault}" for fault in faults)

    def check_document(self, name: str, fields: Any) -> None:
        """Note in `missing` a written document of more index entries than production takes (40,000).

        Source: https://firebase.google.com/docs/firestore/quotas#indexes
        """
        collection = name.rsplit("/", 2)[-2]
        entries = sum(self._entries_of(collection, path, value) for path, value in fields.items())
        entries += sum(_entries_in(index, fields) for index in self._composites if index.collection == collection)
        if entries > MOST_ENTRIES:
            self.missing.append(f"{collection}: a document of {entries} index entries; Firestore takes {MOST_ENTRIES}")

    def _entries_of(self, collection: str, path: str, value: Any) -> int:
        """Count single-field entries: one for each index of a scalar, of each element, of each leaf of a map."""
        override = self._overrides.get(
            (collection, path), [{"order": "ASCENDING"}, {"order": "DESCENDING"}, {"arrayConfig": "CONTAINS"}]
        )
        orders = sum("order" in index for index in override)
        arrays = sum("arrayConfig" in index for index in override)
        return _leaves(value) * orders + len(value.array_value.values) * arrays

    def _faults(self, collection: str, group: bool, wishes: list[Wish], orders: Ordered, query: Any) -> list[str]:
        faults: list[str] = []
        if len(wishes) > MOST_DISJUNCTIONS:
            faults.append(f"{len(wishes)} disjunctions; Firestore takes {MOST_DISJUNCTIONS}")
        if (count := _count(query.where)) > MOST_FILTERS:
            faults.append(f"{count} filters; Firestore takes {MOST_FILTERS}")
        different = {_spelt(wish): wish for wish in wishes}.values()
        return faults + [fault for wish in different if (fault := self._fault(collection, group, wish, orders))]

    def _fault(self, collection: str, group: bool, wish: Wish, orders: Ordered) -> str | None:
        if wish.arrays > 1:
            return "two arrays in one disjunction"
        ordered = orders or tuple((name, "ASCENDING") for name in sorted(wish.ranges))
        ordered = tuple((name, mode) for name, mode in ordered if name not in wish.equal)
        alone = {(name, "ASCENDING") for name in wish.equal} | {(name, "CONTAINS") for name in wish.contains}
        if not ordered or (not alone and len(ordered) == 1):
            return next(filter(None, (self._single(collection, group, *wanted) for wanted in {*alone, *ordered})), None)
        return self._merged(collection, group, alone, ordered)

    def _single(self, collection: str, group: bool, path: str, mode: str) -> str | None:
        base = path.split(".", maxsplit=1)[0]
        scope = "COLLECTION_GROUP" if group else "COLLECTION"
        override = self._overrides.get((collection, path), self._overrides.get((collection, base)))
        if override is None:
            return f"no single-field index of {path} over collection groups" if group else None
        for index in override:
            kind = index.get("order") or index.get("arrayConfig")
            if index.get("queryScope", "COLLECTION") == scope and kind == mode:
                return None
        return f"{path} has no {mode} single-field index in scope {scope}"

    def _merged(self, collection: str, group: bool, alone: set[tuple[str, str]], ordered: Ordered) -> str | None:
        covered: set[tuple[str, str]] = set()
        for index in self._composites:
            if (index.collection, index.group) != (collection, group) or index.fields[-len(ordered) :] != ordered:
                continue
            # An equality filter is served whichever way its field is ordered.
            prefix = {
                (name, mode if mode == "CONTAINS" else "ASCENDING") for name, mode in index.fields[: -len(ordered)]
            }
            if prefix <= alone:
                covered |= prefix
        return None if covered == alone and alone else f"no composite index for {sorted(alone)} then {ordered}"


def _leaves(value: Any) -> int:
    if value.HasField("map_value"):
        return 1 + sum(map(_leaves, value.map_value.fields.values()))
    return 1


def _entries_in(index: Composite, fields: Any) -> int:
    """Count a composite index's entries: one for each element of its array, if all its fields are there."""
    if any(path not in fields for path, _ in index.fields):
        return 0
    return prod(len(fields[path].array_value.values) for path, mode in index.fields if mode == "CONTAINS")


def _composite(index: dict[str, Any]) -> Composite:
    fields = tuple((line["fieldPath"], line.get("order") or line["arrayConfig"]) for line in index["fields"])
    # The document's name is the last field of every index, in the direction of the one before it.
    fields = tuple(line for line in fields if line[0] != "__name__")
    return Composite(index["collectionGroup"], index["queryScope"] == "COLLECTION_GROUP", fields)


def _orders(query: Any) -> Ordered:
    named = [(order.field.field_path, order.direction) for order in query.order_by]
    return tuple(
        (path, "DESCENDING" if direction == _DESCENDING else "ASCENDING")
        for path, direction in named
        if path != "__name__"
    )


def _wishes(where: Any) -> list[Wish]:  # noqa: PLR0911  one line for each kind of filter
    """Take a filter apart into its disjunctions (disjunctive normal form)."""
    kind = where.WhichOneof("filter_type")
    if kind == "composite_filter":
        parts = [_wishes(part) for part in where.composite_filter.filters]
        if where.composite_filter.op == _OR:
            return [wish for part in parts for wish in part]
        return [_joined(chosen) for chosen in product(*parts)]
    if kind == "unary_filter":
        return [Wish(equal={where.unary_filter.field.field_path})]
    condition = where.field_filter
    path, operator = condition.field.field_path, condition.op
    if operator in _RANGES:
        return [Wish(ranges={path})]
    if operator == _ARRAY_CONTAINS:
        return [Wish(contains={path}, arrays=1)]
    each = len(condition.value.array_value.values)
    if operator == _ARRAY_CONTAINS_ANY:
        return [Wish(contains={path}, arrays=1) for _ in range(each)]
    return [Wish(equal={path}) for _ in range(each if operator == _IN else 1)]


def _joined(wishes: tuple[Wish, ...]) -> Wish:
    return Wish(
        set().union(*(wish.equal for wish in wishes)),
        set().union(*(wish.contains for wish in wishes)),
        sum(wish.arrays for wish in wishes),
        set().union(*(wish.ranges for wish in wishes)),
    )


def _count(where: Any) -> int:
    if where.WhichOneof("filter_type") == "composite_filter":
        return sum(map(_count, where.composite_filter.filters))
    return 1 if where.WhichOneof("filter_type") else 0


def _spelt(wish: Wish) -> str:
    return f"{sorted(wish.equal)} {sorted(wish.contains)} {wish.arrays} {sorted(wish.ranges)}"
