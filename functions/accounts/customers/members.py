"""Members of a Customer: seeing them, changing their roles, and ending a membership."""

from datetime import datetime
from typing import Any

from accounts.customers import authority, departures, owners
from accounts.memberships import HEAVY, Belonging, CustomerRole, Membership
from accounts.profiles import names
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import CustomerRecord, MemberRecord, customers, members
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Write
from core.failures import NotFound
from core.paging import PageRequest
from core.services.outbox import NoticeKind, NoticeRecord, hand_over, notice
from core.services.queue import Tasks


class MemberNotFound(NotFound):
    detail = "Nobody of this uid belongs to the Customer."


Named = tuple[MemberRecord, str]
"""A line of the roster, and the person's name as it is now."""


async def listed(
    db: Database, caller: Caller, customer_id: str, role: CustomerRole | None, page: PageRequest
) -> tuple[list[Named], str | None]:
    """Return a page of a Customer's members, those who joined last first; with `role` those of that role alone."""
    profile = await admit(db, caller, Need.READ, heavy=authority.HEAVY)
    authority.demand(profile, customer_id, CustomerRole.HELPER)
    query = members.under(customer_id).ordered("joined_at", descending=True)
    if role:
        query = query.where("role", "==", role)
    found, token = await page.of(db, query, lambda line: (line.joined_at, line.uid))
    known = await names.of(db, (line.uid for line in found), profile)
    return [(line, known[line.uid]) for line in found], token


async def read(db: Database, caller: Caller, customer_id: str, uid: str) -> Named:
    """Return a member to helpers and up, or to themselves. Raises MemberNotFound."""
    profile, line = await admit(db, caller, Need.READ, members.at(customer_id, uid), heavy=authority.HEAVY)
    authority.demand(profile, customer_id, CustomerRole.MEMBER if uid == caller.uid else CustomerRole.HELPER)
    if line is None:
        raise MemberNotFound
    return line, (await names.of(db, [uid], profile))[uid]


@again_when_moved
async def change_role(db: Database, caller: Caller, customer_id: str, uid: str, role: CustomerRole) -> Named:
    """Give a member another role: one commit, in which access changes. Raises what `authority` and `owners` do."""
    own, customer, other, line = await _parties(db, caller, customer_id, uid, CustomerRole.ADMIN)
    held = other.memberships[customer_id]
    authority.demand_change(own, held.role, role)
    if held.role is role:
        return line, other.name
    belonging = Belonging.of(other).joining(customer_id, Membership(id=held.id, role=role))
    changed = members.update(line, role=role)
    writes: list[Write[Any]] = [profiles.update(other, **belonging.fields(uid)), changed]
    if CustomerRole.OWNER in (held.role, role):
        writes.append(customers.update(customer, owners=owners.changed(customer, uid, role)))
    await db.commit(*writes)
    return changed.record, other.name


async def _parties(
    db: Database, caller: Caller, customer_id: str, uid: str, least: CustomerRole
) -> tuple[CustomerRole, CustomerRecord, ProfileRecord, MemberRecord]:
    """Return the caller's role, the Customer, and the profile and line of one of its members: 1 RPC."""
    profile, customer, other, line = await admit(
        db, caller, Need.WRITE, customers.at(customer_id), profiles.at(uid), members.at(customer_id, uid), heavy=HEAVY
    )
    own = authority.demand(profile, customer_id, least)
    if other is None or line is None or customer_id not in other.memberships:
        raise MemberNotFound
    return own, authority.there(customer), other, line


async def remove(db: Database, tasks: Tasks, caller: Caller, customer_id: str, uid: str, now: datetime) -> None:
    """End a membership: the caller's own, or as an admin another's. Access through the Customer ends when it returns.

    One small commit, in however many of its groups the person was; their rosters are tidied by a task. What the person
    owns stays theirs.
    """
    membership_id, told = await _remove(db, caller, customer_id, uid, now)
    await hand_over(tasks, *told)
    if membership_id:
        await departures.tidy(tasks, membership_id)


@again_when_moved
async def _remove(
    db: Database, caller: Caller, customer_id: str, uid: str, now: datetime
) -> tuple[str | None, list[Write[NoticeRecord]]]:
    oneself = uid == caller.uid
    least = CustomerRole.MEMBER if oneself else CustomerRole.ADMIN
    own, customer, other, line = await _parties(db, caller, customer_id, uid, least)
    held = other.memberships[customer_id]
    if not oneself:
        authority.demand_change(own, held.role, None)
    before = Belonging.of(other)
    after = before.leaving(customer_id)
    was_in_groups = len(after.groups) < len(before.groups)
    about = {"customerId": customer_id}
    told = [] if oneself else [notice(NoticeKind.REMOVED, now, to=uid, actor=caller.uid, about=about)]
    await db.commit(
        profiles.update(other, **after.fields(uid)),
        members.remove(members.key_of(line)),
        _freeing_a_seat(customer, uid, held.role),
        *([departures.mark(held.id, now)] if was_in_groups else []),
        *told,
    )
    return held.id if was_in_groups else None, told


def _freeing_a_seat(customer: CustomerRecord, uid: str, role: CustomerRole) -> Write[CustomerRecord]:
    if role is CustomerRole.OWNER:
        left = owners.changed(customer, uid, None)
        return customers.update(customer, owners=left, seats_taken=customer.seats_taken - 1)
    # Added to and not guarded: thirty pupils who are removed at once need not wait for each other.
    return customers.increment(customers.key_of(customer), seats_taken=-1)
