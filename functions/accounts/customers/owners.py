"""The owners of a Customer, of whom one always remains: kept on its record, which is changed as it was read."""

from typing import Final

from accounts.memberships import CustomerRole
from accounts.records import CustomerKind, CustomerRecord
from core.failures import Conflict

MOST: Final = 100
"""Owners of one Customer: their list travels with every read of it."""


class LastOwner(Conflict):
    detail = "A Customer keeps one owner at least. Make somebody else an owner first."


class OwnerRefused(Conflict):
    detail = "A Customer of kind individual has one owner, and any other has 100 at most."


def changed(customer: CustomerRecord, uid: str, role: CustomerRole | None) -> list[str]:
    """Return the owners when this person has that role (None: no more).

    Raises LastOwner and OwnerRefused. Whoever writes them does so with a guarded update, so of two owners who leave at
    the same moment one meets a Customer of which they are the last.
    """
    others = [owner for owner in customer.owners if owner != uid]
    if role is CustomerRole.OWNER:
        if others and (customer.kind is CustomerKind.INDIVIDUAL or len(others) >= MOST):
            raise OwnerRefused
        return [*others, uid]
    if not others:
        raise LastOwner
    return others
