"""Queries on the real emulator: operators, order and cursors, map keys of any kind, groups, counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest

from core.data.collections import Collection
from core.data.database import Database
from core.data.operations import Filter, Operator, Query
from core.data.personal_data import Basis, NotPersonal, Purpose, Retention
from core.data.records import HEAVY, Record

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ODD = "user:å.b`c\\d"


class TripRecord(Record):
    person: Annotated[str, NotPersonal]
    id: Annotated[str, NotPersonal]
    miles: Annotated[int, NotPersonal] = 0
    begins_at: Annotated[datetime, NotPersonal] = NOON
    with_whom: Annotated[list[str], NotPersonal] = []  # noqa: RUF012  pydantic copies it
    may_see: Annotated[dict[str, bool], NotPersonal] = {}  # noqa: RUF012
    ended: Annotated[bool | None, NotPersonal] = None
    story: Annotated[str, NotPersonal, HEAVY] = ""


trips = Collection(
    "queryPeople/{person}/queryTrips/{id}",
    TripRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={},
)


async def ids(db: Database, query: Query[TripRecord]) -> list[str]:
    return [trip.id for trip in await db.query(query)]


@pytest.fixture
async def three(db: Database) -> Database:
    await db.commit(
        trips.create(TripRecord(person="kari", id="a", miles=1, with_whom=["ola"], may_see={ODD: True}, ended=True)),
        trips.create(TripRecord(person="kari", id="b", miles=2, with_whom=["ola", "per"], may_see={"x": True})),
        trips.create(TripRecord(person="kari", id="c", miles=2, begins_at=NOON + timedelta(days=1), story="long")),
        trips.create(TripRecord(person="ola", id="d", miles=3, with_whom=["kari"])),
    )
    return db


class TestFilters:
    @pytest.mark.parametrize(
        ("name", "operator", "value", "found"),
        [
            ("miles", "==", 2, "bc"),
            ("miles", "<", 2, "a"),
            ("miles", "<=", 2, "abc"),
            ("miles", ">", 1, "bc"),
            ("miles", ">=", 2, "bc"),
            ("miles", "in", [1, 7], "a"),
            ("with_whom", "array-contains", "ola", "ab"),
            ("with_whom", "array-contains-any", ["per", "nobody"], "b"),
            ("ended", "==", None, "bc"),
            ("ended", "==", True, "a"),
            ("begins_at", ">", NOON, "c"),
            ("id", "==", "a", "a"),
            (("may_see", ODD), "==", True, "a"),
            (("may_see", "x"), "==", True, "b"),
        ],
    )
    async def test_compare(
        self, three: Database, name: str | tuple[str, str], operator: Operator, value: object, found: str
    ) -> None:
        assert sorted(await ids(three, trips.under("kari").where(name, operator, value))) == list(found)

    async def test_hold_together(self, three: Database) -> None:
        assert await ids(
            three, trips.under("kari").where("miles", "==", 2).where("with_whom", "array-contains", "ola")
        ) == ["b"]

    async def test_hold_one_or_the_other(self, three: Database) -> None:
        either = [Filter(("may_see", ODD), "==", True), Filter(("may_see", "x"), "==", True)]
        assert sorted(await ids(three, trips.under("kari").any_of(either))) == ["a", "b"]
        assert await ids(three, trips.under("kari").any_of(either[:1])) == ["a"]
        assert await ids(three, trips.under("kari").any_of(either).where("miles", "==", 2)) == ["b"]


class TestOrder:
    async def test_goes_either_way_and_names_break_ties(self, three: Database) -> None:
        everything = trips.under("kari")
        assert await ids(three, everything.ordered("miles")) == ["a", "b", "c"]
        assert await ids(three, everything.ordered("miles", descending=True)) == ["c", "b", "a"]

    async def test_goes_on_behind_a_cursor_also_among_equals(self, three: Database) -> None:
        query = trips.under("kari").ordered("miles", descending=True)
        seen: list[str] = []
        page = query.limit(1)
        while found := await three.query(page):
            seen.append(found[0].id)
            page = query.limit(1).start_after(found[0].miles, trips.key_of(found[0]))
        assert seen == ["c", "b", "a"]


class TestReach:
    async def test_is_one_parent_or_every(self, three: Database) -> None:
        assert await ids(three, trips.under("ola")) == ["d"]
        assert sorted(await ids(three, trips.everywhere())) == ["a", "b", "c", "d"]
        assert await three.count(trips.everywhere().where("miles", ">", 1)) == 3
        assert await three.count(trips.under("nobody")) == 0

    async def test_of_fields_is_what_was_asked_for(self, three: Database) -> None:
        (light,) = await three.query(trips.under("kari").where("id", "==", "c"))
        (heavy,) = await three.query(trips.under("kari").where("id", "==", "c").reading("story"))
        (only,) = await three.query(trips.under("kari").where("id", "==", "c").only("miles"))
        assert "story" not in light.__dict__ and heavy.story == "long"
        assert set(only.__dict__) == {"miles"}

    async def test_of_a_field_that_there_is_not_is_refused(self, db: Database) -> None:
        with pytest.raises(TypeError, match="sotry"):
            await db.query(trips.under("kari").only("sotry"))
