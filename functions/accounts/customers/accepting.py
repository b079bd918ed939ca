"""Accepting an invitation: whoever holds its secret and has its address gets what it opens, once.

Every failure is one and the same, so that nobody learns from it which invitations there are or whose address is whose.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from accounts.customers import inviting
from accounts.customers.joining import Joining
from accounts.customers.owners import OwnerRefused
from accounts.customers.service import TooManyMemberships
from accounts.invitations import id_of, state_at
from accounts.memberships import HEAVY, Belonging, CustomerRole, TooManyGroups
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import InvitationRecord, InvitationState, invitations
from core import addresses
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Write
from core.failures import Conflict, NotFound
from core.services.outbox import NoticeKind, NoticeRecord, hand_over, notice
from core.services.queue import Tasks

MOST_OPENED: Final = 200
"""Invitations to single things that a person has accepted and still holds: each is a principal of theirs."""


class InvitationNotFound(NotFound):
    detail = (
        "There is no open invitation of this token for you. It may be over, or be for another address: "
        "sign in with the one that it was sent to, and verify that first."
    )


class TooManyOpened(Conflict):
    detail = "You hold 200 invitations of others, and nobody holds more. Leave one of their documents first."


REFUSALS: Final = (InvitationNotFound, TooManyOpened, TooManyMemberships, TooManyGroups, OwnerRefused)
"""What accepting can be refused for."""


@dataclass(frozen=True)
class Accepted:
    """Where an accepted invitation leads: an address of this API, with a Customer and one's role there if it is one."""

    opens: str
    customer_id: str | None = None
    role: CustomerRole | None = None


async def accept(db: Database, tasks: Tasks, secret: bytes, caller: Caller, token: str, now: datetime) -> Accepted:
    """Accept an invitation with its secret; again by the same person, it answers the same and does no more.

    Raises InvitationNotFound for whatever is not so, and the others of REFUSALS where there is no room.
    """
    accepted, told = await _accept(db, secret, caller, token, now)
    await hand_over(tasks, *told)
    return accepted


@again_when_moved
async def _accept(
    db: Database, secret: bytes, caller: Caller, token: str, now: datetime
) -> tuple[Accepted, list[Write[NoticeRecord]]]:
    profile, found = await admit(db, caller, Need.WRITE, invitations.at(id_of(token)), heavy=HEAVY)
    if found and found.accepted_by == caller.uid:
        return _what_stands(Belonging.of(profile), found), []
    invitation = _demand(secret, caller, found, now)
    belonging, writes = await _opened(db, profile, invitation, now)
    told = _joined(invitation, caller, now)
    await db.commit(
        profiles.update(profile, **belonging.fields(caller.uid)),
        invitations.update(
            invitation, state=InvitationState.ACCEPTED, accepted_by=caller.uid, open_until=None, purge_at=None
        ),
        *writes,
        told,
    )
    return _what_stands(belonging, invitation), [told]


async def _opened(
    db: Database, profile: ProfileRecord, invitation: InvitationRecord, now: datetime
) -> tuple[Belonging, list[Write[Any]]]:
    """Return what the person belongs to once they have accepted, and what is written beside their profile."""
    belonging = Belonging.of(profile)
    if invitation.customer_id:
        joining = Joining(profile.uid, invitation.customer_id, belonging, invitation, now)
        await joining.join(db)
        return joining.belonging, joining.writes
    if len(profile.invitations) >= MOST_OPENED:
        raise TooManyOpened
    return belonging.accepting(invitation.id), []


def _demand(secret: bytes, caller: Caller, found: InvitationRecord | None, now: datetime) -> InvitationRecord:
    """Return the invitation if it is open, and for the caller's verified address. Raises InvitationNotFound."""
    address = inviting.own_address(caller) if caller.email_verified else None
    if found is None or address is None or state_at(found, now) is not InvitationState.PENDING:
        raise InvitationNotFound
    if not hmac.compare_digest(addresses.hashed(secret, address), found.email_hash):
        raise InvitationNotFound
    return found


def _what_stands(belonging: Belonging, invitation: InvitationRecord) -> Accepted:
    """Return what the invitation has led to. Raises InvitationNotFound when that is over: it opens nothing twice."""
    customer_id = invitation.customer_id
    if customer_id is None:
        if invitation.id not in belonging.invitations:
            raise InvitationNotFound
        return Accepted(invitation.opens)
    if (membership := belonging.memberships.get(customer_id)) is None:
        raise InvitationNotFound
    return Accepted(invitation.opens, customer_id, membership.role)


def _joined(invitation: InvitationRecord, caller: Caller, now: datetime) -> Write[NoticeRecord]:
    about = {"invitationId": invitation.id}
    if invitation.customer_id:
        about["customerId"] = invitation.customer_id
    return notice(NoticeKind.JOINED, now, to=invitation.inviter_id, actor=caller.uid, about=about)
