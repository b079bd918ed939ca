"""Tidying: who has left a Customer leaves the rosters of its groups, which their profile has let go of already."""

from collections.abc import Sequence
from typing import Any, Final

from accounts.memberships import HEAVY
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import GroupRecord, ParticipantRecord, groups, participants
from core.data.collections import Key
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Write

_AT_ONCE: Final = 100


async def tidy(db: Database, membership_id: str) -> int:
    """Take the lines of a membership that has ended off all rosters, each counted down once. Returns how many.

    While the membership stands nothing is done.
    """
    taken = 0
    query = participants.everywhere().where("membership_id", "==", membership_id).limit(_AT_ONCE)
    page = await db.query(query)
    while page:
        taken += await _take(db, membership_id, page)
        page = await db.query(query.start_after(participants.key_of(page[-1])))
    return taken


@again_when_moved
async def _take(db: Database, membership_id: str, found: Sequence[ParticipantRecord]) -> int:
    """Take off those of these lines, all of one person, whose time is over: 2 RPCs."""
    keys: list[Key[Any]] = [profiles.at(found[0].uid), *map(participants.key_of, found)]
    profile, *rest = await db.get_all(*keys, *(groups.at(line.group_id) for line in found), heavy=HEAVY)
    lines, about = rest[: len(found)], rest[len(found) :]
    if profile and membership_id in {one.id for one in profile.memberships.values()}:
        return 0
    changes = [
        _ended(profile, line, group)
        for line, group in zip(lines, about, strict=True)
        if line and line.membership_id == membership_id
    ]
    await db.commit(*(write for change in changes for write in change))
    return len(changes)


def _ended(profile: ProfileRecord | None, line: ParticipantRecord, group: GroupRecord | None) -> list[Write[Any]]:
    """Return the writes of one line's end, which guard it, so that it is counted down once.

    Whoever is in the group all the same stays on its roster, and the line is tied to what holds them there.
    """
    if profile and (place := profile.groups.get(line.group_id)):
        membership = profile.memberships.get(place.customer_id)
        return [participants.update(line, membership_id=membership.id if membership else None)]
    counted = [groups.update(group, member_count=max(0, group.member_count - 1))] if group else []
    return [participants.delete(line), *counted]
