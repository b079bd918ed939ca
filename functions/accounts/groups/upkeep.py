"""Upkeep: what follows, by task, when a group has changed hands or is deleted, or somebody has left its Customer.

Each of it looks at what is there and brings it into step, so it may be killed anywhere and delivered again. People are
taken some at a time, each with their profile and their line in one commit that guards both.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from accounts.groups import places
from accounts.groups.places import Change, Occupant
from accounts.records import GroupRecord, groups, participants
from core.data.contention import again_when_moved
from core.data.database import Database
from core.failures import Unavailable
from core.logs import Log
from core.services.queue import Tasks

TASKS: Final = "groups-tasks"
MOVE: Final = "move-group"
DELETE: Final = "delete-group"

SETTLING: Final = timedelta(minutes=2)
"""After so long no request can commit any more what it decided before a transfer: functions answer within a minute."""

# The wing above looks after documents; its function is asked by name, as nothing of it can be imported here.
_DOCUMENTS: Final = "authoring-tasks"
_FOLLOW: Final = "follow-group"

_AT_ONCE: Final = 25
"""People of one commit: a profile of 1,000 groups takes some 100 KiB, and a commit 10 MiB."""

_log = Log(__name__)


async def request(tasks: Tasks, handler: str, group_id: str, name: str) -> None:
    """Have a group looked after, once its commit has taken place."""
    try:
        await tasks.enqueue(TASKS, handler, {"groupId": group_id}, name=name)
    except Unavailable:
        # What was asked for is done, its mark stands, and the nightly sweep finds it.
        _log.warning("enqueue_failed", handler=handler)


@again_when_moved
async def move(db: Database, tasks: Tasks, group_id: str, now: datetime) -> int:
    """Bring the places of a group's people, and then its documents, into the Customer that it is in now.

    Returns how many people were behind, when it looked last. Once they have been walked, the group has arrived and may
    be given away again; whoever entered meanwhile has moved its record, and then they are walked once more. So they
    are, later, when the last request that knew nothing of the transfer is over.
    """
    group = await db.get(groups.at(group_id))
    if group is None or group.deleted or group.moved_at is None:
        return 0
    behind = await _walk(db, group_id, places.follow)
    await _tell_documents(tasks, group_id, now)
    settled = group.moved_at + SETTLING
    over = settled <= now
    if not over:
        name = f"{group_id} {group.moved_at} settled"
        await tasks.enqueue(TASKS, MOVE, {"groupId": group_id}, name=name, at=settled)
    if over or group.moving_from:
        await db.commit(groups.update(group, moving_from=None, moved_at=None if over else group.moved_at))
    return behind


@again_when_moved
async def delete(db: Database, tasks: Tasks, group_id: str, now: datetime) -> int:
    """Take everybody out of a deleted group, have its documents let go of it, and delete its record. Returns how many.

    Whoever enters in the last moment moves the record, so that it is walked again; afterwards nobody can.
    """
    group = await db.get(groups.at(group_id))
    if group is None or not group.deleted:
        return 0
    taken = await _walk(db, group_id, places.let_go)
    await _tell_documents(tasks, group_id, now)
    await db.commit(groups.delete(group))
    return taken


async def _tell_documents(tasks: Tasks, group_id: str, now: datetime) -> None:
    """Raises Unavailable, so that the task that wants it comes again."""
    await tasks.enqueue(_DOCUMENTS, _FOLLOW, {"groupId": group_id}, name=f"{group_id} {now.isoformat()}")


async def _walk(db: Database, group_id: str, change: Callable[[GroupRecord, Occupant], Change]) -> int:
    """Apply a change to everybody on the roster. Returns how many it changed."""
    changed = 0
    query = participants.under(group_id).limit(_AT_ONCE).only("group_id", "uid")
    page = await db.query(query)
    while page:
        changed += await _change(db, group_id, [line.uid for line in page], change)
        page = await db.query(query.start_after(participants.key_of(page[-1])))
    return changed


@again_when_moved
async def _change(
    db: Database, group_id: str, uids: Sequence[str], change: Callable[[GroupRecord, Occupant], Change]
) -> int:
    group, occupants = await places.read(db, group_id, uids)
    if group is None:
        return 0
    changes = [changed for occupant in occupants if (changed := change(group, occupant)).writes]
    await db.commit(*places.counted(group, changes))
    return len(changes)
