"""Assigning: other people look after a group from now on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from accounts.groups import places
from accounts.groups.people import may_enter
from accounts.groups.places import Change, Occupant
from accounts.groups.reading import Seen
from accounts.groups.standing import Action, Standing, demand
from accounts.memberships import HEAVY, MOST_GROUPS, GroupRole, TooManyGroups
from accounts.profiles.admission import Need, admit
from accounts.records import GroupRecord, groups, participants
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.failures import Fault, Invalid

_AT_ONCE: Final = 100
"""People of one commit: two writes each, and a profile can be large."""


@again_when_moved
async def assign(
    db: Database, caller: Caller, customer_id: str, group_id: str, uids: Sequence[str], now: datetime
) -> Seen:
    """Let a group's helpers be exactly these people, members of its Customer, at most 50: 4 RPCs.

    The former ones stay in the group as members. Documents need no change: what its helpers may do they may as
    `helpers:{id}`. It is one commit for up to 100 people, old and new; with more of them the new ones come first, and
    the same request again finishes what was interrupted. Raises Invalid with a pointer to whoever is no member.
    """
    profile, found = await admit(db, caller, Need.WRITE, groups.at(group_id), heavy=HEAVY)
    group, standing = demand(profile, found, customer_id, Action.GOVERN)
    wanted = list(dict.fromkeys(uids))
    involved = [*wanted, *(uid for uid in await _helpers(db, group_id) if uid not in set(wanted))]
    for start in range(0, len(involved), _AT_ONCE):
        group = await _carry_out(db, group, involved[start : start + _AT_ONCE], uids, now)
    return group, _after(standing, assigned=caller.uid in wanted)


async def _helpers(db: Database, group_id: str) -> list[str]:
    lines = await db.query(participants.under(group_id).where("role", "==", GroupRole.HELPER).only("group_id", "uid"))
    return [line.uid for line in lines]


async def _carry_out(
    db: Database, group: GroupRecord, some: Sequence[str], uids: Sequence[str], now: datetime
) -> GroupRecord:
    """Change some of the people in one commit, and return the group as it is then.

    It guards the group as it was when its helpers were looked up, so of two assignments the second sees the first.
    """
    _, occupants = await places.read(db, group.id, some)
    changes = [_change(group, uid, occupant, uids, now) for uid, occupant in zip(some, occupants, strict=True)]
    writes = [write for change in changes for write in change.writes]
    if not writes:
        return group
    counted = groups.update(group, member_count=group.member_count + sum(change.more for change in changes))
    await db.commit(counted, *writes)
    return counted.record


def _change(group: GroupRecord, uid: str, occupant: Occupant, uids: Sequence[str], now: datetime) -> Change:
    if uid not in uids:
        stays = occupant.place_in(group) is not None
        return places.put(group, occupant, GroupRole.MEMBER, now) if stays else places.take_out(group, occupant)
    if not may_enter(group, occupant):
        detail = "Only members of the Customer can look after its groups."
        raise Invalid(faults=[Fault(f"/helpers/{uids.index(uid)}", "not_a_member", detail)])
    if occupant.place_in(group) is None and occupant.profile and len(occupant.profile.groups) >= MOST_GROUPS:
        raise TooManyGroups
    return places.put(group, occupant, GroupRole.HELPER, now)


def _after(standing: Standing, *, assigned: bool) -> Standing:
    """Return the caller's standing when they are among those who were assigned, or not."""
    stays = GroupRole.MEMBER if standing.in_group else None
    return Standing(standing.in_customer, GroupRole.HELPER if assigned else stays)
