"""Founding: a group comes into being, with its maker as the first who looks after it."""

from dataclasses import dataclass
from datetime import datetime

from accounts.groups.standing import GroupForbidden, Standing
from accounts.memberships import (
    HEAVY,
    MOST_GROUPS,
    Belonging,
    CustomerNotFound,
    CustomerRole,
    GroupRole,
    Membership,
    Place,
    TooManyGroups,
)
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import GroupRecord, ParticipantRecord, groups, participants
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.failures import Conflict, IdempotencyKeyReused


class GroupGone(Conflict):
    detail = "What this Idempotency-Key made has been deleted or given away. Use a new key."


@dataclass(frozen=True)
class Origin:
    """What makes a creating request known when it comes again: the id it leads to, and its payload's fingerprint."""

    id: str
    fingerprint: str


@again_when_moved
async def found(
    db: Database, caller: Caller, customer_id: str, name: str, origin: Origin, now: datetime
) -> tuple[GroupRecord, Standing, bool]:
    """Make a group in a Customer: 2 RPCs. Returns it, the caller's standing, and whether it had been made before.

    Raises CustomerNotFound, GroupForbidden for whoever is a member there and no more, TooManyGroups, and
    IdempotencyKeyReused when the key's first request was another one.
    """
    profile = await admit(db, caller, Need.WRITE, heavy=HEAVY)
    membership = _membership(profile, customer_id)
    group = GroupRecord(
        id=origin.id,
        customer_id=customer_id,
        name=name,
        member_count=1,
        created_by=caller.uid,
        fingerprint=origin.fingerprint,
        created_at=now,
    )
    line = ParticipantRecord(
        group_id=group.id, uid=caller.uid, membership_id=membership.id, role=GroupRole.HELPER, joined_at=now
    )
    belonging = Belonging.of(profile).entering(group.id, Place(customer_id=customer_id, role=GroupRole.HELPER))
    if len(belonging.groups) > MOST_GROUPS:
        raise TooManyGroups
    update = profiles.update(profile, **belonging.fields(caller.uid))
    try:
        await db.commit(groups.create(group), update, participants.put(line))
    except Moved:
        made = await _made_before(db, profile, customer_id, origin)
        if made is None:
            raise  # it was the profile that moved
        return made, Standing.of(profile, customer_id, made.id), True
    return group, Standing(membership.role, GroupRole.HELPER), False


def _membership(profile: ProfileRecord, customer_id: str) -> Membership:
    membership = profile.memberships.get(customer_id)
    if membership is None:
        raise CustomerNotFound
    if membership.role is CustomerRole.MEMBER:
        raise GroupForbidden
    return membership


async def _made_before(db: Database, profile: ProfileRecord, customer_id: str, origin: Origin) -> GroupRecord | None:
    made = await db.get(groups.at(origin.id))
    if made is None:
        return None
    # A key opens nothing that has gone to others since.
    if made.deleted or made.customer_id != customer_id or made.created_by != profile.uid:
        raise GroupGone
    if made.fingerprint != origin.fingerprint:
        raise IdempotencyKeyReused
    return made
