"""What a person belongs to, and the principals that follow from it: what stands under all capabilities of this wing.

A profile holds it whole, so the one commit that changes the profile begins or ends access. Rosters of Customers and
groups lie elsewhere, and serve lists alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Protocol

from core.data.personal_data import Category, NotPersonal, Personal
from core.data.records import Part
from core.failures import Conflict, NotFound


class CustomerNotFound(NotFound):
    detail = "There is no such Customer, or you do not belong to it."


class TooManyGroups(Conflict):
    detail = "Somebody can be in 1,000 groups at most."


class CustomerRole(StrEnum):
    """What somebody may be in a Customer, from least to most."""

    MEMBER = "member"
    HELPER = "helper"
    ADMIN = "admin"
    OWNER = "owner"


class GroupRole(StrEnum):
    """What somebody may be in a group, from least to most."""

    MEMBER = "member"
    HELPER = "helper"


class Membership(Part):
    """A place in a Customer. Whoever leaves and comes back gets another `id`, so that nothing old opens again."""

    id: Annotated[str, NotPersonal]
    role: Annotated[CustomerRole, Personal(Category.ACCOUNT)]


class Place(Part):
    """A place in a group, and the Customer that the group is in."""

    customer_id: Annotated[str, NotPersonal]
    role: Annotated[GroupRole, Personal(Category.ACCOUNT)]


class Holder(Protocol):
    """A profile that was read with `HEAVY`."""

    @property
    def uid(self) -> str: ...
    @property
    def memberships(self) -> dict[str, Membership]: ...
    @property
    def groups(self) -> dict[str, Place]: ...
    @property
    def invitations(self) -> list[str]: ...


HEAVY = ("memberships", "groups", "invitations")
"""The heavy fields of a profile that `Belonging.of` needs."""

MOST_GROUPS = 1_000
"""Groups that a person can be in: each is a principal of theirs, or two."""

ADMINS = (CustomerRole.ADMIN, CustomerRole.OWNER)


@dataclass(frozen=True)
class Belonging:
    """Customers and groups of a person by id, and the invitations to documents that they have accepted."""

    memberships: Mapping[str, Membership]
    groups: Mapping[str, Place]
    invitations: tuple[str, ...]

    @classmethod
    def of(cls, profile: Holder) -> "Belonging":
        return cls(profile.memberships, profile.groups, tuple(profile.invitations))

    def joining(self, customer_id: str, membership: Membership) -> "Belonging":
        """In a Customer, or in another role there."""
        return replace(self, memberships={**self.memberships, customer_id: membership})

    def leaving(self, customer_id: str) -> "Belonging":
        """Without a Customer, and without every group in it."""
        memberships = {key: value for key, value in self.memberships.items() if key != customer_id}
        groups = {key: place for key, place in self.groups.items() if place.customer_id != customer_id}
        return replace(self, memberships=memberships, groups=groups)

    def entering(self, group_id: str, place: Place) -> "Belonging":
        """In a group, or in another role there, or with the group in another Customer."""
        return replace(self, groups={**self.groups, group_id: place})

    def quitting(self, group_id: str) -> "Belonging":
        """Without a group."""
        return replace(self, groups={key: place for key, place in self.groups.items() if key != group_id})

    def accepting(self, invitation_id: str) -> "Belonging":
        """With what an invitation opens."""
        return replace(self, invitations=(*dict.fromkeys((*self.invitations, invitation_id)),))

    def renouncing(self, invitation_id: str) -> "Belonging":
        """Without what an invitation opened."""
        return replace(self, invitations=tuple(one for one in self.invitations if one != invitation_id))

    def fields(self, uid: str) -> dict[str, Any]:
        """Return what a profile holds of this: the maps, and the principals derived from them."""
        return {
            "memberships": dict(self.memberships),
            "groups": dict(self.groups),
            "invitations": list(self.invitations),
            "principals": self.principals(uid),
        }

    def principals(self, uid: str) -> list[str]:
        """Return the names under which a person gets access: their own, and those of what they belong to."""
        names = [f"user:{uid}"]
        for customer_id, membership in self.memberships.items():
            names += [f"customer:{customer_id}", f"member:{membership.id}"]
            names += [f"admins:{customer_id}"] if membership.role in ADMINS else []
        for group_id, place in self.groups.items():
            names += [f"group:{group_id}"]
            names += [f"helpers:{group_id}"] if place.role is GroupRole.HELPER else []
        return [*names, *(f"invitation:{one}" for one in self.invitations)]
