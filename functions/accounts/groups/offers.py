"""Offers: a group that its Customer wants to give to another, for as long as that may still take it."""

from datetime import datetime, timedelta
from typing import Any, Final

from accounts.groups.standing import GroupNotFound
from accounts.memberships import ADMINS
from accounts.profiles.records import ProfileRecord
from accounts.records import GroupRecord

OPEN_FOR: Final = timedelta(days=7)

NONE: Final[dict[str, Any]] = {"offered_to": None, "offered_at": None}
"""What a group holds that is offered to nobody."""


def open_to(group: GroupRecord, now: datetime) -> str | None:
    """Return the Customer that a group is offered to, or None when there is no offer or its seven days are over."""
    if group.deleted or group.offered_at is None or group.offered_at + OPEN_FOR <= now:
        return None
    return group.offered_to


def is_for(profile: ProfileRecord, group: GroupRecord | None, customer_id: str, now: datetime) -> bool:
    """Tell whether a group is offered to this Customer, and the person an admin or an owner there."""
    membership = profile.memberships.get(customer_id)
    offered = group is not None and open_to(group, now) == customer_id
    return offered and membership is not None and membership.role in ADMINS


def demand(profile: ProfileRecord, group: GroupRecord | None, customer_id: str, now: datetime) -> GroupRecord:
    """Return the group if it is offered to a Customer that the caller decides for. Raises GroupNotFound."""
    if group is None or not is_for(profile, group, customer_id, now):
        raise GroupNotFound
    return group
