"""Principals as shares name them: the id of a share, what is known of whom it is for, and who may be named at all."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Any

from accounts.profiles.acquaintance import acquainted
from accounts.profiles.records import AccountState, ProfileRecord, profiles
from accounts.records import CustomerRecord, GroupRecord, InvitationRecord, customers, groups, invitations
from core.data.collections import Key
from core.failures import Fault, Invalid, NotFound
from documents import access
from documents.access import Grant
from documents.records import DocumentRecord

Holder = ProfileRecord | GroupRecord | CustomerRecord | InvitationRecord
"""What is known of a principal."""


class ShareNotFound(NotFound):
    detail = "The document has no such share."


def share_id(principal: str) -> str:
    """Return the id of a document's share to a principal: one and the same for all documents."""
    return blake2b(principal.encode(), digest_size=16).hexdigest()


def parts(principal: str) -> tuple[str, str]:
    """Return the kind of a principal and the id that it names."""
    kind, _, name = principal.partition(":")
    return kind, name


def holder_at(principal: str) -> Key[Any] | None:
    """Return where what is known of a principal lies; None for a membership, which leads to nobody by itself."""
    kind, name = parts(principal)
    places = {
        "user": profiles,
        "group": groups,
        "helpers": groups,
        "customer": customers,
        "admins": customers,
        "invitation": invitations,
    }
    return places[kind].at(name) if kind in places else None


def shared(document: DocumentRecord, now: datetime) -> dict[str, Grant]:
    """Return whom a document is shared with, and what each has; what is over is left out."""
    grants = {name: access.grant_of(document, name, now) for name in document.roles}
    return {name: grant for name, grant in grants.items() if grant}


def named(document: DocumentRecord, wanted: str, now: datetime) -> tuple[str, Grant]:
    """Return whom the share of this id is for, and what they have. Raises ShareNotFound."""
    for principal, grant in shared(document, now).items():
        if share_id(principal) == wanted:
            return principal, grant
    raise ShareNotFound


def personal(principals: Iterable[str]) -> set[str]:
    """Return those of the principals that are one person's own, and can be given up by them."""
    return {name for name in principals if name.startswith(("user:", "invitation:"))}


def demand_nameable(document: DocumentRecord, own: ProfileRecord, principal: str, holder: Holder | None) -> None:
    """Refuse a principal that this person cannot name: Invalid, with nothing in it that tells why.

    A person can be named by whoever shares a group or Customer with them, or where they can read the document already;
    a Customer by its members; a group, or its helpers, by those who are in it.
    """
    kind, name = parts(principal)
    if kind == "user":
        known = isinstance(holder, ProfileRecord) and _is_known(document, own, holder)
    elif kind == "customer":
        known = principal in own.principals
    else:
        known = f"group:{name}" in own.principals
    if not known:
        raise _invalid("unknown_principal", "There is nobody of that name with whom you share a group or a Customer.")


def _is_known(document: DocumentRecord, own: ProfileRecord, other: ProfileRecord) -> bool:
    reads = not personal(document.roles).isdisjoint(other.principals) and other.state is not AccountState.ERASING
    return reads or acquainted(own, other)


def refuse_owner(principal: str) -> Invalid:
    """Return the failure that says that this is the owner already."""
    return _invalid("is_owner", f"{parts(principal)[0].capitalize()} and owner are one and the same.")


def refuse_self() -> Invalid:
    """Return the failure that says that this is the caller."""
    return _invalid("is_yourself", "That is you.")


def _invalid(code: str, detail: str) -> Invalid:
    return Invalid(faults=[Fault("/principal", code, detail)])
