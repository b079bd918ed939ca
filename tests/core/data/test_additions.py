"""Adding to counters in a commit: never twice, and knowing the new totals."""

from __future__ import annotations

import asyncio
from typing import Annotated

import pytest

from core.data.collections import Collection
from core.data.database import Database, Moved, Transaction
from core.data.personal_data import Basis, NotPersonal, Purpose, Retention
from core.data.records import Record
from tests.core.data.conftest import Connect
from tests.support.faults import UNAVAILABLE, Bad, Faults


class TallyRecord(Record):
    id: Annotated[str, NotPersonal]
    used: Annotated[int, NotPersonal] = 0
    files: Annotated[int, NotPersonal] = 0
    note: Annotated[str, NotPersonal] = ""


class ReceiptRecord(Record):
    id: Annotated[str, NotPersonal]


def declared(path: str, record: type[Record]) -> Collection[Record]:
    return Collection(
        path,
        record,
        purpose=Purpose.PROVIDE_SERVICE,
        basis=Basis.CONTRACT,
        retention=Retention.with_parent(),
        on_erasure={},
    )


tallies = declared("additionTallies/{id}", TallyRecord)
receipts = declared("additionReceipts/{id}", ReceiptRecord)


@pytest.fixture
def shaky(connect: Connect, faults: Faults) -> Database:
    return connect(faults.host)


async def tally(db: Database) -> TallyRecord | None:
    found = await db.get(tallies.at("kari"))
    assert found is None or isinstance(found, TallyRecord)
    return found


class TestAdding:
    async def test_makes_a_missing_document_and_sets_what_is_not_added(self, db: Database) -> None:
        for number, note in enumerate(("first", "second")):
            addition = tallies.add(TallyRecord(id="kari", used=5, files=1, note=note), "used", "files")
            assert addition.totals is None
            await db.commit(receipts.create(ReceiptRecord(id=str(number))), addition)
            assert addition.totals == {"used": 5 * (number + 1), "files": number + 1}

        found = await tally(db)
        assert found and (found.used, found.files, found.note) == (10, 2, "second")

    async def test_is_atomic_among_many(self, db: Database) -> None:
        additions = [tallies.add(TallyRecord(id="kari", used=1), "used") for _ in range(10)]
        await asyncio.gather(
            *(db.commit(receipts.create(ReceiptRecord(id=str(n))), one) for n, one in enumerate(additions))
        )
        assert sorted((one.totals or {})["used"] for one in additions) == list(range(1, 11))

    async def test_takes_integer_fields_alone(self) -> None:
        for names in (("note",), ("nothing",), ()):
            with pytest.raises(TypeError):
                tallies.add(TallyRecord(id="kari"), *names)
        with pytest.raises(TypeError):
            tallies.increment(tallies.at("kari"), note=1)


class TestIncrementing:
    async def test_changes_nothing_else(self, db: Database) -> None:
        await db.commit(tallies.create(TallyRecord(id="kari", used=3, note="mine")))
        increment = tallies.increment(tallies.at("kari"), used=-1, files=2)

        await db.commit(receipts.create(ReceiptRecord(id="a")), increment)

        assert increment.totals == {"used": 2, "files": 2}
        found = await tally(db)
        assert found and (found.used, found.files, found.note) == (2, 2, "mine")

    async def test_of_a_missing_document_writes_nothing(self, db: Database) -> None:
        with pytest.raises(Moved):
            await db.commit(receipts.create(ReceiptRecord(id="a")), tallies.increment(tallies.at("kari"), used=1))
        assert await db.get(receipts.at("a")) is None
        assert await tally(db) is None

    async def test_leaves_no_version_that_would_be_taken_for_the_document(self, db: Database) -> None:
        record = TallyRecord(id="kari", used=1)
        await db.commit(receipts.create(ReceiptRecord(id="a")), tallies.add(record, "used"))
        with pytest.raises(LookupError):
            _ = record.version


class TestACommitThatAdds:
    async def test_needs_a_guarded_write(self, db: Database) -> None:
        addition = tallies.add(TallyRecord(id="kari", used=1), "used")
        receipt = ReceiptRecord(id="a")
        await db.commit(receipts.create(receipt))
        for others in ((), (receipts.put(receipt),), (receipts.remove(receipts.at("a")),), (receipts.delete(receipt),)):
            with pytest.raises(ValueError, match="guarded"):
                await db.commit(*others, addition)
        assert await tally(db) is None

    async def test_adds_once_when_its_answer_is_lost(self, shaky: Database, faults: Faults) -> None:
        faults.plan("Commit", Bad.REPLY_LOST)
        addition = tallies.add(TallyRecord(id="kari", used=5), "used")

        await shaky.commit(receipts.create(ReceiptRecord(id="a")), addition)

        assert faults.seen["Commit"] == 2
        assert addition.totals is None
        found = await tally(shaky)
        assert found and found.used == 5

    async def test_adds_once_when_it_did_not_arrive_at_first(self, shaky: Database, faults: Faults) -> None:
        faults.plan("Commit", UNAVAILABLE)
        addition = tallies.add(TallyRecord(id="kari", used=5), "used")
        await shaky.commit(receipts.create(ReceiptRecord(id="a")), addition)
        assert addition.totals == {"used": 5}

    async def test_adds_once_in_a_transaction(self, shaky: Database, faults: Faults) -> None:
        await shaky.commit(tallies.create(TallyRecord(id="kari")))
        faults.plan("Commit", Bad.REPLY_LOST)

        async def work(transaction: Transaction) -> None:
            await transaction.get_all(tallies.at("kari"))
            transaction.write(tallies.increment(tallies.at("kari"), used=5))

        await shaky.transaction(work)

        found = await tally(shaky)
        assert found and found.used == 5
