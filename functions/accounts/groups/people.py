"""The people of a group: seeing each other, coming and going."""

from dataclasses import dataclass
from datetime import datetime

from accounts.groups import places
from accounts.groups.places import Occupant
from accounts.groups.standing import Action, demand
from accounts.memberships import HEAVY, MOST_GROUPS, GroupRole, TooManyGroups
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import AccountState, ProfileRecord, profiles
from accounts.records import GroupRecord, ParticipantRecord, groups, participants
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.failures import Fault, NotFound
from core.paging import PageRequest


class ParticipantNotFound(NotFound):
    """What it says is the same for somebody who does not exist and for one who is elsewhere."""

    detail = "Only members of the Customer can be put into its groups."

    def __init__(self) -> None:
        super().__init__(faults=[Fault("/path/uid", "not_a_member", self.detail)])


@dataclass(frozen=True)
class Participant:
    """Somebody in a group, by the name that they have now."""

    uid: str
    name: str
    role: GroupRole
    joined_at: datetime


async def listed(
    db: Database, caller: Caller, customer_id: str, group_id: str, role: GroupRole | None, page: PageRequest
) -> tuple[list[Participant], str | None]:
    """Return a page of the people of a group, who came last first, and the token of the next: 3 RPCs.

    Profiles decide, here too: whoever has left or been removed is not shown from that commit on, though their line is
    on the roster, and counted, until a task has taken it, so a page can be shorter than it was asked to be.
    """
    profile, found = await admit(db, caller, Need.READ, groups.at(group_id), heavy=HEAVY)
    demand(profile, found, customer_id, Action.READ)
    query = participants.under(group_id)
    if role:
        query = query.where("role", "==", role)
    query = query.ordered("joined_at", descending=True)
    lines, token = await page.of(db, query, lambda line: (line.joined_at, line.uid))
    people = await db.get_all(*(profiles.at(line.uid) for line in lines))
    return [_shown(line, who) for line, who in zip(lines, people, strict=True) if _is_in(group_id, who)], token


def _is_in(group_id: str, profile: ProfileRecord | None) -> bool:
    return profile is not None and f"group:{group_id}" in profile.principals


def _shown(line: ParticipantRecord, profile: ProfileRecord | None) -> Participant:
    return Participant(line.uid, profile.name if profile else "", line.role, line.joined_at)


@again_when_moved
async def put(
    db: Database, caller: Caller, customer_id: str, group_id: str, uid: str, role: GroupRole, now: datetime
) -> Participant:
    """Put a member of the Customer into the group, or give them another role in it: 2 RPCs.

    Raises ParticipantNotFound for whoever is none, and TooManyGroups.
    """
    group, occupant = await _approached(db, caller, customer_id, group_id, uid, Action.LEAD)
    place, profile = occupant.place_in(group), occupant.profile
    if profile is None or not may_enter(group, occupant):
        raise ParticipantNotFound
    if place is None and len(profile.groups) >= MOST_GROUPS:
        raise TooManyGroups
    if writes := places.counted(group, [places.put(group, occupant, role, now)]):
        await db.commit(*writes)
    joined_at = occupant.line.joined_at if occupant.line and place else now
    return Participant(uid, profile.name, role, joined_at)


def may_enter(group: GroupRecord, occupant: Occupant) -> bool:
    """Tell whether somebody may be given a role in the group, which takes a membership in its Customer.

    Whoever came with the group from another Customer keeps the place that they have, and can be taken out of it.
    """
    if occupant.profile is None or occupant.profile.state is AccountState.ERASING:
        return False
    return occupant.membership_in(group.customer_id) is not None


@again_when_moved
async def remove(db: Database, caller: Caller, customer_id: str, group_id: str, uid: str) -> None:
    """Take somebody out of the group, or leave it: 2 RPCs. Whoever is not in it stays out."""
    action = Action.READ if uid == caller.uid else Action.LEAD
    group, occupant = await _approached(db, caller, customer_id, group_id, uid, action)
    if writes := places.counted(group, [places.take_out(group, occupant)]):
        await db.commit(*writes)


async def _approached(
    db: Database, caller: Caller, customer_id: str, group_id: str, uid: str, action: Action
) -> tuple[GroupRecord, Occupant]:
    profile, found, other, line = await admit(
        db,
        caller,
        Need.WRITE,
        groups.at(group_id),
        profiles.at(uid),
        participants.at(group_id, uid),
        heavy=HEAVY,
    )
    group, _ = demand(profile, found, customer_id, action)
    return group, Occupant(other, line)
