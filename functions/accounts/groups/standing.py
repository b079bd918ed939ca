"""Who may do what with a group: the only place that decides, by a profile that was read with its heavy fields."""

from dataclasses import dataclass
from enum import StrEnum

from accounts.memberships import ADMINS, CustomerRole, GroupRole
from accounts.profiles.records import ProfileRecord
from accounts.records import GroupRecord
from core.failures import Forbidden, NotFound


class Action(StrEnum):
    """What can be done with a group: see it, look after it, or decide whose it is."""

    READ = "read"
    LEAD = "lead"
    GOVERN = "govern"


class GroupNotFound(NotFound):
    detail = "There is no such group, or you have no part in it."


class GroupForbidden(Forbidden):
    detail = "You can see this, but your role does not allow that."


@dataclass(frozen=True)
class Standing:
    """What somebody is in a Customer, and in one group of it: either may be nothing."""

    in_customer: CustomerRole | None
    in_group: GroupRole | None

    @classmethod
    def of(cls, profile: ProfileRecord, customer_id: str, group_id: str) -> "Standing":
        membership, place = profile.memberships.get(customer_id), profile.groups.get(group_id)
        return cls(membership.role if membership else None, place.role if place else None)

    @property
    def administers(self) -> bool:
        """Whether they are an admin or an owner of the Customer."""
        return self.in_customer in ADMINS

    @property
    def label(self) -> str:
        """What an ETag holds of it, as what is shown goes by both roles."""
        return ".".join(filter(None, (self.in_customer, self.in_group)))

    def may(self, action: Action) -> bool:
        """Tell whether it allows an action: helpers of the Customer see its groups, helpers of the group lead it."""
        leads = self.administers or self.in_group is GroupRole.HELPER
        if action is Action.READ:
            return leads or self.in_group is not None or self.in_customer is CustomerRole.HELPER
        return leads if action is Action.LEAD else self.administers


def etag(group: GroupRecord, standing: Standing) -> str:
    """Return a group's ETag, by content revision and role; how many are in it may change beside it."""
    return f"{group.revision}-{standing.label}"


def demand(
    profile: ProfileRecord, group: GroupRecord | None, customer_id: str, action: Action
) -> tuple[GroupRecord, Standing]:
    """Return the group of this Customer and the caller's standing, if that allows the action.

    Raises GroupNotFound when they may not even see it, or it is not in this Customer, and GroupForbidden when they see
    it and may not.
    """
    if group is None or group.deleted or group.customer_id != customer_id:
        raise GroupNotFound
    standing = Standing.of(profile, customer_id, group.id)
    if not standing.may(Action.READ):
        raise GroupNotFound
    if not standing.may(action):
        raise GroupForbidden
    return group, standing
