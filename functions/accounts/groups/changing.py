"""Changing a group: another name, and its end."""

from datetime import datetime
from typing import Any

from accounts.groups import offers, upkeep
from accounts.groups.reading import Seen
from accounts.groups.standing import Action, demand, etag
from accounts.memberships import HEAVY
from accounts.profiles.admission import Need, admit
from accounts.records import groups
from core.caller import Caller
from core.conditions import IfMatch
from core.data.contention import again_when_moved
from core.data.database import Database
from core.services.queue import Tasks


@again_when_moved
async def change(
    db: Database, caller: Caller, customer_id: str, group_id: str, changes: dict[str, Any], condition: IfMatch
) -> Seen:
    """Change the named fields of a group: 2 RPCs. Raises StaleEtag when it is no longer as the caller read it.

    When only how many are in it moved, the ETag still holds and the change is tried again.
    """
    profile, found = await admit(db, caller, Need.WRITE, groups.at(group_id), heavy=HEAVY)
    group, standing = demand(profile, found, customer_id, Action.LEAD)
    condition.check(etag(group, standing))
    if all(getattr(group, name) == value for name, value in changes.items()):
        return group, standing
    changed = groups.update(group, **changes, revision=group.revision + 1)
    await db.commit(changed)
    return changed.record, standing


async def delete(
    db: Database, tasks: Tasks, caller: Caller, customer_id: str, group_id: str, condition: IfMatch, now: datetime
) -> None:
    """Delete a group: out of sight when this returns; its people and documents let go of it by task."""
    await _mark(db, caller, customer_id, group_id, condition)
    await upkeep.request(tasks, upkeep.DELETE, group_id, f"{group_id} {now.isoformat()}")


@again_when_moved
async def _mark(db: Database, caller: Caller, customer_id: str, group_id: str, condition: IfMatch) -> None:
    profile, found = await admit(db, caller, Need.WRITE, groups.at(group_id), heavy=HEAVY)
    group, standing = demand(profile, found, customer_id, Action.LEAD)
    condition.check(etag(group, standing))
    # What it says of people goes at once, and with a mark that stands it need not be moved any more.
    mark = groups.update(group, deleted=True, name="", created_by=None, moving_from=None, moved_at=None, **offers.NONE)
    await db.commit(mark)
