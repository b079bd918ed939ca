"""The end of invitations that nobody accepts: after 7 days they expire and give back their seat, 30 days later they go.

It may run at any time and any number of times, and be killed anywhere: what is done leaves the query.
"""

from collections import Counter
from datetime import datetime
from typing import Final

from accounts.invitations import ended
from accounts.records import CustomerRecord, InvitationRecord, InvitationState, customers, invitations
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Addition

_BATCH: Final = 200


async def expire(db: Database, now: datetime) -> int:
    """Let the open invitations expire whose time is over. Returns how many."""
    expired = 0
    while count := await _expire_some(db, now):
        expired += count
        if count < _BATCH:
            break
    return expired


@again_when_moved
async def _expire_some(db: Database, now: datetime) -> int:
    overdue = await db.query(invitations.under().where("open_until", "<=", now).ordered("open_until").limit(_BATCH))
    if overdue:
        over = [ended(one, InvitationState.EXPIRED, now) for one in overdue]
        await db.commit(*over, *await _seats_back(db, overdue))
    return len(overdue)


async def _seats_back(db: Database, overdue: list[InvitationRecord]) -> list[Addition[CustomerRecord]]:
    """Return one write for each Customer, however many seats it gets back; a Customer that is gone needs none."""
    seats = Counter(one.customer_id for one in overdue if one.customer_id)
    found = await db.get_all(*(customers.at(customer_id) for customer_id in seats))
    return [customers.increment(customers.key_of(one), seats_taken=-seats[one.id]) for one in found if one]


async def purge(db: Database, now: datetime) -> int:
    """Delete the invitations that have been over for 30 days without anybody having accepted them. Returns how many."""
    purged = 0
    while count := await _purge_some(db, now):
        purged += count
        if count < _BATCH:
            break
    return purged


@again_when_moved
async def _purge_some(db: Database, now: datetime) -> int:
    due = await db.query(invitations.under().where("purge_at", "<=", now).ordered("purge_at").limit(_BATCH))
    await db.commit(*(invitations.delete(one) for one in due))
    return len(due)
