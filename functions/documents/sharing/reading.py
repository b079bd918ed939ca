"""Reading shares: whom a document is shared with, as people know them; names are resolved when they are shown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts import invitations
from accounts.profiles import names
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord
from accounts.records import CustomerRecord, GroupRecord, InvitationRecord, InvitationState
from core.caller import Caller
from core.data.collections import Key
from core.data.database import Database
from core.paging import PageRequest, Place
from documents import access
from documents.access import Action
from documents.records import DocumentRecord, Role, documents
from documents.sharing import principals
from documents.sharing.principals import Holder
from documents.sharing.records import ShareRecord, shares


@dataclass(frozen=True)
class Share:
    """A share as it is shown.

    One by e-mail has the address, until somebody has accepted the invitation; then it names them.
    """

    id: str
    principal: str | None
    email: str | None
    name: str | None
    role: Role
    expires_at: datetime | None
    invitation: InvitationState | None
    granted_by: str | None
    created_at: datetime

    @property
    def place(self) -> Place:
        """Where it stands in the list: the newest first."""
        return -int(self.created_at.timestamp() * 1_000_000), self.id


@dataclass(frozen=True)
class Found:
    """A principal with a share, and what the database has of it."""

    principal: str
    record: ShareRecord | None
    holder: Holder | None

    @property
    def uid(self) -> str | None:
        """The person whom it stands for, if it stands for one."""
        kind, name = principals.parts(self.principal)
        if kind == "user":
            return name
        return self.holder.accepted_by if isinstance(self.holder, InvitationRecord) else None


async def listed(
    db: Database, caller: Caller, document_id: str, page: PageRequest, now: datetime
) -> tuple[list[Share], str | None]:
    """Return a page of a document's shares, newest first, and the token of the next: 3 RPCs.

    Who may share sees all of them, everybody else only those that are their own.
    """
    profile, found = await admit(db, caller, Need.READ, documents.at(document_id))
    document, role = access.demand(found, profile.principals, Action.READ, now)
    wanted = {*principals.shared(document, now)}
    if not access.allows(role, Action.SHARE):
        wanted &= {*profile.principals}
    every = await looked_up(db, document, wanted)
    known = await names.of(db, {one.uid for one in every if one.uid}, profile)
    ordered = sorted((shown(document, one, known, now) for one in every), key=lambda share: share.place)
    rest = [share for share in ordered if page.after is None or share.place > page.after]
    on_page = rest[: page.size]
    return on_page, page.token(on_page[-1].place) if len(rest) > page.size else None


async def looked_up(db: Database, document: DocumentRecord, wanted: Iterable[str]) -> list[Found]:
    """Read what there is of these principals' shares, and of whoever is no person: 1 RPC."""
    ordered = sorted(wanted)
    records = {one: shares.at(document.id, principals.share_id(one)) for one in ordered}
    holders = {one: key for one in ordered if not one.startswith("user:") and (key := principals.holder_at(one))}
    keys: list[Key[Any]] = [*records.values(), *holders.values()]
    found = dict(zip(keys, await db.get_all(*keys), strict=True))
    return [Found(one, found[records[one]], found[holders[one]] if one in holders else None) for one in ordered]


async def described(db: Database, document: DocumentRecord, found: Found, own: ProfileRecord, now: datetime) -> Share:
    """Return one share as it is shown; at most 1 RPC, for a name that is not at hand."""
    at_hand = [own, found.holder] if isinstance(found.holder, ProfileRecord) else [own]
    known = await names.of(db, [found.uid] if found.uid else [], *at_hand)
    return shown(document, found, known, now)


def shown(document: DocumentRecord, found: Found, known: Mapping[str, str], now: datetime) -> Share:
    """Make what is shown of a share; `known` are names by uid."""
    holder, record = found.holder, found.record
    invitation = holder if isinstance(holder, InvitationRecord) else None
    email = invitation.email if invitation and not invitation.accepted_by else None
    return Share(
        id=principals.share_id(found.principal),
        principal=None if email else f"user:{found.uid}" if found.uid else found.principal,
        email=email,
        name=known.get(found.uid) if found.uid else _name(holder),
        role=document.roles[found.principal],
        expires_at=document.expires.get(found.principal),
        invitation=invitations.state_at(invitation, now) if invitation else None,
        granted_by=record.granted_by if record else None,
        created_at=record.created_at if record else document.created_at,
    )


def _name(holder: Holder | None) -> str | None:
    return holder.name if isinstance(holder, GroupRecord | CustomerRecord) else None
