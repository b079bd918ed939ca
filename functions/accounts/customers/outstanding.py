"""Invitations into a Customer once they are made: inviting one address, seeing, revoking and sending them again."""

from datetime import datetime, timedelta
from typing import Final

from accounts import invitations
from accounts.customers import authority, inviting
from accounts.customers.inviting import Refusal, Wish
from accounts.memberships import CustomerRole
from accounts.profiles.admission import Need, admit
from accounts.records import InvitationRecord, InvitationState, customers
from accounts.records import invitations as stored
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Write
from core.failures import Conflict, Failure, Fault, IdempotencyKeyReused, Invalid, NotFound, RateLimited
from core.paging import PageRequest
from core.services.outbox import NoticeKind, NoticeRecord, hand_over, notice
from core.services.queue import Tasks

MOST_RESENT: Final = 3
"""How often an invitation is sent again."""

APART: Final = timedelta(minutes=10)
"""The time between two mails of one invitation, at least."""


class InvitationUnknown(NotFound):
    detail = "This Customer has no such invitation, or it is not yours to see."


class AlreadyInvited(Conflict):
    detail = "This address has an open invitation into the Customer. Send that one again, or revoke it."


class NoSeatsLeft(Conflict):
    detail = "Every seat is taken, open invitations included."


class InvitationOver(Conflict):
    detail = "This invitation is no longer open."


class SentOften(Conflict):
    detail = "This invitation has been sent again three times, which is all. Revoke it and invite anew."


def _refused(refusal: Refusal) -> Failure:
    match refusal:
        case Refusal.ROLE_NOT_ALLOWED:
            return authority.CustomerForbidden()
        case Refusal.NO_SEATS_LEFT:
            return NoSeatsLeft()
        case Refusal.OWN_ADDRESS:
            return Invalid(faults=[Fault("/email", refusal.value, "That is your own address.")])
        case Refusal.UNKNOWN_GROUP:
            detail = "One of them is no group of this Customer that you may invite into."
            return Invalid(faults=[Fault("/groupIds", refusal.value, detail)])


async def invite(
    db: Database,
    tasks: Tasks,
    secret: bytes,
    caller: Caller,
    customer_id: str,
    wish: Wish,
    now: datetime,
    *,
    may_repeat: bool,
) -> tuple[InvitationRecord, bool]:
    """Invite one address. Returns the invitation, and whether an earlier request of the same seed had made it.

    Only a wish that `may_repeat` is looked for among what earlier requests have made. Raises AlreadyInvited,
    NoSeatsLeft, Invalid and IdempotencyKeyReused beside what `inviting.invite` does.
    """
    if may_repeat and (before := await _made_before(db, secret, caller, customer_id, wish)):
        return _repeated(before, wish), True
    (outcome,), told = await inviting.invite(db, secret, caller, customer_id, [wish], now)
    if outcome.refusal:
        raise _refused(outcome.refusal)
    assert outcome.invitation
    if not outcome.is_new:
        # Of two that are the same and come at once, the second meets what the first has just made.
        return _repeated(outcome.invitation, wish), True
    await hand_over(tasks, *told)
    return outcome.invitation, False


async def _made_before(
    db: Database, secret: bytes, caller: Caller, customer_id: str, wish: Wish
) -> InvitationRecord | None:
    key = stored.at(invitations.id_of(invitations.token_of(secret, wish.seed)))
    profile, customer, found = await admit(
        db, caller, Need.WRITE, customers.at(customer_id), key, heavy=authority.HEAVY
    )
    inviting.demand_inviter(profile, customer_id, customer)
    return found


def _repeated(found: InvitationRecord, wish: Wish) -> InvitationRecord:
    if found.seed != wish.seed:
        raise AlreadyInvited
    if found.fingerprint != wish.fingerprint:
        raise IdempotencyKeyReused
    return found


async def listed(
    db: Database, caller: Caller, customer_id: str, page: PageRequest
) -> tuple[list[InvitationRecord], str | None]:
    """Return a page of a Customer's invitations to an admin, newest first, those included that are over."""
    profile = await admit(db, caller, Need.READ, heavy=authority.HEAVY)
    authority.demand(profile, customer_id, CustomerRole.ADMIN)
    query = stored.under().where("customer_id", "==", customer_id).ordered("created_at", descending=True)
    return await page.of(db, query, lambda found: (found.created_at, found.id))


async def read(db: Database, caller: Caller, customer_id: str, invitation_id: str) -> InvitationRecord:
    """Return an invitation to an admin, or to whoever made it. Raises InvitationUnknown."""
    return await _demand(db, caller, Need.READ, customer_id, invitation_id)


async def _demand(db: Database, caller: Caller, need: Need, customer_id: str, invitation_id: str) -> InvitationRecord:
    profile, found = await admit(db, caller, need, stored.at(invitation_id), heavy=authority.HEAVY)
    own = authority.demand(profile, customer_id)
    theirs = found is not None and found.inviter_id == caller.uid and authority.at_least(own, CustomerRole.HELPER)
    if not theirs and not authority.at_least(own, CustomerRole.ADMIN):
        raise authority.CustomerForbidden
    if found is None or found.customer_id != customer_id:
        raise InvitationUnknown
    return found


@again_when_moved
async def revoke(db: Database, caller: Caller, customer_id: str, invitation_id: str, now: datetime) -> None:
    """Revoke an invitation and give its seat back. One that is over stays over; an accepted one is InvitationOver."""
    found = await _demand(db, caller, Need.WRITE, customer_id, invitation_id)
    if found.state is InvitationState.ACCEPTED:
        raise InvitationOver("This invitation has been accepted. Remove the member in its place.")
    if ending := invitations.revoked(found, now):
        await db.commit(*ending, customers.increment(customers.at(customer_id), seats_taken=-1))


async def resend(
    db: Database, tasks: Tasks, caller: Caller, customer_id: str, invitation_id: str, now: datetime
) -> InvitationRecord:
    """Send an open invitation once more, with the same link, which then holds for 7 days again.

    Raises InvitationOver, SentOften, and RateLimited within ten minutes of the last mail.
    """
    changed, told = await _resend(db, caller, customer_id, invitation_id, now)
    await hand_over(tasks, told)
    return changed


@again_when_moved
async def _resend(
    db: Database, caller: Caller, customer_id: str, invitation_id: str, now: datetime
) -> tuple[InvitationRecord, Write[NoticeRecord]]:
    found = await _demand(db, caller, Need.WRITE, customer_id, invitation_id)
    if invitations.state_at(found, now) is not InvitationState.PENDING:
        raise InvitationOver
    if found.sent > MOST_RESENT:
        raise SentOften
    if (wait := found.sent_at + APART - now) > timedelta():
        raise RateLimited(retry_after=int(wait.total_seconds()) + 1)
    told = notice(NoticeKind.INVITATION, now, invitation_id=found.id, actor=caller.uid)
    changed = invitations.renewed(found, now)
    await db.commit(changed, told)
    return changed.record, told
