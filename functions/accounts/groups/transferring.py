"""Transferring: a group goes to another Customer, at once or by an offer, and its people and documents follow.

The commit that changes the group's Customer is the transfer; what follows is `upkeep`'s.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from accounts.groups import offers, upkeep
from accounts.groups.standing import Action, GroupNotFound, Standing, demand
from accounts.memberships import ADMINS, HEAVY
from accounts.profiles.admission import Need, admit
from accounts.profiles.rates import OFFERS
from accounts.profiles.records import ProfileRecord, RateRecord
from accounts.records import CustomerRecord, GroupRecord, customers, groups
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Change, Write
from core.failures import Conflict
from core.services.outbox import NoticeKind, NoticeRecord, hand_over, notice
from core.services.queue import Tasks

_MOST_TOLD: Final = 50
"""Owners of a Customer who are told of an offer: it has few, and any of them will do."""


class GroupMoving(Conflict):
    detail = "The group is still moving from one Customer to another. Try again in a moment."


class AlreadyThere(Conflict):
    detail = "The group is in that Customer already."


class OfferNotFound(GroupNotFound):
    detail = "The group is not offered to anybody, or you have no part in it."


@dataclass(frozen=True)
class Transferred:
    """A group, the caller's standing, and whether it waits for the other side or has changed hands."""

    group: GroupRecord
    standing: Standing
    state: Literal["offered", "moving"]
    told: tuple[Write[NoticeRecord], ...] = ()


async def transfer(
    db: Database, tasks: Tasks, caller: Caller, customer_id: str, group_id: str, target: str, now: datetime
) -> Transferred:
    """Give a group to another Customer, if the caller decides there too, else offer it for seven days: 2 RPCs.

    An offer to a Customer that does not exist looks like any other. It takes the place of an earlier one. Raises
    GroupMoving while an earlier transfer is under way, AlreadyThere, and RateLimited for too many offers.
    """
    done = await _transfer(db, caller, customer_id, group_id, target, now)
    await hand_over(tasks, *done.told)
    await _follow(tasks, done)
    return done


@again_when_moved
async def _transfer(
    db: Database, caller: Caller, customer_id: str, group_id: str, target: str, now: datetime
) -> Transferred:
    profile, found, other, offered = await admit(
        db,
        caller,
        Need.WRITE,
        groups.at(group_id),
        customers.at(target),
        OFFERS.key(caller.uid),
        heavy=HEAVY,
    )
    group, standing = demand(profile, found, customer_id, Action.GOVERN)
    if group.moving_from is not None:
        raise GroupMoving
    if target == customer_id:
        raise AlreadyThere
    if _decides(profile, target):
        change = _handed_over(group, target, now)
        await db.commit(change)
        return Transferred(change.record, Standing.of(profile, target, group_id), "moving")
    return await _offer(db, caller, (group, standing), target, other, offered, now)


def _decides(profile: ProfileRecord, customer_id: str) -> bool:
    membership = profile.memberships.get(customer_id)
    return membership is not None and membership.role in ADMINS


def _handed_over(group: GroupRecord, target: str, now: datetime) -> Change[GroupRecord]:
    """Return the write that is the transfer."""
    return groups.update(
        group,
        customer_id=target,
        moving_from=group.customer_id,
        moved_at=now,
        revision=group.revision + 1,
        **offers.NONE,
    )


async def _offer(
    db: Database,
    caller: Caller,
    seen: tuple[GroupRecord, Standing],
    target: str,
    other: CustomerRecord | None,
    offered: RateRecord | None,
    now: datetime,
) -> Transferred:
    group, standing = seen
    if offers.open_to(group, now) == target:
        return Transferred(group, standing, "offered")  # the same again tells nobody again
    change = groups.update(group, offered_to=target, offered_at=now, revision=group.revision + 1)
    about = {"customerId": target, "groupId": group.id}
    owners = other.owners[:_MOST_TOLD] if other else []
    told = tuple(notice(NoticeKind.GROUP_OFFERED, now, to=owner, actor=caller.uid, about=about) for owner in owners)
    await db.commit(change, OFFERS.count(caller.uid, offered, now), *told)
    return Transferred(change.record, standing, "offered", told)


async def accept(
    db: Database, tasks: Tasks, caller: Caller, customer_id: str, group_id: str, now: datetime
) -> Transferred:
    """Take a group that is offered to a Customer for which the caller decides: 2 RPCs.

    Of two who accept at once, both find it taken. Raises GroupNotFound when there is no such offer (any more).
    """
    done = await _accept(db, caller, customer_id, group_id, now)
    await _follow(tasks, done)
    return done


@again_when_moved
async def _accept(db: Database, caller: Caller, customer_id: str, group_id: str, now: datetime) -> Transferred:
    profile, found = await admit(db, caller, Need.WRITE, groups.at(group_id), heavy=HEAVY)
    standing = Standing.of(profile, customer_id, group_id)
    if found and _just_taken(found, customer_id) and standing.administers:
        return Transferred(found, standing, "moving")
    group = offers.demand(profile, found, customer_id, now)
    change = _handed_over(group, customer_id, now)
    await db.commit(change)
    return Transferred(change.record, standing, "moving")


def _just_taken(group: GroupRecord, customer_id: str) -> bool:
    return group.customer_id == customer_id and group.moved_at is not None and not group.deleted


@again_when_moved
async def withdraw(db: Database, caller: Caller, customer_id: str, group_id: str, now: datetime) -> None:
    """End an offer: those who made it withdraw it, those to whom it was made decline: 2 RPCs. Raises OfferNotFound."""
    profile, group = await admit(db, caller, Need.WRITE, groups.at(group_id), heavy=HEAVY)
    if not offers.is_for(profile, group, customer_id, now):
        group, _ = demand(profile, group, customer_id, Action.GOVERN)
    if group is None or group.offered_to is None:
        raise OfferNotFound
    await db.commit(groups.update(group, revision=group.revision + 1, **offers.NONE))


async def _follow(tasks: Tasks, done: Transferred) -> None:
    if done.state == "moving":
        group = done.group
        await upkeep.request(tasks, upkeep.MOVE, group.id, f"{group.id} {group.moved_at}")
