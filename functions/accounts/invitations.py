"""Invitations: what makes one, and the secret that accepts it, which nothing that is stored holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

from accounts.memberships import CustomerRole
from accounts.records import InvitationRecord, InvitationState, invitations
from core import addresses
from core.data.operations import Write
from core.ids import keyed_hash
from core.services.outbox import NoticeKind, NoticeRecord, notice

OPEN_FOR: Final = timedelta(days=7)

KEPT: Final = timedelta(days=30)
"""How long an invitation that nobody has accepted is kept after its end."""


@dataclass(frozen=True)
class Invite:
    """Who is invited to what: into a Customer with a role and groups, or to what `opens` names alone.

    `email` is normalised; `language` is that of the mail.
    """

    email: str
    opens: str
    language: Literal["nb", "en"]
    customer_id: str | None = None
    role: CustomerRole | None = None
    group_ids: Sequence[str] = ()


def token_of(secret: bytes, seed: str) -> str:
    """Return the secret of 256 bits that goes into the mail's link, always the same for a seed."""
    return keyed_hash(secret, "invitation", seed)


def id_of(token: str) -> str:
    """Return the id of the invitation that a secret accepts: its SHA-256, in hexadecimal."""
    return sha256(token.encode()).hexdigest()


def issued(
    secret: bytes, seed: str, invite: Invite, inviter_id: str, fingerprint: str, now: datetime
) -> tuple[Write[InvitationRecord], Write[NoticeRecord]]:
    """Return the writes of an invitation and of the mail that brings it; they go into the commit of what it opens.

    `seed` is random, or derived from what makes the request known again.
    """
    record = InvitationRecord(
        id=id_of(token_of(secret, seed)),
        seed=seed,
        customer_id=invite.customer_id,
        role=invite.role,
        group_ids=list(invite.group_ids),
        opens=invite.opens,
        language=invite.language,
        email=invite.email,
        email_hash=addresses.hashed(secret, invite.email),
        inviter_id=inviter_id,
        open_until=now + OPEN_FOR,
        sent_at=now,
        expires_at=now + OPEN_FOR,
        purge_at=now + OPEN_FOR + KEPT,
        fingerprint=fingerprint,
        created_at=now,
    )
    told = notice(NoticeKind.INVITATION, now, invitation_id=record.id, actor=inviter_id)
    return invitations.create(record), told


def state_at(record: InvitationRecord, now: datetime) -> InvitationState:
    """Return what an invitation is now: one whose time is over has expired, whether or not that is written yet."""
    overdue = record.state is InvitationState.PENDING and record.open_until is not None and record.open_until <= now
    return InvitationState.EXPIRED if overdue else record.state


def revoked(record: InvitationRecord, now: datetime) -> list[Write[InvitationRecord]]:
    """Return the write after which an invitation opens nothing; none for one that is not pending.

    It is guarded, so acceptance at the same moment wins or loses whole. An accepted one ends where it has led to.
    """
    return [ended(record, InvitationState.REVOKED, now)] if record.state is InvitationState.PENDING else []


def ended(record: InvitationRecord, state: InvitationState, now: datetime) -> Write[InvitationRecord]:
    """Return the guarded write that ends a pending invitation without anybody having accepted it."""
    until = min(now, record.expires_at)
    return invitations.update(record, state=state, open_until=None, expires_at=until, purge_at=until + KEPT)
