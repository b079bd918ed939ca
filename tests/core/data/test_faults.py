"""Bad days: replies that are lost, a backend that is gone for a while, one that hangs."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Annotated

import pytest

from core.data.collections import Collection
from core.data.database import Database, Moved
from core.data.personal_data import Basis, NotPersonal, Purpose, Retention
from core.data.records import Record
from core.failures import Unavailable
from tests.core.data.conftest import Connect
from tests.support.faults import ABORTED, UNAVAILABLE, Bad, Faults


class NoteRecord(Record):
    id: Annotated[str, NotPersonal]
    text: Annotated[str, NotPersonal] = ""
    saves: Annotated[int, NotPersonal] = 0


notes = Collection(
    "faultNotes/{id}",
    NoteRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={},
)


@pytest.fixture
def shaky(connect: Connect, faults: Faults) -> Database:
    """A database behind the proxy."""
    return connect(faults.host)


async def a_note(db: Database, id_: str = "a") -> NoteRecord:
    note = NoteRecord(id=id_, text="first")
    await db.commit(notes.create(note))
    return note


async def _replies_lost(db: Database, faults: Faults, times: int) -> None:
    faults.always["Commit"] = Bad.FIRST_REPLY_LOST
    at_once = asyncio.Semaphore(25)

    async def create_and_update(number: int) -> None:
        async with at_once:
            created = await a_note(db, f"n{number}")
            change = notes.update(created, text="second", saves=1)
            await db.commit(change)
            stored = await db.get(notes.at(created.id))
        assert stored and (stored.text, stored.saves) == ("second", 1)
        assert stored.version == change.record.version

    await asyncio.gather(*map(create_and_update, range(times)))
    assert faults.seen["Commit"] == 4 * times
    assert await db.count(notes.under()) == times


@pytest.mark.promise("P42")
class TestALostReply:
    async def test_makes_no_false_conflict_and_no_duplicate(self, shaky: Database, faults: Faults) -> None:
        await _replies_lost(shaky, faults, 100)

    @pytest.mark.slow
    async def test_makes_none_in_a_thousand(self, shaky: Database, faults: Faults) -> None:
        await _replies_lost(shaky, faults, 1_000)

    async def test_several_times_over_is_still_the_same_write(self, shaky: Database, faults: Faults) -> None:
        faults.plan("Commit", Bad.REPLY_LOST, UNAVAILABLE, Bad.REPLY_LOST, None)
        note = await a_note(shaky)
        await shaky.commit(notes.update(note, text="knows its version"))

    async def test_hides_no_real_conflict(self, db: Database, shaky: Database, faults: Faults) -> None:
        await a_note(db)
        faults.plan("Commit", UNAVAILABLE)
        with pytest.raises(Moved):
            await a_note(shaky)

        stale = await db.get(notes.at("a"))
        assert stale
        await db.commit(notes.update(stale, text="by another"))
        faults.plan("Commit", UNAVAILABLE)
        with pytest.raises(Moved):
            await shaky.commit(notes.update(stale, text="by me"))

    async def test_of_a_delete_is_no_conflict(self, shaky: Database, faults: Faults) -> None:
        note = await a_note(shaky)
        faults.plan("Commit", Bad.REPLY_LOST)
        await shaky.commit(notes.delete(note))
        assert await shaky.get(notes.at("a")) is None

    async def test_is_not_assumed_because_another_deleted_the_first_document(
        self, db: Database, shaky: Database, faults: Faults
    ) -> None:
        a, b = await a_note(db), await a_note(db, "b")
        await db.commit(notes.remove(notes.at("a")), notes.update(b, text="by another"))
        faults.plan("Commit", UNAVAILABLE)
        with pytest.raises(Moved):
            await shaky.commit(notes.delete(a), notes.update(b, text="by me"))

    async def test_of_a_transaction_is_no_second_effect(self, shaky: Database, faults: Faults) -> None:
        await a_note(shaky)
        faults.plan("Commit", Bad.REPLY_LOST)

        await shaky.transaction(_count_up)

        stored = await shaky.get(notes.at("a"))
        assert stored and stored.saves == 1


async def _count_up(transaction: object) -> None:
    (note,) = await transaction.get_all(notes.at("a"))  # pyright: ignore[reportAttributeAccessIssue]
    transaction.write(notes.update(note, saves=note.saves + 1))  # pyright: ignore[reportAttributeAccessIssue]


class TestABackendThatIsGone:
    @pytest.mark.parametrize("times", [1, 2, 3, 4, 5])
    async def test_for_a_while_is_ridden_out(self, shaky: Database, faults: Faults, times: int) -> None:
        for method in ("Commit", "BatchGetDocuments", "RunQuery", "RunAggregationQuery", "ListDocuments"):
            faults.plan(method, *[UNAVAILABLE] * times)

        await a_note(shaky)
        found, listed, count, keys = await asyncio.gather(
            shaky.get(notes.at("a")),
            shaky.query(notes.under()),
            shaky.count(notes.under()),
            shaky.keys_below(notes, limit=5),
        )
        assert found and listed == [found] and count == 1 and keys == [notes.at("a")]
        assert set(faults.seen.values()) == {times + 1}

    @pytest.mark.parametrize("fate", [UNAVAILABLE, ABORTED, Bad.HANGS])
    async def test_for_longer_is_unavailable_within_the_deadline(
        self, connect: Connect, faults: Faults, fate: Bad
    ) -> None:
        db = connect(faults.host, deadline=0.3)
        for call, method in (
            (a_note(db), "Commit"),
            (db.get(notes.at("a")), "BatchGetDocuments"),
            (db.query(notes.under()), "RunQuery"),
        ):
            faults.always[method] = fate
            began = monotonic()
            with pytest.raises(Unavailable) as caught:
                await call
            assert monotonic() - began < 2
            assert caught.value.retry_after

    async def test_altogether_is_unavailable(self, connect: Connect) -> None:
        with pytest.raises(Unavailable):
            await a_note(connect("127.0.0.1:1", deadline=0.3))

    async def test_is_back_for_the_next_call(self, connect: Connect, faults: Faults) -> None:
        db = connect(faults.host, deadline=0.3)
        faults.plan("Commit", Bad.HANGS)
        with pytest.raises(Unavailable):
            await a_note(db)
        await a_note(db)


class TestATransaction:
    async def test_that_loses_at_a_read_is_run_again_at_once(self, shaky: Database, faults: Faults) -> None:
        await a_note(shaky)
        faults.plan("BatchGetDocuments", ABORTED)
        runs: list[int] = []

        async def work(transaction: object) -> None:
            runs.append(1)
            await _count_up(transaction)

        await shaky.transaction(work)
        assert len(runs) == 2

    async def test_that_keeps_losing_gives_up(self, shaky: Database, faults: Faults) -> None:
        await a_note(shaky)
        faults.always["BatchGetDocuments"] = ABORTED
        with pytest.raises(Unavailable) as caught:
            await shaky.transaction(_count_up)
        assert caught.value.retry_after
        assert (faults.seen["BatchGetDocuments"], faults.seen["Commit"]) == (5, 1)

    async def test_that_is_cancelled_lets_its_locks_go(self, shaky: Database, faults: Faults, db: Database) -> None:
        note = await a_note(db)
        faults.plan("Commit", Bad.HANGS)
        running = asyncio.create_task(shaky.transaction(_count_up))
        await faults.reached("Commit")
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert faults.seen["Rollback"] == 1
        await db.commit(notes.update(note, text="at once"))
