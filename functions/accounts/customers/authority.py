"""Who may do what in a Customer: decided here alone, by the roles that profiles hold."""

from typing import Final

from accounts.memberships import CustomerNotFound, CustomerRole, Holder
from accounts.records import CustomerRecord, CustomerSettings
from core.failures import Forbidden


class CustomerForbidden(Forbidden):
    detail = "You belong to this Customer, but your role there does not allow that."


HEAVY: Final = ("memberships",)
"""The heavy field of a profile that `demand` needs."""

_RANK: Final = {role: rank for rank, role in enumerate(CustomerRole)}


def at_least(role: CustomerRole, other: CustomerRole) -> bool:
    """Tell whether a role is as high as another."""
    return _RANK[role] >= _RANK[other]


def higher(role: CustomerRole, other: CustomerRole) -> CustomerRole:
    """Return the higher of two roles."""
    return max(role, other, key=_RANK.__getitem__)


def demand(profile: Holder, customer_id: str, least: CustomerRole = CustomerRole.MEMBER) -> CustomerRole:
    """Return the role that a person has in a Customer, which must be `least` or more.

    Raises CustomerNotFound when they have none, CustomerForbidden when it is less.
    """
    if (membership := profile.memberships.get(customer_id)) is None:
        raise CustomerNotFound
    if not at_least(membership.role, least):
        raise CustomerForbidden
    return membership.role


def there(customer: CustomerRecord | None) -> CustomerRecord:
    """Return the Customer. Raises CustomerNotFound when there is none."""
    if customer is None:
        raise CustomerNotFound
    return customer


def may_give(role: CustomerRole, given: CustomerRole, settings: CustomerSettings) -> bool:
    """Tell whether somebody of this role may invite others with the given one.

    Only owners make owners. Helpers bring in members, where the Customer lets them.
    """
    match role:
        case CustomerRole.OWNER:
            return True
        case CustomerRole.ADMIN:
            return given is not CustomerRole.OWNER
        case CustomerRole.HELPER:
            return settings.helpers_invite and given is CustomerRole.MEMBER
        case CustomerRole.MEMBER:
            return False


def demand_change(role: CustomerRole, held: CustomerRole, wanted: CustomerRole | None) -> None:
    """Let somebody of this role change another's, or their own, from `held` to `wanted` (None: no role any more).

    Admins do so below the owners, whom only owners make and unmake; so nobody rises by themselves. Raises
    CustomerForbidden.
    """
    owners = CustomerRole.OWNER in (held, wanted)
    if not at_least(role, CustomerRole.OWNER if owners else CustomerRole.ADMIN):
        raise CustomerForbidden
