"""The database on the real emulator: reads, guarded writes, atomic commits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import pytest

from core.data import trees
from core.data.collections import Collection
from core.data.database import MOST_WRITES, Database, Moved, Transaction
from core.data.personal_data import Basis, NotPersonal, Purpose, Retention
from core.data.records import HEAVY, Record
from core.services.objects import Objects
from tests.core.data.conftest import Connect

NOW = datetime(2026, 11, 23, 12, 0, 0, 123_456, UTC)


class CardRecord(Record):
    id: Annotated[str, NotPersonal]
    count: Annotated[int, NotPersonal] = 0
    text: Annotated[str, NotPersonal, HEAVY] = ""
    at: Annotated[datetime | None, NotPersonal] = None


class StampRecord(Record):
    card_id: Annotated[str, NotPersonal]
    id: Annotated[str, NotPersonal]


class InkRecord(Record):
    card_id: Annotated[str, NotPersonal]
    stamp_id: Annotated[str, NotPersonal]
    id: Annotated[str, NotPersonal]


R = TypeVar("R", bound=Record)


def declared(path: str, record: type[R]) -> Collection[R]:
    return Collection(
        path,
        record,
        purpose=Purpose.PROVIDE_SERVICE,
        basis=Basis.CONTRACT,
        retention=Retention.with_parent(),
        on_erasure={},
    )


cards = declared("databaseCards/{id}", CardRecord)
stamps = declared("databaseCards/{card_id}/databaseStamps/{id}", StampRecord)
inks = declared("databaseCards/{card_id}/databaseStamps/{stamp_id}/databaseInks/{id}", InkRecord)


async def a_card(db: Database, id_: str = "a", **fields: object) -> CardRecord:
    card = CardRecord(id=id_, **fields)  # pyright: ignore[reportArgumentType]
    await db.commit(cards.create(card))
    return card


class TestReading:
    async def test_one_document(self, db: Database) -> None:
        await a_card(db, count=3, text="long", at=NOW)
        card = await db.get(cards.at("a"), heavy=("text",))
        assert card and (card.count, card.text, card.at) == (3, "long", NOW)
        assert await db.get(cards.at("b")) is None

    async def test_leaves_out_what_is_heavy(self, db: Database) -> None:
        await a_card(db, text="long")
        card = await db.get(cards.at("a"))
        with pytest.raises(AttributeError):
            _ = card and card.text

    async def test_many_in_the_order_that_was_asked_for(self, db: Database) -> None:
        await asyncio.gather(*(a_card(db, name) for name in "abc"))
        found = await db.get_all(*(cards.at(name) for name in "cxacb"))
        assert [card and card.id for card in found] == ["c", None, "a", "c", "b"]
        assert await db.get_all() == ()

    async def test_of_several_collections_at_once(self, db: Database) -> None:
        await db.commit(cards.create(CardRecord(id="a", text="long")), stamps.create(StampRecord(card_id="a", id="s")))
        card, stamp = await db.get_all(cards.at("a"), stamps.at("a", "s"), heavy=("text",))
        assert card and card.text == "long" and stamp and stamp.id == "s"


class TestCommit:
    async def test_creates_once(self, db: Database) -> None:
        await a_card(db, count=1)
        with pytest.raises(Moved):
            await a_card(db, count=2)
        card = await db.get(cards.at("a"))
        assert card and card.count == 1

    async def test_updates_what_is_as_it_was_read_and_only_the_named_fields(self, db: Database) -> None:
        await a_card(db, text="kept")
        card = await db.get(cards.at("a"))
        assert card
        await db.commit(cards.update(card, count=5))
        stored = await db.get(cards.at("a"), heavy=("text",))
        assert stored and (stored.count, stored.text) == (5, "kept")

    async def test_refuses_a_stale_update_and_a_stale_delete(self, db: Database) -> None:
        stale = await a_card(db)
        await db.commit(cards.update(stale, count=1))
        for write in (cards.update(stale, count=2), cards.delete(stale)):
            with pytest.raises(Moved):
                await db.commit(write)

    async def test_refuses_an_update_of_what_is_gone(self, db: Database) -> None:
        card = await a_card(db)
        await db.commit(cards.delete(card))
        with pytest.raises(Moved):
            await db.commit(cards.update(card, count=2))

    async def test_puts_and_removes_whatever_is_there(self, db: Database) -> None:
        await db.commit(cards.put(CardRecord(id="a", count=1)))
        await db.commit(cards.put(CardRecord(id="a", count=2)))
        await db.commit(cards.remove(cards.at("a")))
        await db.commit(cards.remove(cards.at("a")))
        assert await db.get(cards.at("a")) is None

    async def test_leaves_nothing_when_one_guard_fails(self, db: Database) -> None:
        await a_card(db, "taken")
        with pytest.raises(Moved):
            await db.commit(
                cards.put(CardRecord(id="put")),
                cards.create(CardRecord(id="new")),
                cards.create(CardRecord(id="taken")),
                cards.remove(cards.at("taken")),
            )
        assert [card.id for card in await db.query(cards.under())] == ["taken"]

    async def test_takes_500_writes_and_no_more(self, db: Database) -> None:
        writes = [cards.create(CardRecord(id=str(number))) for number in range(MOST_WRITES + 1)]
        with pytest.raises(ValueError, match="500"):
            await db.commit(*writes)
        await db.commit(*writes[:-1])
        assert await db.count(cards.under()) == MOST_WRITES

    async def test_of_nothing_is_nothing(self, db: Database) -> None:
        await db.commit()

    async def test_tells_the_new_version_so_that_the_next_needs_no_read(self, db: Database) -> None:
        card = await a_card(db)
        for count in range(1, 4):
            change = cards.update(card, count=count)
            await db.commit(change)
            card = change.record
        await db.commit(cards.delete(card))
        assert await db.get(cards.at("a")) is None

    async def test_has_one_winner_among_many(self, db: Database) -> None:
        card = await a_card(db)
        tries = await asyncio.gather(
            *(db.commit(cards.update(card, count=number)) for number in range(1, 21)), return_exceptions=True
        )
        assert sum(result is None for result in tries) == 1
        assert sum(isinstance(result, Moved) for result in tries) == 19


async def _add_one(transaction: Transaction) -> int:
    (card,) = await transaction.get_all(cards.at("a"))
    transaction.write(cards.update(card, count=card.count + 1))
    return card.count + 1


class TestTransaction:
    async def test_gives_back_what_its_work_gives(self, db: Database) -> None:
        await a_card(db)
        assert await db.transaction(_add_one) == 1

    async def test_that_conflicts_with_another_is_run_again(self, connect: Connect) -> None:
        one, other = connect(), connect()
        await a_card(one)
        results = await asyncio.gather(*(db.transaction(_add_one, tries=10) for db in (one, other, one, other)))
        card = await one.get(cards.at("a"))
        assert card and card.count == 4
        assert sorted(results) == [1, 2, 3, 4]

    async def test_whose_work_fails_writes_nothing_and_lets_its_locks_go(self, db: Database) -> None:
        card = await a_card(db)

        async def work(transaction: Transaction) -> None:
            await _add_one(transaction)
            raise KeyError("on the way")

        with pytest.raises(KeyError):
            await db.transaction(work)
        async with asyncio.timeout(2):
            await db.commit(cards.update(card, count=7))

    async def test_that_only_reads_lets_its_locks_go(self, db: Database) -> None:
        card = await a_card(db)

        async def work(transaction: Transaction) -> int:
            (found,) = await transaction.get_all(cards.at("a"))
            return found.count

        assert await db.transaction(work) == 0
        async with asyncio.timeout(2):
            await db.commit(cards.update(card, count=7))

    async def test_whose_guard_fails_says_so(self, db: Database) -> None:
        await a_card(db)

        async def work(transaction: Transaction) -> None:
            await transaction.get_all(cards.at("b"))
            transaction.write(cards.create(CardRecord(id="a")), cards.put(CardRecord(id="b")))

        with pytest.raises(Moved):
            await db.transaction(work)
        assert await db.get(cards.at("b")) is None


class TestTrees:
    async def test_are_emptied_also_below_what_is_missing(self, db: Database, objects: Objects) -> None:
        for card in ("a", "ab"):
            await db.commit(
                cards.create(CardRecord(id=card)),
                stamps.create(StampRecord(card_id=card, id="there")),
                inks.create(InkRecord(card_id=card, stamp_id="there", id="1")),
                inks.create(InkRecord(card_id=card, stamp_id="phantom", id="2")),
            )
        await db.commit(*(inks.put(InkRecord(card_id="a", stamp_id="full", id=str(n))) for n in range(310)))

        await trees.delete_below(db, objects, cards.at("a"))

        assert [card.id for card in await db.query(cards.under())] == ["a", "ab"]
        assert {ink.card_id for ink in await db.query(inks.everywhere())} == {"ab"}
        assert await db.count(stamps.everywhere()) == 1

    async def test_can_be_emptied_again(self, db: Database, objects: Objects) -> None:
        await db.commit(stamps.create(StampRecord(card_id="a", id="there")))
        for _ in range(2):
            await trees.delete_below(db, objects, cards.at("a"))
        assert await db.query(stamps.under("a")) == []

    async def test_missing_parents_are_listed(self, db: Database) -> None:
        await db.commit(inks.create(InkRecord(card_id="gone", stamp_id="phantom", id="1")))
        assert await db.keys_below(cards, limit=10) == [cards.at("gone")]
        assert await db.keys_below(stamps, "gone", limit=10) == [stamps.at("gone", "phantom")]
        assert await db.query(cards.under()) == []
