"""Reading groups: one, those of a Customer, those offered to it, and one's own."""

from datetime import datetime

from accounts.groups import offers
from accounts.groups.standing import Action, GroupForbidden, Standing, demand
from accounts.memberships import ADMINS, HEAVY, CustomerNotFound, CustomerRole
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord
from accounts.records import GroupRecord, groups
from core.caller import Caller
from core.data.database import Database
from core.data.operations import Query
from core.paging import PageRequest, Place

Seen = tuple[GroupRecord, Standing]
"""A group, with the caller's standing."""


async def read(db: Database, caller: Caller, customer_id: str, group_id: str, now: datetime) -> Seen:
    """Return a group of the Customer, or one that is offered to it, for those who decide there: 1 RPC."""
    profile, group = await admit(db, caller, Need.READ, groups.at(group_id), heavy=HEAVY)
    if offers.is_for(profile, group, customer_id, now):
        return offers.demand(profile, group, customer_id, now), Standing.of(profile, customer_id, group_id)
    return demand(profile, group, customer_id, Action.READ)


async def listed(
    db: Database, caller: Caller, customer_id: str, page: PageRequest, *, offered: bool, now: datetime
) -> tuple[list[Seen], str | None]:
    """Return a page of a Customer's groups, newest first, and the token of the next: 2 RPCs.

    Helpers and those above them see all of them, members those that they are in. With `offered` they are those of
    other Customers that this one may take, for admins and owners. Raises CustomerNotFound, GroupForbidden.
    """
    profile = await admit(db, caller, Need.READ, heavy=HEAVY)
    membership = profile.memberships.get(customer_id)
    if membership is None:
        raise CustomerNotFound
    if offered and membership.role not in ADMINS:
        raise GroupForbidden
    if not offered and membership.role is CustomerRole.MEMBER:
        return await _own(db, profile, page, customer_id)
    found, token = await page.of(db, _of(customer_id, offered=offered), lambda group: (group.created_at, group.id))
    # An offer whose days are over stays on record until the nightly sweep has come by, and is none all the same.
    shown = [group for group in found if not offered or offers.open_to(group, now)]
    return [(group, Standing.of(profile, customer_id, group.id)) for group in shown], token


def _of(customer_id: str, *, offered: bool) -> Query[GroupRecord]:
    query = groups.under().where("offered_to" if offered else "customer_id", "==", customer_id)
    return query.where("deleted", "==", False).ordered("created_at", descending=True)


async def own(db: Database, caller: Caller, page: PageRequest) -> tuple[list[Seen], str | None]:
    """Return a page of the groups that the caller is in, whichever Customer has them, newest first: 2 RPCs."""
    return await _own(db, await admit(db, caller, Need.READ, heavy=HEAVY), page)


async def _own(
    db: Database, profile: ProfileRecord, page: PageRequest, customer_id: str | None = None
) -> tuple[list[Seen], str | None]:
    """Page what the profile says, which is true at once.

    All of a person's groups are read for a page, as their order is not on the profile: 1,000 at most, and most people
    are in a few.
    """
    found = await db.get_all(*(groups.at(group_id) for group_id in profile.groups))
    there = [group for group in found if group and not group.deleted and customer_id in (None, group.customer_id)]
    behind = [group for group in sorted(there, key=_place) if page.after is None or _place(group) > page.after]
    shown = behind[: page.size]
    token = page.token(_place(shown[-1])) if len(behind) > page.size else None
    return [(group, Standing.of(profile, group.customer_id, group.id)) for group in shown], token


def _place(group: GroupRecord) -> Place:
    # Ascending in all its parts, so that places can be compared.
    return -int(group.created_at.timestamp() * 1_000_000), group.id
