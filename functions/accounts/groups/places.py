"""Places: what changes, on a profile and on the roster beside it, when somebody enters, leaves or stays in a group.

The profile decides and the roster follows in the same commit, so each change is of one person's both, or of neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from accounts.memberships import HEAVY, Belonging, GroupRole, Place
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import GroupRecord, ParticipantRecord, groups, participants
from core.data.collections import Key
from core.data.database import Database
from core.data.operations import Write


@dataclass(frozen=True)
class Occupant:
    """Somebody's profile, if it is there, and their line on a group's roster, if there is one."""

    profile: ProfileRecord | None
    line: ParticipantRecord | None

    def place_in(self, group: GroupRecord) -> Place | None:
        """Return their place in the group; a line without one waits for a task to take it off the roster."""
        return self.profile.groups.get(group.id) if self.profile else None

    def membership_in(self, customer_id: str) -> str | None:
        """Return the id of their membership in a Customer."""
        membership = self.profile.memberships.get(customer_id) if self.profile else None
        return membership.id if membership else None


@dataclass(frozen=True)
class Change:
    """Guarded writes, and by how many lines the roster is longer for them."""

    writes: list[Write[Any]] = field(default_factory=list[Write[Any]])
    more: int = 0


UNCHANGED = Change()


async def read(db: Database, group_id: str, uids: Sequence[str]) -> tuple[GroupRecord | None, list[Occupant]]:
    """Return a group and what is known of these people in it, in their order: 1 RPC, two reads a person and one."""
    keys: list[Key[Any]] = [groups.at(group_id), *(profiles.at(uid) for uid in uids)]
    keys += [participants.at(group_id, uid) for uid in uids]
    group, *rest = await db.get_all(*keys, heavy=HEAVY)
    found, lines = rest[: len(uids)], rest[len(uids) :]
    return cast("GroupRecord | None", group), [Occupant(*pair) for pair in zip(found, lines, strict=True)]


def put(group: GroupRecord, occupant: Occupant, role: GroupRole, now: datetime) -> Change:
    """Give somebody this role in the group, whether they were in it or not. Their profile must be there."""
    profile, place, line = occupant.profile, occupant.place_in(group), occupant.line
    assert profile
    wanted = Place(customer_id=group.customer_id, role=role)
    if place == wanted and line and line.role is role:
        return UNCHANGED
    update = _holding(profile, Belonging.of(profile).entering(group.id, wanted))
    facts: dict[str, Any] = {"membership_id": occupant.membership_in(group.customer_id), "role": role}
    if line is None:
        made = ParticipantRecord(group_id=group.id, uid=profile.uid, joined_at=now, **facts)
        return Change([update, participants.create(made)], 1)
    # Somebody who left and is back before a task has taken their old line is still counted.
    facts |= {} if place else {"joined_at": now}
    return Change([update, participants.update(line, **facts)])


def take_out(group: GroupRecord, occupant: Occupant) -> Change:
    """Take somebody out of the group: their place, their line, or whichever of them there is."""
    profile, line = occupant.profile, occupant.line
    writes: list[Write[Any]] = []
    if profile and occupant.place_in(group):
        writes.append(_holding(profile, Belonging.of(profile).quitting(group.id)))
    if line:
        writes.append(participants.delete(line))
    return Change(writes, -1 if line else 0)


def let_go(group: GroupRecord, occupant: Occupant) -> Change:
    """Take somebody out of a group that is deleted, which nobody counts any more."""
    return Change(take_out(group, occupant).writes)


def follow(group: GroupRecord, occupant: Occupant) -> Change:
    """Bring somebody's place into the Customer that the group is in now, and their line into step with the profile.

    Whoever has no place any more, say as the Customer that they shared with the group has removed them, leaves the
    roster. Whoever has one keeps it; their line is tied to a membership in the present Customer if there is one.
    """
    profile, place, line = occupant.profile, occupant.place_in(group), occupant.line
    if profile is None or place is None or line is None:
        return take_out(group, occupant) if place is None else UNCHANGED
    membership_id = occupant.membership_in(group.customer_id)
    if place.customer_id == group.customer_id and line.membership_id == membership_id:
        return UNCHANGED
    moved = Place(customer_id=group.customer_id, role=place.role)
    # Both, even where one would do: the profile guards what the line is told of its memberships.
    update = _holding(profile, Belonging.of(profile).entering(group.id, moved))
    return Change([update, participants.update(line, membership_id=membership_id)])


def counted(group: GroupRecord, changes: Sequence[Change]) -> list[Write[Any]]:
    """Return all writes of these changes, and with them the one that counts them with the group.

    It is an addition, in whose way nobody is, where a guarded profile goes beside it; else the group itself is guarded.
    """
    writes = [write for change in changes for write in change.writes]
    more = sum(change.more for change in changes)
    if more == 0:
        return writes
    if any(write.guarded and write.content is not None for write in writes):
        return [*writes, groups.increment(groups.key_of(group), member_count=more)]
    return [*writes, groups.update(group, member_count=max(0, group.member_count + more))]


def _holding(profile: ProfileRecord, belonging: Belonging) -> Write[Any]:
    return profiles.update(profile, **belonging.fields(profile.uid))
