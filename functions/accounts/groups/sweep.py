"""The nightly sweep: groups whose upkeep was lost on the way, and offers whose days are over."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from accounts.groups import offers, upkeep
from accounts.records import GroupRecord, groups
from core.data.contention import again_when_moved
from core.data.database import Database
from core.services.queue import Tasks

_PAGE: Final = 300
_EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass
class Found:
    """How many groups are still `moving` or half `deleted`, and how many offers have `expired`."""

    moving: int = 0
    deleted: int = 0
    expired: int = 0


async def sweep(db: Database, tasks: Tasks, now: datetime) -> Found:
    """Ask for the upkeep of what is marked, and end old offers. Raises Unavailable when no task can be asked for.

    What is under way is asked for as well, and finds less to do.
    """
    return Found(
        moving=await _marked_moving(db, tasks, now),
        deleted=await _marked_deleted(db, tasks, now),
        expired=await _expired(db, now),
    )


async def _marked_moving(db: Database, tasks: Tasks, now: datetime) -> int:
    query = groups.under().where("moved_at", ">", _EVER).ordered("moved_at").limit(_PAGE)
    page, found = await db.query(query), 0
    while page:
        await _ask(tasks, upkeep.MOVE, page, now)
        found, last = found + len(page), page[-1]
        page = await db.query(query.start_after(last.moved_at, groups.key_of(last)))
    return found


async def _marked_deleted(db: Database, tasks: Tasks, now: datetime) -> int:
    query = groups.under().where("deleted", "==", True).limit(_PAGE)
    page, found = await db.query(query), 0
    while page:
        await _ask(tasks, upkeep.DELETE, page, now)
        found += len(page)
        page = await db.query(query.start_after(groups.key_of(page[-1])))
    return found


async def _ask(tasks: Tasks, handler: str, page: list[GroupRecord], now: datetime) -> None:
    for group in page:
        await tasks.enqueue(upkeep.TASKS, handler, {"groupId": group.id}, name=f"{group.id} sweep {now.date()}")


async def _expired(db: Database, now: datetime) -> int:
    query = groups.under().where("offered_to", ">", "").ordered("offered_to").limit(_PAGE)
    page, ended = await db.query(query), 0
    while page:
        for group in page:
            ended += await _end(db, group.id, now)
        last = page[-1]
        page = await db.query(query.start_after(last.offered_to, groups.key_of(last)))
    return ended


@again_when_moved
async def _end(db: Database, group_id: str, now: datetime) -> bool:
    group = await db.get(groups.at(group_id))
    if group is None or group.offered_to is None or offers.open_to(group, now):
        return False
    await db.commit(groups.update(group, revision=group.revision + 1, **offers.NONE))
    return True
