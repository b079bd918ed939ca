"""Where documents belong: to whoever made them, to a Customer, or to one of its groups, and the roles that follow.

A Customer's document has no owner but its admins. Its maker's role hangs on their membership there: it ends in the one
commit that ends the membership, and does not come back with another one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts import memberships
from accounts.profiles.records import ProfileRecord
from core.failures import Fault, Invalid
from documents import access
from documents.records import DocumentRecord, Role


@dataclass(frozen=True)
class Home:
    """Where a new document is wanted: in a Customer, in a group and with it in its Customer, or else with its maker.

    `pointer` is where in the request the names stand (JSON Pointer).
    """

    customer_id: str | None = None
    group_id: str | None = None
    pointer: str = ""

    @property
    def heavy(self) -> tuple[str, ...]:
        """The heavy fields of the maker's profile that `placed` needs."""
        return memberships.HEAVY if self.customer_id or self.group_id else ()


@dataclass(frozen=True)
class Placed:
    """Whose a new document is, who has which role, and which is its maker's."""

    roles: Mapping[str, Role]
    role: Role = Role.OWNER
    owner_id: str | None = None
    customer_id: str | None = None
    group_id: str | None = None


def placed(home: Home, maker: ProfileRecord) -> Placed:
    """Decide where a new document of this maker belongs.

    Raises Invalid for a Customer or group that they do not belong to, which reads like one that does not exist.
    """
    if home.group_id:
        return _in_group(home, home.group_id, maker)
    if home.customer_id:
        return _in_customer(home, home.customer_id, maker)
    return Placed({f"user:{maker.uid}": Role.OWNER}, owner_id=maker.uid)


def _in_customer(home: Home, customer_id: str, maker: ProfileRecord) -> Placed:
    if f"customer:{customer_id}" not in maker.principals:
        raise _refused(home, "customerId", "unknown_customer", "You belong to no such Customer.")
    member = f"member:{maker.memberships[customer_id].id}"
    return Placed({f"admins:{customer_id}": Role.OWNER, member: Role.OWNER}, customer_id=customer_id)


def _in_group(home: Home, group_id: str, maker: ProfileRecord) -> Placed:
    if f"group:{group_id}" not in maker.principals:
        raise _refused(home, "groupId", "unknown_group", "You belong to no such group.")
    customer_id = maker.groups[group_id].customer_id
    if home.customer_id not in (None, customer_id):
        raise _refused(home, "customerId", "other_customer", "The group is in another Customer.")
    membership = maker.memberships.get(customer_id)
    # Who came with the group from another Customer is no member of this one, and writes all the same.
    name, role = (f"member:{membership.id}", Role.OWNER) if membership else (f"user:{maker.uid}", Role.EDITOR)
    roles = {
        f"admins:{customer_id}": Role.OWNER,
        name: role,
        f"helpers:{group_id}": Role.EDITOR,
        f"group:{group_id}": Role.VIEWER,
    }
    return Placed(roles, role, customer_id=customer_id, group_id=group_id)


def _refused(home: Home, name: str, code: str, detail: str) -> Invalid:
    return Invalid(faults=[Fault(f"{home.pointer}/{name}", code, detail)])


def moved(document: DocumentRecord, customer_id: str) -> dict[str, Any]:
    """Return the changes by which a Customer's document goes to another Customer.

    The admins there own it, and whoever owned it by a membership of the former one may go on editing. What the former
    owner has offered to somebody is not the new one's to keep.
    """
    former = f"admins:{document.customer_id}"
    roles = {
        name: Role.EDITOR if name.startswith("member:") and role is Role.OWNER else role
        for name, role in document.roles.items()
        if name != former
    }
    admins = f"admins:{customer_id}"
    expires = {name: end for name, end in document.expires.items() if name != admins}
    offer = {"offered_to": None, "offered_at": None}
    return {"customer_id": customer_id, **offer, **access.held(document, roles | {admins: Role.OWNER}, expires)}


def parted(document: DocumentRecord, group_id: str) -> dict[str, Any]:
    """Return the changes by which a document has nothing more to do with a group that is no more."""
    principals = {f"group:{group_id}", f"helpers:{group_id}"}
    roles = {name: role for name, role in document.roles.items() if name not in principals}
    changes = access.held(document, roles, document.expires)
    if document.group_id == group_id:
        changes["group_id"] = None
    if document.offered_to in principals:
        changes |= {"offered_to": None, "offered_at": None}
    return changes
