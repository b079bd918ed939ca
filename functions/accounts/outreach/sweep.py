"""What goes over the whole outbox: what is due is handed out again, and what is old is removed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from core.data.database import MOST_WRITES, Database
from core.logs import Log
from core.services.outbox import OUTREACH_TASKS, NoticeRecord, notices
from core.services.queue import Tasks

KEPT: Final = timedelta(days=90)
"""How long a notice is kept; its collection declares the same."""

_PAGE: Final = 300
_AT_ONCE: Final = 20
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)

_log = Log(__name__)


async def hand_out(db: Database, tasks: Tasks, now: datetime) -> int:
    """Give each notice that is due a task of its own, and return how many.

    Tasks and not a loop over mails: the queue knows how fast the relay may be called, and one notice that cannot be
    delivered holds up no other. Raises Unavailable when the queue cannot be reached.
    """
    query = notices.under().where("due_at", "<=", now).ordered("due_at").limit(_PAGE).only("id", "due_at")
    handed = 0
    page = await db.query(query)
    while page:
        for start in range(0, len(page), _AT_ONCE):
            await asyncio.gather(*(_enqueue(tasks, notice) for notice in page[start : start + _AT_ONCE]))
        handed += len(page)
        if len(page) < _PAGE:
            break
        last = page[-1]
        page = await db.query(query.start_after(last.due_at, notices.key_of(last)))
    return handed


async def _enqueue(tasks: Tasks, notice: NoticeRecord) -> None:
    # Each try has a time of its own, so each has a name of its own, too.
    name = f"{notice.id} {notice.due_at}"
    await tasks.enqueue(OUTREACH_TASKS, "deliver-notice", {"noticeId": notice.id}, name=name)


async def count_dead(db: Database) -> int:
    """Return how many of the notices that are still kept could not be delivered by e-mail."""
    dead = await db.count(notices.under().where("failed_at", ">", _EVER))
    if dead:
        _log.warning("outbox_has_dead", dead=dead)
    return dead


async def remove_old(db: Database, now: datetime) -> int:
    """Remove notices older than 90 days, and return how many."""
    query = notices.under().where("created_at", "<=", now - KEPT).limit(MOST_WRITES).only("id")
    removed = 0
    while found := await db.query(query):
        await db.commit(*(notices.remove(notices.key_of(notice)) for notice in found))
        removed += len(found)
        if len(found) < MOST_WRITES:
            break
    return removed
