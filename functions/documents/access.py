"""Who may do what with a document: the only place that decides, by the record and a person's principals alone."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from core.failures import Conflict, Forbidden, NotFound
from documents.records import DocumentRecord, Role


class Action(StrEnum):
    """What can be done with a document."""

    READ = "read"
    COMMENT = "comment"
    EDIT = "edit"
    SHARE = "share"
    TRANSFER = "transfer"
    TRASH = "trash"


class DocumentNotFound(NotFound):
    detail = "There is no such document, or you may not read it."


class DocumentForbidden(Forbidden):
    detail = "You can read this document, but your role does not allow that."


class DocumentTrashed(Conflict):
    detail = "The document is in the trash. Restore it first."


class MoreThanYouHold(DocumentForbidden):
    detail = (
        "Nobody gives more than they hold: no higher role, and none for longer. Nor can you touch a role above yours."
    )


OFFERED_FOR: Final = timedelta(days=14)
"""How long an offered document can be accepted."""

_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


_RANK: Final = {role: rank for rank, role in enumerate(Role)}
_NEEDED: Final = {
    Action.READ: Role.VIEWER,
    Action.COMMENT: Role.COMMENTER,
    Action.EDIT: Role.EDITOR,
    Action.SHARE: Role.EDITOR,
    Action.TRANSFER: Role.OWNER,
    Action.TRASH: Role.OWNER,
}


def role_of(document: DocumentRecord, principals: Collection[str], now: datetime) -> Role | None:
    """Return the highest role that any of these principals holds now, or None."""
    names, expires = frozenset(principals), document.expires
    held = [
        role for name, role in document.roles.items() if name in names and (name not in expires or now < expires[name])
    ]
    return max(held, key=_RANK.__getitem__, default=None)


def allows(role: Role, action: Action) -> bool:
    """Tell whether a role allows an action."""
    return _RANK[role] >= _RANK[_NEEDED[action]]


def at_least(role: Role, other: Role) -> bool:
    """Tell whether a role is as high as another, so that whoever has it may grant and take away the other."""
    return _RANK[role] >= _RANK[other]


@dataclass(frozen=True)
class Grant:
    """What a share gives: a role, and until when (None: without an end)."""

    role: Role
    until: datetime | None = None

    def covers(self, other: "Grant") -> bool:
        """Tell whether this gives all that the other gives."""
        return at_least(self.role, other.role) and (self.until or _FOREVER) >= (other.until or _FOREVER)


def grant_of(document: DocumentRecord, principal: str, now: datetime) -> Grant | None:
    """Return what a principal was granted and still has. An owner's role is no grant."""
    role, until = document.roles.get(principal), document.expires.get(principal)
    if role is None or role is Role.OWNER or (until and until <= now):
        return None
    return Grant(role, until)


def demand_grant(
    document: DocumentRecord, principals: Collection[str], had: Grant | None, wanted: Grant | None, now: datetime
) -> None:
    """Refuse a change of a share that is beyond these principals; `wanted` is None where it is to end.

    Raises MoreThanYouHold when what the share has is above their role, or what it is to have is more than they hold
    themselves and more than it has.
    """
    role = role_of(document, principals, now)
    if role is None or (had and not at_least(role, had.role)):
        raise MoreThanYouHold
    if wanted is None or (had and had.covers(wanted)):
        return
    held = [Grant(document.roles[name], document.expires.get(name)) for name in document.roles.keys() & {*principals}]
    if not any(mine.covers(wanted) for mine in held):
        raise MoreThanYouHold


def speaks_for_owner(document: DocumentRecord, principals: Collection[str], now: datetime) -> bool:
    """Tell whether these principals may give the document away: its owner, or an admin of the Customer that owns it."""
    if role_of(document, principals, now) is not Role.OWNER:
        return False
    return document.customer_id is None or f"admins:{document.customer_id}" in principals


def is_offered(document: DocumentRecord, now: datetime) -> bool:
    """Tell whether an offer to pass the document on stands."""
    at = document.offered_at
    return document.offered_to is not None and at is not None and now < at + OFFERED_FOR and not document.trashed


def may_accept(document: DocumentRecord, principals: Collection[str], now: datetime) -> bool:
    """Tell whether the document is offered to these principals.

    What is offered to a Customer can be accepted by its admins, and by its owner if they are a member.
    """
    to = document.offered_to
    if to is None or not is_offered(document, now):
        return False
    kind, _, name = to.partition(":")
    if kind == "user":
        return to in principals
    is_own = document.customer_id is None and speaks_for_owner(document, principals, now)
    return f"admins:{name}" in principals or (is_own and to in principals)


def sees(document: DocumentRecord, role: Role | None) -> bool:
    """Tell whether somebody of this role sees the document at all: one in the trash only who may put it there."""
    return role is not None and (not document.trashed or allows(role, Action.TRASH))


def demand(
    document: DocumentRecord | None,
    principals: Collection[str],
    action: Action,
    now: datetime,
    *,
    in_trash: bool = False,
) -> tuple[DocumentRecord, Role]:
    """Return the document and the caller's role if they may do this.

    Raises DocumentNotFound when they may not even see it, DocumentForbidden when they see it and may not, and
    DocumentTrashed when it lies in the trash and the action is not for documents there (reading always is).
    """
    role = role_of(document, principals, now) if document else None
    if document is None or role is None or not sees(document, role):
        raise DocumentNotFound
    if not allows(role, action) or (action is Action.TRANSFER and not speaks_for_owner(document, principals, now)):
        raise DocumentForbidden
    if document.trashed and not in_trash and action is not Action.READ:
        raise DocumentTrashed
    return document, role


def held(document: DocumentRecord, roles: Mapping[str, Role], expires: Mapping[str, datetime]) -> dict[str, object]:
    """Return what a document holds of these roles and the ends that some of them have, and all that follows from it."""
    kept = {name: end for name, end in expires.items() if name in roles}
    found = lists(roles, document.tags, trashed=document.trashed)
    return {"roles": dict(roles), "expires": kept, "next_expiry": min(kept.values(), default=None), **found}


def lists(roles: Mapping[str, Role], tags: Iterable[str], *, trashed: bool) -> dict[str, object]:
    """Derive from roles and tags what queries find a document by; one in the trash, for those who may see it there."""
    readers = sorted(p for p, role in roles.items() if not trashed or allows(role, Action.TRASH))
    return {
        "readers": readers,
        "can_read": dict.fromkeys(readers, True),
        "shared_with": [principal for principal in readers if roles[principal] is not Role.OWNER],
        "tagged": [tag_mark(principal, tag) for principal in readers for tag in tags],
    }


def tag_mark(principal: str, tag: str) -> str:
    """Return the short hash under which a document is listed for a principal and one of its tags."""
    # Its length goes before the principal, as both may hold any sign.
    return blake2b(f"{len(principal)}|{principal}|{tag}".encode(), digest_size=9).hexdigest()
