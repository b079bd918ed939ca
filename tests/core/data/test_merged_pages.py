"""Pages of what several queries find together, on the real emulator: one order, nothing twice, nothing left out."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest

from core.data.collections import Collection
from core.data.database import Database
from core.data.operations import MOST_OPTIONS, Query, in_parts
from core.data.personal_data import Basis, NotPersonal, Purpose, Retention
from core.data.records import Record
from core.paging import PageRequest, Place

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
READERS = [f"group:{number}" for number in range(70)]


class NoteRecord(Record):
    id: Annotated[str, NotPersonal]
    readers: Annotated[list[str], NotPersonal]
    changed_at: Annotated[datetime, NotPersonal]


notes = Collection(
    "mergedNotes/{id}",
    NoteRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={},
)


def place(note: NoteRecord) -> Place:
    return note.changed_at, note.id


def readable(descending: bool) -> list[Query[NoteRecord]]:
    return [
        notes.under().where("readers", "array-contains-any", part).ordered("changed_at", descending=descending)
        for part in in_parts(READERS)
    ]


async def pages(db: Database, queries: list[Query[NoteRecord]], size: int) -> list[list[str]]:
    found: list[list[str]] = []
    token: str | None = None
    while token or not found:
        request = PageRequest.reading(token, size, b"kari", b"k" * 32)
        shown, token = await request.of_all(db, queries, place)
        found.append([note.id for note in shown])
    return found


@pytest.fixture
async def many(db: Database) -> list[NoteRecord]:
    """Notes that several queries find at once, many of them of the same moment, and some of nobody's."""
    dice = random.Random(5)
    made = [
        NoteRecord(
            id=f"note-{number}",
            readers=dice.sample(READERS, dice.choice([1, 2, 40])),
            changed_at=NOON - timedelta(seconds=dice.randrange(12)),
        )
        for number in range(60)
    ]
    others = [NoteRecord(id=f"other-{number}", readers=["user:ola"], changed_at=NOON) for number in range(5)]
    await db.commit(*map(notes.create, [*made, *others]))
    return made


class TestPagesOfSeveralQueries:
    @pytest.mark.parametrize("descending", [True, False])
    @pytest.mark.parametrize("size", [1, 7, 59, 60, 100])
    async def test_are_those_that_one_query_would_give(
        self, db: Database, many: list[NoteRecord], size: int, *, descending: bool
    ) -> None:
        expected = [note.id for note in sorted(many, key=place, reverse=descending)]

        found = await pages(db, readable(descending), size)

        assert found == [expected[start : start + size] for start in range(0, len(expected), size)]

    async def test_of_no_query_are_one_that_is_empty(self, db: Database) -> None:
        assert await pages(db, [], 5) == [[]]


class TestParts:
    @pytest.mark.parametrize(
        ("count", "parts"), [(0, []), (1, [1]), (30, [30]), (31, [30, 1]), (400, [30] * 13 + [10])]
    )
    def test_hold_as_many_as_one_query_takes(self, count: int, parts: list[int]) -> None:
        options = list(range(count))
        split = in_parts(options)
        assert [len(part) for part in split] == parts
        assert [one for part in split for one in part] == options
        assert all(len(part) <= MOST_OPTIONS for part in split)
