"""Notices in the app: what somebody was told in the last 90 days, and what of it they have read."""

from datetime import datetime

from accounts.profiles import names
from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import MOST_WRITES, Database
from core.data.operations import Query
from core.failures import NotFound
from core.paging import PageRequest
from core.services.outbox import NoticeRecord, notices


class NoticeNotFound(NotFound):
    detail = "You have no such notice."


async def listed(
    db: Database, caller: Caller, page: PageRequest, *, unread: bool
) -> tuple[list[NoticeRecord], dict[str, str], str | None]:
    """Return a page of the caller's notices, newest first, the names of who caused them, and the next page's token."""
    profile = await admit(db, caller, Need.READ)
    query = _own(caller, unread=unread).ordered("created_at", descending=True)
    found, token = await page.of(db, query, lambda notice: (notice.created_at, notice.id))
    actors = {notice.actor_id for notice in found if notice.actor_id}
    return found, await names.of(db, actors, profile) if actors else {}, token


def _own(caller: Caller, *, unread: bool) -> Query[NoticeRecord]:
    own = notices.under().where("uid", "==", caller.uid)
    return own.where("read_at", "==", None) if unread else own


@again_when_moved
async def mark_read(db: Database, caller: Caller, notice_id: str, now: datetime) -> None:
    """Note that the caller has read a notice; the first time stands. Raises NoticeNotFound."""
    _, notice = await admit(db, caller, Need.WRITE, notices.at(notice_id))
    if notice is None or notice.uid != caller.uid:
        raise NoticeNotFound
    if notice.read_at is None:
        await db.commit(notices.update(notice, read_at=now))


async def mark_all_read(db: Database, caller: Caller, now: datetime) -> int:
    """Note that the caller has read all that there is now. Returns how many; called again, it goes on."""
    await admit(db, caller, Need.WRITE)
    # What comes meanwhile has not been seen.
    unread = _own(caller, unread=True).where("created_at", "<=", now).ordered("created_at", descending=True)
    marked = 0
    while count := await _mark_some(db, unread, now):
        marked += count
        if count < MOST_WRITES:
            break
    return marked


@again_when_moved
async def _mark_some(db: Database, unread: Query[NoticeRecord], now: datetime) -> int:
    found = await db.query(unread.limit(MOST_WRITES))
    await db.commit(*(notices.update(notice, read_at=now) for notice in found))
    return len(found)
