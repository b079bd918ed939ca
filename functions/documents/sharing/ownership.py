"""Ownership: a document is offered to a person or a Customer, and is theirs once they have accepted.

Nobody becomes an owner without wanting to, and no offer opens anything before. The room that a document's files take
stays with whoever brought them, whatever becomes of the document.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.memberships import HEAVY
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import CustomerRecord, customers
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Change, Write
from core.failures import NotFound
from core.services.outbox import NoticeKind, NoticeRecord, hand_over, notice
from core.services.queue import Tasks
from documents import access
from documents.access import OFFERED_FOR, Action
from documents.records import DocumentRecord, Role, documents
from documents.sharing import changes, principals
from documents.sharing.principals import Holder, share_id
from documents.sharing.records import ShareRecord, shares


class OfferNotFound(NotFound):
    detail = "There is no such document, or it is not offered to you."


@dataclass(frozen=True)
class Offer:
    """To whom a document is offered, and until when they can accept."""

    principal: str
    name: str | None
    offered_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, document: DocumentRecord, holder: Holder | None) -> "Offer":
        assert document.offered_to and document.offered_at
        name = holder.name if isinstance(holder, ProfileRecord | CustomerRecord) else None
        return cls(document.offered_to, name, document.offered_at, document.offered_at + OFFERED_FOR)


async def offer(db: Database, tasks: Tasks, caller: Caller, document_id: str, principal: str, now: datetime) -> Offer:
    """Offer a document to a person or a Customer, in place of an earlier offer: 2 RPCs. They are told.

    The same offer again, while it stands, is the same. Raises Invalid with the pointer /principal for whom the caller
    cannot name, and for the owner.
    """
    made, told = await _offer(db, caller, document_id, principal, now)
    await hand_over(tasks, *told)
    return made


@again_when_moved
async def _offer(
    db: Database, caller: Caller, document_id: str, principal: str, now: datetime
) -> tuple[Offer, list[Write[NoticeRecord]]]:
    holder_at = principals.holder_at(principal) or profiles.at(caller.uid)
    own, found, holder = await admit(db, caller, Need.WRITE, documents.at(document_id), holder_at)
    document, _ = access.demand(found, own.principals, Action.TRANSFER, now)
    if document.roles.get(principal) is Role.OWNER or principal == f"customer:{document.customer_id}":
        raise principals.refuse_owner(principal)
    principals.demand_nameable(document, own, principal, holder)
    if document.offered_to == principal and access.is_offered(document, now):
        return Offer.of(document, holder), []
    change = documents.update(document, offered_to=principal, offered_at=now)
    told = _told(NoticeKind.OWNERSHIP_OFFERED, now, document, own.uid, [holder])
    await db.commit(change, *told)
    return Offer.of(change.record, holder), told


async def read(db: Database, caller: Caller, document_id: str, now: datetime) -> Offer:
    """Return the offer that stands, to who made it or may accept it: 2 RPCs. Raises OfferNotFound."""
    own, found = await admit(db, caller, Need.READ, documents.at(document_id))
    document = _demand_party(found, own, now)
    at = principals.holder_at(document.offered_to or "")
    return Offer.of(document, await db.get(at) if at else None)


@again_when_moved
async def cancel(db: Database, caller: Caller, document_id: str, now: datetime) -> None:
    """Withdraw or decline the offer that stands: 2 RPCs. Raises OfferNotFound."""
    own, found = await admit(db, caller, Need.WRITE, documents.at(document_id))
    await db.commit(documents.update(_demand_party(found, own, now), offered_to=None, offered_at=None))


def _demand_party(found: DocumentRecord | None, own: ProfileRecord, now: datetime) -> DocumentRecord:
    if found and access.may_accept(found, own.principals, now):
        return found
    document, _ = access.demand(found, own.principals, Action.TRANSFER, now, in_trash=True)
    if not access.is_offered(document, now):
        raise OfferNotFound
    return document


async def accept(
    db: Database, tasks: Tasks, caller: Caller, document_id: str, now: datetime
) -> tuple[DocumentRecord, Role]:
    """Accept what is offered to the caller, or to a Customer for which they may: at most 3 RPCs.

    A document that goes to a person is theirs alone, and leaves its Customer and group; who owned it can edit. One that
    goes to a Customer belongs to it and its admins, and stays its former owner's for as long as they are a member, if
    they are. Raises OfferNotFound; of two who accept at once, the second finds nothing.
    """
    document, role, told = await _accept(db, caller, document_id, now)
    await hand_over(tasks, *told)
    return document, role


@again_when_moved
async def _accept(
    db: Database, caller: Caller, document_id: str, now: datetime
) -> tuple[DocumentRecord, Role, list[Write[NoticeRecord]]]:
    own, document = await admit(db, caller, Need.WRITE, documents.at(document_id), heavy=HEAVY)
    if document is None or not access.may_accept(document, own.principals, now):
        raise OfferNotFound
    former, customer = await _former(db, document)
    kind, name = principals.parts(document.offered_to or "")
    handed = _to_person(document, own) if kind == "user" else _to_customer(document, name, former)
    told = _told(NoticeKind.OWNERSHIP_ACCEPTED, now, document, own.uid, [former, customer])
    await db.commit(handed, *_shares(document, handed.record, own.uid, now), *told)
    role = access.role_of(handed.record, own.principals, now)
    assert role
    return handed.record, role, told


async def _former(db: Database, document: DocumentRecord) -> tuple[ProfileRecord | None, CustomerRecord | None]:
    """Read who owns a document: a person, or a Customer."""
    if document.owner_id:
        return await db.get(profiles.at(document.owner_id), heavy=HEAVY), None
    return None, await db.get(customers.at(document.customer_id)) if document.customer_id else None


def _to_person(document: DocumentRecord, person: ProfileRecord) -> Change[DocumentRecord]:
    # What they held by invitation or as a member's work is no more than what they have now.
    less = {name for name in person.principals if name.startswith(("invitation:", "member:"))}
    fields = changes.handed(document, [f"user:{person.uid}"], less)
    return documents.update(document, owner_id=person.uid, customer_id=None, group_id=None, **fields)


def _to_customer(document: DocumentRecord, customer_id: str, former: ProfileRecord | None) -> Change[DocumentRecord]:
    membership = former.memberships.get(customer_id) if former else None
    admins = f"admins:{customer_id}"
    if former and membership:
        fields = changes.handed(document, [admins, f"member:{membership.id}"], [f"user:{former.uid}"])
    else:
        fields = changes.handed(document, [admins], [])
    return documents.update(document, owner_id=None, customer_id=customer_id, group_id=None, **fields)


def _shares(before: DocumentRecord, after: DocumentRecord, granter: str, now: datetime) -> list[Write[Any]]:
    """Return the writes of shares' records that follow from a document's new roles."""
    over = [name for name in before.roles if after.roles.get(name, Role.OWNER) is Role.OWNER]
    new = [
        name for name, role in after.roles.items() if before.roles.get(name) is Role.OWNER and role is not Role.OWNER
    ]
    return [
        *(shares.remove(shares.at(after.id, share_id(name))) for name in over),
        *(
            shares.put(
                ShareRecord(document_id=after.id, id=share_id(name), principal=name, granted_by=granter, created_at=now)
            )
            for name in new
        ),
    ]


def _told(
    kind: NoticeKind, now: datetime, document: DocumentRecord, actor: str, whom: Iterable[Holder | None]
) -> list[Write[NoticeRecord]]:
    """Return the notices to a person, or to a Customer's owners."""
    written: list[Write[NoticeRecord]] = []
    for one in whom:
        about = {"documentId": document.id} | ({"customerId": one.id} if isinstance(one, CustomerRecord) else {})
        uids = one.owners if isinstance(one, CustomerRecord) else [one.uid] if isinstance(one, ProfileRecord) else []
        written += [notice(kind, now, to=uid, actor=actor, about=about) for uid in uids if uid != actor]
    return written
