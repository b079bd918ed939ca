"""Inviting into a Customer: each invitation takes a seat in the commit that makes it, and an address is asked once.

Whoever invites changes the Customer's record as it was read. That makes inviters wait for one another, so none
of them can take a seat or ask an address that another has just taken or asked.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from accounts import invitations
from accounts.customers import authority
from accounts.invitations import Invite
from accounts.memberships import HEAVY, CustomerRole, GroupRole
from accounts.profiles.admission import Need, admit
from accounts.profiles.rates import PROVISIONED
from accounts.profiles.records import ProfileRecord
from accounts.records import (
    CustomerKind,
    CustomerRecord,
    InvitationRecord,
    InvitationState,
    customers,
    groups,
)
from accounts.records import invitations as stored
from core import addresses
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Write
from core.services.outbox import NoticeRecord

MOST_GROUPS: Final = 20
"""Groups that one invitation leads into."""

AT_ONCE: Final = 150
"""Wishes in one commit: each may write three documents, beside the Customer and the count of the inviter's."""

_DISJUNCTIONS: Final = 30


class Refusal(StrEnum):
    """Why an address was not invited."""

    ROLE_NOT_ALLOWED = "role_not_allowed"
    OWN_ADDRESS = "own_address"
    UNKNOWN_GROUP = "unknown_group"
    NO_SEATS_LEFT = "no_seats_left"


@dataclass(frozen=True)
class Wish:
    """Somebody who is to be invited, by their normalised address. The seed leads to the invitation's secret."""

    email: str
    role: CustomerRole
    group_ids: tuple[str, ...]
    seed: str
    fingerprint: str


@dataclass(frozen=True)
class Outcome:
    """What became of a wish: a new invitation, the open one that was there, or a refusal."""

    invitation: InvitationRecord | None
    is_new: bool = False
    refusal: Refusal | None = None


@dataclass
class Round:
    """What is known while the wishes of one commit are gone through, and what they lead to."""

    secret: bytes
    caller: Caller
    profile: ProfileRecord
    customer: CustomerRecord
    now: datetime
    known_groups: set[str]
    pending: dict[str, InvitationRecord]
    taken: int = 0
    writes: list[Write[Any]] = field(default_factory=list[Write[Any]])
    notices: list[Write[NoticeRecord]] = field(default_factory=list[Write[NoticeRecord]])

    def consider(self, wish: Wish) -> Outcome:
        """Invite somebody, unless that is refused or they have an open invitation."""
        if refusal := self._refusal(wish):
            return Outcome(None, refusal=refusal)
        before = self.pending.get(wish.email)
        if before and invitations.state_at(before, self.now) is InvitationState.PENDING:
            return Outcome(before)
        freed = int(before is not None)
        if not self._has_room(1 - freed):
            return Outcome(None, refusal=Refusal.NO_SEATS_LEFT)
        if before:
            self.writes.append(invitations.ended(before, InvitationState.EXPIRED, self.now))
        self.taken += 1 - freed
        return Outcome(self._issue(wish), is_new=True)

    def _refusal(self, wish: Wish) -> Refusal | None:
        role = self.profile.memberships[self.customer.id].role
        a_second_owner = wish.role is CustomerRole.OWNER and self.customer.kind is CustomerKind.INDIVIDUAL
        if a_second_owner or not authority.may_give(role, wish.role, self.customer.settings):
            return Refusal.ROLE_NOT_ALLOWED
        if wish.email == own_address(self.caller):
            return Refusal.OWN_ADDRESS
        if not self.known_groups.issuperset(wish.group_ids):
            return Refusal.UNKNOWN_GROUP
        return None

    def _has_room(self, more: int) -> bool:
        seats = self.customer.seats
        return seats is None or self.customer.seats_taken + self.taken + more <= seats

    def _issue(self, wish: Wish) -> InvitationRecord:
        opens = f"/v1/customers/{self.customer.id}"
        invite = Invite(wish.email, opens, self.customer.language, self.customer.id, wish.role, wish.group_ids)
        made, told = invitations.issued(self.secret, wish.seed, invite, self.caller.uid, wish.fingerprint, self.now)
        assert made.content
        self.pending[wish.email] = made.content
        self.writes += [made, told]
        self.notices.append(told)
        return made.content


def own_address(caller: Caller) -> str | None:
    """Return the caller's address as it is stored and compared, verified or not; None without one."""
    try:
        return addresses.normalised(caller.email) if caller.email else None
    except addresses.NotAnAddress:
        return None


@again_when_moved
async def invite(
    db: Database, secret: bytes, caller: Caller, customer_id: str, wishes: Sequence[Wish], now: datetime
) -> tuple[list[Outcome], list[Write[NoticeRecord]]]:
    """Carry out up to AT_ONCE wishes in one commit, with the seats that they take.

    Returns what became of each, and the notices to hand over. Raises CustomerNotFound, CustomerForbidden for those who
    may invite nobody, and RateLimited.
    """
    profile, found, rate = await admit(
        db, caller, Need.WRITE, customers.at(customer_id), PROVISIONED.key(caller.uid), heavy=HEAVY
    )
    customer = demand_inviter(profile, customer_id, found)
    pending, known = await asyncio.gather(
        _pending(db, secret, customer_id, [wish.email for wish in wishes]), _groups(db, profile, customer_id, wishes)
    )
    going = Round(secret, caller, profile, customer, now, known, pending)
    outcomes = [going.consider(wish) for wish in wishes]
    if made := sum(outcome.is_new for outcome in outcomes):
        counted = PROVISIONED.count(caller.uid, rate, now, made)
        seats = customers.update(customer, seats_taken=customer.seats_taken + going.taken)
        await db.commit(seats, counted, *going.writes)
    return outcomes, going.notices


def demand_inviter(profile: ProfileRecord, customer_id: str, found: CustomerRecord | None) -> CustomerRecord:
    """Return the Customer to whoever may invite anybody at all. Raises CustomerNotFound and CustomerForbidden."""
    role = authority.demand(profile, customer_id, CustomerRole.HELPER)
    customer = authority.there(found)
    if not authority.may_give(role, CustomerRole.MEMBER, customer.settings):
        raise authority.CustomerForbidden
    return customer


async def _pending(db: Database, secret: bytes, customer_id: str, emails: Iterable[str]) -> dict[str, InvitationRecord]:
    """Return the pending invitations into a Customer by address, those included whose time is over."""
    by_hash = {addresses.hashed(secret, email): email for email in emails}
    hashes = list(by_hash)
    found: list[InvitationRecord] = []
    # By the address alone, which few Customers invite, while a Customer's invitations are many. One query after the
    # other: a long list is no reason to press harder than a short one.
    for start in range(0, len(hashes), _DISJUNCTIONS):
        page = stored.under().where("email_hash", "in", hashes[start : start + _DISJUNCTIONS])
        found += await db.query(page)
    there = [one for one in found if one.customer_id == customer_id and one.state is InvitationState.PENDING]
    return {by_hash[one.email_hash]: one for one in there}


async def _groups(db: Database, profile: ProfileRecord, customer_id: str, wishes: Iterable[Wish]) -> set[str]:
    """Return which of the named groups the inviter may lead into: helpers into those that they help in, others all."""
    named = {group_id for wish in wishes for group_id in wish.group_ids}
    if profile.memberships[customer_id].role is CustomerRole.HELPER:
        held = profile.groups
        named = {one for one in named if one in held and held[one].role is GroupRole.HELPER}
    found = await db.get_all(*(groups.at(group_id) for group_id in named))
    return {group.id for group in found if group and group.customer_id == customer_id and not group.deleted}
