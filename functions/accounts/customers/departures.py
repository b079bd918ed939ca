"""Departures: access ends with the commit that leaves, and a task takes the person off the rosters of groups.

The task may be lost between the commit and the queue, so the commit leaves a mark, by which a schedule finds it.
"""

from datetime import datetime, timedelta
from typing import Final

from accounts.customers.records import DepartureRecord, departures
from accounts.records import participants
from core.data.database import Database
from core.data.operations import Write
from core.failures import Unavailable
from core.logs import Log
from core.services.queue import Tasks

GROUPS_TASKS: Final = "groups-tasks"
"""The function that keeps the rosters of groups."""

UNTOUCHED: Final = timedelta(hours=1)
"""Departures younger than this are left to their task."""

_PAGE: Final = 300

_log = Log(__name__)


def mark(membership_id: str, now: datetime) -> Write[DepartureRecord]:
    """Return the write that goes into the commit of leaving."""
    return departures.put(DepartureRecord(membership_id=membership_id, left_at=now))


async def tidy(tasks: Tasks, membership_id: str) -> None:
    """Have the rosters of groups tidied after the commit of leaving."""
    try:
        await _enqueue(tasks, membership_id, membership_id)
    except Unavailable:
        # The mark stands, and the schedule goes by it.
        _log.warning("enqueue_failed", handler="tidy-membership")


async def _enqueue(tasks: Tasks, membership_id: str, name: str) -> None:
    await tasks.enqueue(GROUPS_TASKS, "tidy-membership", {"membershipId": membership_id}, name=name)


async def sweep(db: Database, tasks: Tasks, now: datetime) -> tuple[int, int]:
    """Look at the marks: have tidied again what is not yet, and let go of the others.

    Returns how many of each there were.
    """
    again = done = 0
    query = departures.under().where("left_at", "<=", now - UNTOUCHED).ordered("left_at").limit(_PAGE)
    page = await db.query(query)
    while page:
        for departure in page:
            left = await _is_on_a_roster(db, departure.membership_id)
            again, done = again + left, done + (not left)
            if left:
                await _enqueue(tasks, departure.membership_id, f"{departure.membership_id} {now.isoformat()}")
            else:
                await db.commit(departures.remove(departures.key_of(departure)))
        last = page[-1]
        page = await db.query(query.start_after(last.left_at, departures.key_of(last)))
    return again, done


async def _is_on_a_roster(db: Database, membership_id: str) -> bool:
    lines = participants.everywhere().where("membership_id", "==", membership_id).limit(1)
    return bool(await db.query(lines.only("membership_id")))
