"""The index guard: it flags what production would refuse, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
from google.cloud.firestore_v1.types import Document, StructuredQuery

from core.data import codec, queries
from core.data.collections import Collection
from core.data.operations import Filter, Query
from core.data.personal_data import Basis, NotPersonal, Purpose, Retention
from core.data.records import Record
from tests.support.index_guard import MOST_DISJUNCTIONS, MOST_FILTERS, IndexGuard

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class BookRecord(Record):
    shelf: Annotated[str, NotPersonal]
    id: Annotated[str, NotPersonal]
    title: Annotated[str, NotPersonal] = ""
    lent: Annotated[bool, NotPersonal] = False
    readers: Annotated[list[str], NotPersonal] = []  # noqa: RUF012  pydantic copies it
    words: Annotated[dict[str, bool], NotPersonal] = {}  # noqa: RUF012
    text: Annotated[str, NotPersonal] = ""
    read_at: Annotated[datetime, NotPersonal] = NOW


books = Collection(
    "guardShelves/{shelf}/guardBooks/{id}",
    BookRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={},
)


def composite(*fields: tuple[str, str], scope: str = "COLLECTION") -> dict[str, Any]:
    lines = [{"fieldPath": name, "arrayConfig" if mode == "CONTAINS" else "order": mode} for name, mode in fields]
    return {"collectionGroup": "guardBooks", "queryScope": scope, "fields": lines}


def override(field: str, *indexes: dict[str, str]) -> dict[str, Any]:
    return {"collectionGroup": "guardBooks", "fieldPath": field, "indexes": list(indexes)}


BY_READER = composite(("readers", "CONTAINS"), ("lent", "ASCENDING"), ("readAt", "DESCENDING"))
TITLE_ALONE = composite(("title", "ASCENDING"), ("readAt", "DESCENDING"))
LENT_ALONE = composite(("lent", "ASCENDING"), ("readAt", "DESCENDING"))


def faults(query: Query[BookRecord], *indexes: dict[str, Any], overrides: tuple[dict[str, Any], ...] = ()) -> list[str]:
    message: Any = StructuredQuery.pb()()
    queries.fill(message, query, codec.plan(BookRecord), "projects/p/databases/d/documents")
    guard = IndexGuard({"indexes": list(indexes), "fieldOverrides": list(overrides)})
    guard.check(message)
    return guard.missing


BOOKS = books.under("a")
OF_KARI = BOOKS.where("readers", "array-contains", "kari")


class TestNeedsNoIndexOfItsOwn:
    @pytest.mark.parametrize(
        "query",
        [
            BOOKS,
            BOOKS.limit(1),
            BOOKS.where("title", "==", "x"),
            BOOKS.where("title", "==", None),
            BOOKS.where("title", "in", ["x", "y"]),
            BOOKS.where("read_at", ">", NOW),
            BOOKS.where("read_at", ">", NOW).ordered("read_at", descending=True),
            BOOKS.ordered("read_at", descending=True),
            OF_KARI,
            # Equality alone is served by merging single-field indexes, arrays and map keys among them.
            OF_KARI.where("lent", "==", True).where("title", "==", "x"),
            BOOKS.where(("words", "tur"), "==", True).where(("words", "bær.`"), "==", True),
            BOOKS.any_of([Filter("title", "==", "x"), Filter("lent", "==", True)]).where(("words", "a"), "==", True),
        ],
    )
    def test_and_is_not_flagged(self, query: Query[BookRecord]) -> None:
        assert faults(query) == []


class TestNeedsAnIndex:
    @pytest.mark.parametrize(
        "query",
        [
            OF_KARI.ordered("read_at", descending=True),
            BOOKS.where("lent", "==", True).ordered("read_at"),
            BOOKS.where("lent", "==", True).where("read_at", ">", NOW),
            BOOKS.ordered("lent").ordered("read_at"),
            BOOKS.where("title", "in", ["x", "y"]).ordered("read_at"),
            BOOKS.any_of([Filter("title", "==", "x"), Filter("lent", "==", True)]).ordered("read_at"),
        ],
    )
    def test_and_is_flagged_without_it(self, query: Query[BookRecord]) -> None:
        assert faults(query)

    def test_and_is_not_flagged_with_it(self) -> None:
        query = OF_KARI.where("lent", "==", False).ordered("read_at", descending=True)
        assert faults(query, BY_READER) == []

    def test_in_the_direction_and_the_order_that_it_has(self) -> None:
        query = OF_KARI.where("lent", "==", False)
        assert faults(query.ordered("read_at"), BY_READER)
        assert faults(OF_KARI.ordered("lent").ordered("read_at", descending=True), BY_READER) == []
        assert faults(OF_KARI.ordered("read_at", descending=True).ordered("lent"), BY_READER)

    def test_that_covers_all_that_is_asked_for(self) -> None:
        query = OF_KARI.where("lent", "==", False).where("title", "==", "x").ordered("read_at", descending=True)
        assert faults(query, BY_READER)

    def test_or_several_with_one_order_that_merge(self) -> None:
        query = BOOKS.where("title", "==", "x").where("lent", "==", True).ordered("read_at", descending=True)
        assert faults(query, TITLE_ALONE)
        assert faults(query, TITLE_ALONE, LENT_ALONE) == []

    def test_for_each_side_of_an_or(self) -> None:
        either = BOOKS.any_of([Filter("title", "==", "x"), Filter("lent", "==", True)])
        query = either.ordered("read_at", descending=True)
        assert len(faults(query, TITLE_ALONE)) == 1
        assert faults(query, TITLE_ALONE, LENT_ALONE) == []

    def test_of_the_scope_that_it_is_asked_in(self) -> None:
        group = books.everywhere().where("lent", "==", True).ordered("read_at", descending=True)
        in_group = composite(("lent", "ASCENDING"), ("readAt", "DESCENDING"), scope="COLLECTION_GROUP")
        assert faults(group, LENT_ALONE)
        assert faults(group, in_group) == []
        assert faults(BOOKS.where("lent", "==", True).ordered("read_at", descending=True), in_group)


class TestExemptions:
    def test_leave_a_field_without_the_index_that_every_other_has(self) -> None:
        exempt = (override("title"),)
        assert faults(BOOKS.where("title", "==", "x"), overrides=exempt)
        assert faults(BOOKS.ordered("title"), overrides=exempt)
        assert faults(BOOKS.where("lent", "==", True), overrides=exempt) == []

    def test_hold_for_what_lies_below_a_field(self) -> None:
        ascending = (override("words", {"order": "ASCENDING", "queryScope": "COLLECTION"}),)
        assert faults(BOOKS.where(("words", "tur"), "==", True), overrides=(override("words"),))
        assert faults(BOOKS.where(("words", "tur"), "==", True), overrides=ascending) == []

    def test_of_one_direction_leave_the_other(self) -> None:
        ascending = (override("readAt", {"order": "ASCENDING", "queryScope": "COLLECTION"}),)
        assert faults(BOOKS.ordered("read_at"), overrides=ascending) == []
        assert faults(BOOKS.ordered("read_at", descending=True), overrides=ascending)

    def test_are_the_only_way_to_a_single_field_index_over_a_group(self) -> None:
        query = books.everywhere().where("id", "==", "1")
        assert faults(query)
        wanted = (override("id", {"order": "ASCENDING", "queryScope": "COLLECTION_GROUP"}),)
        assert faults(query, overrides=wanted) == []
        assert faults(books.everywhere()) == []


class TestLimits:
    def test_of_disjunctions(self) -> None:
        names = [str(number) for number in range(MOST_DISJUNCTIONS + 1)]
        assert faults(BOOKS.where("title", "in", names[:-1])) == []
        assert "disjunctions" in faults(BOOKS.where("title", "in", names))[0]
        both = BOOKS.where("title", "in", names[:6]).where("readers", "array-contains-any", names[:6])
        assert "36 disjunctions" in faults(both)[0]

    def test_of_filters(self) -> None:
        query = BOOKS
        for number in range(MOST_FILTERS):
            query = query.where(("words", str(number)), "==", True)
        assert faults(query) == []
        assert "filters" in faults(query.where("lent", "==", True))[0]

    def test_of_arrays(self) -> None:
        assert "two arrays" in faults(OF_KARI.where("readers", "array-contains", "ola"))[0]
        assert "two arrays" in faults(OF_KARI.where("words", "array-contains", "x"))[0]

    def test_of_index_entries_of_one_document(self) -> None:
        def entries(words: int, *overrides: dict[str, Any]) -> list[str]:
            message: Any = Document.pb()()
            held = {f"word{number}": True for number in range(words)}
            codec.encode(message.fields, BookRecord(shelf="a", id="1", words=held))
            guard = IndexGuard({"indexes": [], "fieldOverrides": list(overrides)})
            guard.check_document("projects/p/databases/d/documents/guardShelves/a/guardBooks/1", message.fields)
            return guard.missing

        assert entries(19_000) == []
        assert "index entries" in entries(20_001)[0]
        assert entries(20_001, override("words", {"order": "ASCENDING", "queryScope": "COLLECTION"})) == []


def test_it_reads_the_file_that_is_deployed(tmp_path: Path) -> None:
    (tmp_path / "indexes.json").write_text(json.dumps({"indexes": [BY_READER], "fieldOverrides": []}))
    assert IndexGuard.of(tmp_path / "indexes.json").missing == []
