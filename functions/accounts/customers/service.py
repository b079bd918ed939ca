"""Customers: making one, seeing those that one belongs to, and changing what a Customer is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from accounts.customers import authority
from accounts.memberships import HEAVY, Belonging, CustomerRole, Membership
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import (
    CustomerKind,
    CustomerRecord,
    CustomerSettings,
    MemberRecord,
    customers,
    members,
)
from core.caller import Caller
from core.conditions import IfMatch
from core.data.contention import again_when_moved
from core.data.database import Database
from core.failures import Conflict, Fault, IdempotencyKeyReused
from core.ids import random_id

MOST_MEMBERSHIPS: Final = 50
"""Customers that one person can belong to: their profile holds them all."""


class TooManyMemberships(Conflict):
    detail = "You belong to 50 Customers, and nobody belongs to more. Leave one first."


class IndividualExists(Conflict):
    detail = "You have a Customer of kind individual already, and nobody has two."


class NoLongerYours(Conflict):
    detail = "You no longer belong to what this request made before. Use another Idempotency-Key."


class SeatsTaken(Conflict):
    detail = "More seats are taken than that, open invitations included."


@dataclass(frozen=True)
class Charter:
    """What a Customer is to be. The request is known again by the `id` that it leads to, and by its `fingerprint`."""

    id: str
    fingerprint: str
    kind: CustomerKind
    name: str
    country: str
    language: Literal["nb", "en"]
    seats: int | None
    settings: CustomerSettings


def etag(customer: CustomerRecord, role: CustomerRole) -> str:
    """Return the ETag for somebody of this role; seats that are taken and given back leave it as it is."""
    return f"{customer.revision}-{role.value}"


@again_when_moved
async def create(
    db: Database, caller: Caller, charter: Charter, now: datetime
) -> tuple[CustomerRecord, CustomerRole, bool]:
    """Make a Customer of which the caller is the owner.

    Returns it with the caller's role there, and whether an earlier request had made it.

    Raises TooManyMemberships, IndividualExists, NoLongerYours and IdempotencyKeyReused.
    """
    profile, found = await admit(db, caller, Need.WRITE, customers.at(charter.id), heavy=HEAVY)
    if found:
        return *_made_before(profile, found, charter), True
    refuse_too_many(profile)
    customer = CustomerRecord(**vars(charter), seats_taken=1, owners=[caller.uid], created_at=now)
    membership = Membership(id=random_id(), role=CustomerRole.OWNER)
    belonging = Belonging.of(profile).joining(customer.id, membership)
    await db.commit(
        profiles.update(profile, **belonging.fields(caller.uid)),
        customers.create(customer),
        members.create(line(customer.id, caller.uid, membership, now)),
    )
    return customer, membership.role, False


def _made_before(
    profile: ProfileRecord, found: CustomerRecord, charter: Charter
) -> tuple[CustomerRecord, CustomerRole]:
    if (membership := profile.memberships.get(found.id)) is None:
        raise NoLongerYours
    if found.fingerprint != charter.fingerprint:
        raise IndividualExists if charter.kind is CustomerKind.INDIVIDUAL else IdempotencyKeyReused
    return found, membership.role


def refuse_too_many(holder: ProfileRecord | Belonging) -> None:
    """Raise TooManyMemberships when a person cannot join another Customer."""
    if len(holder.memberships) >= MOST_MEMBERSHIPS:
        raise TooManyMemberships


def line(customer_id: str, uid: str, membership: Membership, now: datetime) -> MemberRecord:
    """Return the line of a Customer's roster that goes with a membership which begins now."""
    return MemberRecord(
        customer_id=customer_id, uid=uid, membership_id=membership.id, role=membership.role, joined_at=now
    )


async def listed(db: Database, caller: Caller) -> list[tuple[CustomerRecord, CustomerRole]]:
    """Return the caller's Customers with their role in each, the newest Customer first."""
    profile = await admit(db, caller, Need.READ, heavy=authority.HEAVY)
    found = await db.get_all(*(customers.at(customer_id) for customer_id in profile.memberships))
    known = [customer for customer in found if customer is not None]
    known.sort(key=lambda customer: (customer.created_at, customer.id), reverse=True)
    return [(customer, profile.memberships[customer.id].role) for customer in known]


async def read(db: Database, caller: Caller, customer_id: str) -> tuple[CustomerRecord, CustomerRole]:
    """Return a Customer that the caller belongs to, and their role there. Raises CustomerNotFound."""
    profile, customer = await admit(db, caller, Need.READ, customers.at(customer_id), heavy=authority.HEAVY)
    role = authority.demand(profile, customer_id)
    return authority.there(customer), role


@again_when_moved
async def change(
    db: Database, caller: Caller, customer_id: str, changes: Mapping[str, Any], condition: IfMatch
) -> tuple[CustomerRecord, CustomerRole]:
    """Change the named fields of a Customer; of `settings`, too, those that are named.

    Raises StaleEtag when it is no longer as the caller read it, SeatsTaken when it would have too few seats. When only
    the seats that are taken moved, the ETag still holds and the change is tried again.
    """
    profile, found = await admit(db, caller, Need.WRITE, customers.at(customer_id), heavy=authority.HEAVY)
    role = authority.demand(profile, customer_id, CustomerRole.ADMIN)
    customer = authority.there(found)
    condition.check(etag(customer, role))
    wanted = {**changes}
    if "settings" in wanted:
        wanted["settings"] = customer.settings.model_copy(update=wanted["settings"])
    _refuse_too_few(customer, wanted.get("seats"))
    if all(getattr(customer, name) == value for name, value in wanted.items()):
        return customer, role
    changed = customers.update(customer, **wanted, revision=customer.revision + 1)
    await db.commit(changed)
    return changed.record, role


def _refuse_too_few(customer: CustomerRecord, seats: int | None) -> None:
    if seats is not None and seats < customer.seats_taken:
        raise SeatsTaken(faults=[Fault("/seats", "seats_taken", SeatsTaken.detail)])
