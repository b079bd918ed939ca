"""Leaving and withdrawing: a person gives up what is shared with them, or takes back all that a group had of them."""

from datetime import datetime
from typing import Any, Final

from accounts.memberships import HEAVY, Belonging
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import profiles
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Query, Write
from core.failures import Conflict
from documents import access
from documents.access import Action
from documents.records import DocumentRecord, Role, documents
from documents.sharing import changes, principals
from documents.sharing.principals import share_id
from documents.sharing.records import shares

AT_ONCE: Final = 100
"""Documents of one commit."""


class OwnersStay(Conflict):
    detail = "An owner cannot leave a document. Pass it on to somebody else, or move it to the trash."


class HeldThroughOthers(Conflict):
    detail = "It is not with you that this document is shared, but with a group or Customer of yours."


@again_when_moved
async def leave(db: Database, caller: Caller, document_id: str, now: datetime) -> None:
    """Give up what is shared with the caller in person, and the invitations that it came by, in one commit: 2 RPCs.

    What they see through a group or Customer stays. Raises OwnersStay, and HeldThroughOthers, which says through what,
    when there is nothing else.
    """
    own, found = await admit(db, caller, Need.WRITE, documents.at(document_id), heavy=HEAVY)
    document, role = access.demand(found, own.principals, Action.READ, now)
    if role is Role.OWNER:
        raise OwnersStay
    held = sorted(document.roles.keys() & {*own.principals})
    given_up = [name for name in held if name in principals.personal(held)]
    if not given_up:
        raise HeldThroughOthers(f"{HeldThroughOthers.detail[:-1]}: {', '.join(held)}.")
    belonging = Belonging.of(own)
    for kind, name in map(principals.parts, given_up):
        belonging = belonging.renouncing(name) if kind == "invitation" else belonging
    renounced: list[Write[Any]] = (
        [profiles.update(own, **belonging.fields(own.uid))] if belonging != Belonging.of(own) else []
    )
    await db.commit(*_without(document, *given_up), *renounced)


async def withdraw(db: Database, caller: Caller, principal: str, most: int) -> tuple[int, bool]:
    """Take back from a group or Customer what the caller owns and has shared with it, up to `most` documents.

    Returns how many that were, and whether there are more: whatever stops it, the next call goes on. The caller need
    not belong to it any longer. Costs 2 RPCs for every hundred documents, and 1 for every hundred in the trash, where
    a share sleeps until its document is restored.
    """
    await admit(db, caller, Need.WRITE)
    withdrawn = 0
    while withdrawn < most:
        count = await _withdraw_some(db, caller, principal)
        withdrawn += count
        if count < AT_ONCE:
            return withdrawn + await _withdraw_in_trash(db, caller, principal), False
    return withdrawn, True


@again_when_moved
async def _withdraw_some(db: Database, caller: Caller, principal: str) -> int:
    query = documents.under().where("readers", "array-contains", principal).where("owner_id", "==", caller.uid)
    query = query.where("trashed", "==", False).ordered("updated_at", descending=True)
    found = await db.query(query.limit(AT_ONCE))
    await _take_back(db, found, principal)
    return len(found)


async def _withdraw_in_trash(db: Database, caller: Caller, principal: str) -> int:
    query = documents.under().where("owner_id", "==", caller.uid).where("trashed", "==", True)
    withdrawn = 0
    after: DocumentRecord | None = None
    while page := await _page_of(db, query, after):
        withdrawn += await _withdraw_of(db, page, principal)
        after = page[-1]
    return withdrawn


async def _page_of(db: Database, query: Query[DocumentRecord], after: DocumentRecord | None) -> list[DocumentRecord]:
    return await db.query((query.start_after(documents.key_of(after)) if after else query).limit(AT_ONCE))


@again_when_moved
async def _withdraw_of(db: Database, page: list[DocumentRecord], principal: str) -> int:
    """Take back what is shared of a page, looked at anew: a commit that met a change comes back here."""
    known = [documents.key_of(one) for one in page if principal in one.roles]
    shared = [one for one in await db.get_all(*known) if one and principal in one.roles]
    await _take_back(db, shared, principal)
    return len(shared)


async def _take_back(db: Database, found: list[DocumentRecord], principal: str) -> None:
    await db.commit(*(write for document in found for write in _without(document, principal)))


def _without(document: DocumentRecord, *gone: str) -> list[Write[Any]]:
    """Return the writes that end these principals' shares."""
    over = [shares.remove(shares.at(document.id, share_id(one))) for one in gone]
    return [documents.update(document, **changes.closed(document, *gone)), *over]
