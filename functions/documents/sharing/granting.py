"""Granting: a document is shared with somebody, by name or by e-mail, and a share is changed or revoked.

Each is one commit upon the document as it was read. What it holds decides from then on, so the next request of whoever
lost a role is refused, and of two changes at once the second looks at what the first has left.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from accounts.invitations import Invite, issued, revoked, state_at
from accounts.profiles.admission import Need, admit
from accounts.profiles.rates import INVITATIONS
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import InvitationRecord, InvitationState, invitations
from core import addresses
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Write
from core.failures import Conflict, Fault, IdempotencyKeyReused, Invalid
from core.ids import random_id
from core.services.outbox import NoticeKind, NoticeRecord, hand_over, notice
from core.services.queue import Tasks
from documents import access
from documents.access import Action, Grant
from documents.records import DocumentRecord, Role, documents
from documents.sharing import changes, principals, reading
from documents.sharing.principals import share_id
from documents.sharing.reading import Found, Share
from documents.sharing.records import ShareRecord, shares

MOST: Final = 100
"""Shares of one document: each makes it an entry longer in every list that finds it."""


class TooManyShares(Conflict):
    detail = f"A document can be shared with {MOST} at most. Share it with a group, or revoke a share first."


@dataclass(frozen=True)
class Wish:
    """What somebody is to get; `request`, if it has a key, and `fingerprint` know the request again."""

    grant: Grant
    request: str | None
    fingerprint: str


@dataclass(frozen=True)
class _Granted:
    """What came of a wish: the share, the mails that leave for it, whether an earlier request had made it."""

    share: Share
    told: list[Write[NoticeRecord]]
    replayed: bool = False


async def share(
    db: Database, tasks: Tasks, caller: Caller, document_id: str, principal: str, wish: Wish, now: datetime
) -> tuple[Share, bool]:
    """Share a document with a principal, or change the share that they have: 2 RPCs, 3 with a key.

    Returns the share, and whether an earlier request of the same key had made it. A person is told when it is new.
    Raises Invalid with the pointer /principal for whom the caller cannot name, MoreThanYouHold, TooManyShares, and
    IdempotencyKeyReused when the key came before with something else.
    """
    _refuse_past(wish.grant.until, now)
    granted = await _share(db, caller, document_id, principal, wish, now)
    await hand_over(tasks, *granted.told)
    return granted.share, granted.replayed


@again_when_moved
async def _share(db: Database, caller: Caller, document_id: str, principal: str, wish: Wish, now: datetime) -> _Granted:
    share_at, holder_at = shares.at(document_id, share_id(principal)), principals.holder_at(principal)
    own, read, record, holder = await admit(
        db, caller, Need.WRITE, documents.at(document_id), share_at, holder_at or profiles.at(caller.uid)
    )
    document, _ = access.demand(read, own.principals, Action.SHARE, now)
    if principal == caller.principal:
        raise principals.refuse_self()
    if document.roles.get(principal) is Role.OWNER:
        raise principals.refuse_owner(principal)
    principals.demand_nameable(document, own, principal, holder)
    return await _grant(db, document, Found(principal, record, holder), wish, own, now)


async def invite(
    db: Database,
    tasks: Tasks,
    secret: bytes,
    caller: Caller,
    document_id: str,
    email: str,
    wish: Wish,
    now: datetime,
) -> tuple[Share, bool]:
    """Share a document with whoever has this address, by an invitation, whether or not it has an account.

    The same address again changes the share that it has; once its invitation is over, it is invited anew. Costs at most
    6 RPCs. Returns as `share` does. Raises RateLimited besides.
    """
    _refuse_past(wish.grant.until, now)
    granted = await _invite(db, secret, caller, document_id, email, wish, now)
    await hand_over(tasks, *granted.told)
    return granted.share, granted.replayed


@again_when_moved
async def _invite(
    db: Database, secret: bytes, caller: Caller, document_id: str, email: str, wish: Wish, now: datetime
) -> _Granted:
    own, read, rate = await admit(db, caller, Need.WRITE, documents.at(document_id), INVITATIONS.key(caller.uid))
    document, _ = access.demand(read, own.principals, Action.SHARE, now)
    _refuse_own(email, own.email, caller.email)
    invited = [one for one in await _invited(db, document) if one.email == email]
    for one in invited:
        if state_at(one, now) in (InvitationState.PENDING, InvitationState.ACCEPTED):
            record = await db.get(shares.at(document_id, share_id(f"invitation:{one.id}")))
            return await _grant(db, document, Found(f"invitation:{one.id}", record, one), wish, own, now)
    to = Invite(email, opens=f"/v1/documents/{document_id}", language=document.language)
    invitation, mail = issued(secret, random_id(), to, caller.uid, wish.fingerprint, now)
    found = Found(f"invitation:{invitation.key.id}", None, invitation.content)
    over = [f"invitation:{one.id}" for one in invited]
    counted = INVITATIONS.count(caller.uid, rate, now)
    return await _grant(db, document, found, wish, own, now, invitation, counted, told=[mail], instead_of=over)


def _refuse_past(until: datetime | None, now: datetime) -> None:
    if until and until <= now:
        raise Invalid(faults=[Fault("/expiresAt", "not_in_future", "A share ends in the future.")])


def _refuse_own(email: str, *own: str | None) -> None:
    for address in own:
        try:
            is_own = address is not None and addresses.normalised(address) == email
        except addresses.NotAnAddress:
            continue
        if is_own:
            raise Invalid(faults=[Fault("/email", "is_yourself", "That is your own address.")])


async def _invited(db: Database, document: DocumentRecord) -> list[InvitationRecord]:
    ids = [name for kind, name in map(principals.parts, document.roles) if kind == "invitation"]
    return [found for found in await db.get_all(*map(invitations.at, ids)) if found]


async def _grant(
    db: Database,
    document: DocumentRecord,
    found: Found,
    wish: Wish,
    own: ProfileRecord,
    now: datetime,
    *more: Write[Any],
    told: Collection[Write[NoticeRecord]] = (),
    instead_of: Collection[str] = (),
) -> _Granted:
    """Commit a share with all that belongs to it; nothing for a request that comes again."""
    had = access.grant_of(document, found.principal, now)
    if found.principal == await _made_before(db, document, wish) and had:
        return _Granted(await reading.described(db, document, found, own, now), [], replayed=True)
    access.demand_grant(document, own.principals, had, wish.grant, now)
    if had is None and len(principals.shared(document, now).keys() - {*instead_of}) >= MOST:
        raise TooManyShares
    if had is None and found.uid:
        told = [notice(NoticeKind.SHARED, now, to=found.uid, actor=own.uid, about={"documentId": document.id})]
    change = documents.update(document, **changes.opened(document, found.principal, wish.grant, instead_of=instead_of))
    record = _record(document, found, wish, had, own.uid, now)
    over = [shares.remove(shares.at(document.id, share_id(one))) for one in instead_of]
    await db.commit(change, shares.put(record), *over, *more, *told)
    return _Granted(await reading.described(db, change.record, replace(found, record=record), own, now), [*told])


async def _made_before(db: Database, document: DocumentRecord, wish: Wish) -> str | None:
    """Return with whom an earlier request of the same key has shared: 1 RPC; none for a request without a key."""
    if wish.request is None:
        return None
    found = await db.query(shares.under(document.id).where("request", "==", wish.request).limit(1))
    if found and found[0].fingerprint != wish.fingerprint:
        raise IdempotencyKeyReused
    return found[0].principal if found else None


def _record(
    document: DocumentRecord, found: Found, wish: Wish, had: Grant | None, granter: str, now: datetime
) -> ShareRecord:
    """Return the record of a share; one that is there already keeps by whom and when it was given."""
    if had and found.record:
        return found.record.model_copy(update={"request": wish.request, "fingerprint": wish.fingerprint})
    return ShareRecord(
        document_id=document.id,
        id=share_id(found.principal),
        principal=found.principal,
        granted_by=granter,
        created_at=document.created_at if had else now,
        request=wish.request,
        fingerprint=wish.fingerprint,
    )


@again_when_moved
async def change(
    db: Database, caller: Caller, document_id: str, id_: str, wanted: dict[str, Any], now: datetime
) -> Share:
    """Give a share another `role`, another end `until`, or both: at most 4 RPCs.

    Raises ShareNotFound, and MoreThanYouHold.
    """
    _refuse_past(wanted.get("until"), now)
    own, read = await admit(db, caller, Need.WRITE, documents.at(document_id))
    document, _ = access.demand(read, own.principals, Action.SHARE, now)
    principal, had = principals.named(document, id_, now)
    grant = replace(had, **wanted)
    access.demand_grant(document, own.principals, had, grant, now)
    (found,) = await reading.looked_up(db, document, [principal])
    changed = documents.update(document, **changes.opened(document, principal, grant))
    if grant != had:
        await db.commit(changed)
    return await reading.described(db, changed.record, found, own, now)


@again_when_moved
async def revoke(db: Database, caller: Caller, document_id: str, id_: str, now: datetime) -> None:
    """End a share, and the invitation that it was given by if that is still open: 2 RPCs, 3 for an invitation.

    Raises ShareNotFound, and MoreThanYouHold for a role above the caller's own.
    """
    own, read = await admit(db, caller, Need.WRITE, documents.at(document_id))
    document, _ = access.demand(read, own.principals, Action.SHARE, now)
    principal, had = principals.named(document, id_, now)
    access.demand_grant(document, own.principals, had, None, now)
    await db.commit(*await ending(db, document, [principal], now))


async def ending(db: Database, document: DocumentRecord, over: Collection[str], now: datetime) -> list[Write[Any]]:
    """Return the writes that end these principals' shares: at most 1 RPC, for their invitations."""
    ids = [name for kind, name in map(principals.parts, over) if kind == "invitation"]
    invited = [found for found in await db.get_all(*map(invitations.at, ids)) if found]
    return [
        documents.update(document, **changes.closed(document, *over)),
        *(shares.remove(shares.at(document.id, share_id(one))) for one in over),
        *(write for one in invited for write in revoked(one, now)),
    ]
