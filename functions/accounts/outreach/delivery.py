"""Delivering a notice by e-mail: at least once, by one at a time, again when the relay would not, and not for ever.

The claim is committed before the mail is sent, and with it when the next try is due. So a second delivery at the same
time steps back, and one that dies between the sending and the last commit is followed by another, of the same
Message-ID: SMTP can promise no more.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from accounts.outreach import envelopes, facts, letters, recipients
from accounts.outreach.facts import Facts
from accounts.outreach.links import Links
from accounts.outreach.recipients import Recipient
from core.addresses import NotAnAddress
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.logs import Log
from core.services.mail import Mail, NotSent
from core.services.outbox import ACTIVITY, NoticeRecord, notices

MOST_ATTEMPTS: Final = 20
"""With the waits below, the last try comes nearly three days after the first."""

_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=6)
# Instances' clocks differ a little, and a task may come to one whose clock is behind that of the notice's writer. Far
# less than what is left of a claim when `core.services.mail` gives up.
_SKEW: Final = timedelta(seconds=5)

_log = Log(__name__)


class Ending(StrEnum):
    """How a delivery ended."""

    SENT = "sent"
    UNWANTED = "unwanted"
    FAILED = "failed"
    WAITING = "waiting"
    OVER = "over"


def wait_after(attempt: int) -> timedelta:
    """How long after the beginning of an attempt the next may begin: a minute, doubled each time, at most six hours."""
    return min(_FIRST_WAIT * 2 ** (attempt - 1), _LONGEST_WAIT)


async def deliver(db: Database, mail: Mail, links: Links, notice_id: str, now: datetime) -> Ending:
    """Send the mail of a notice that is due, if its recipient gets one. WAITING: it is not due, or will be tried again.

    A notice whose tries are used up is dead: it stays in the app, and `failed_at` says so.
    """
    notice = await db.get(notices.at(notice_id))
    if notice is None or notice.due_at is None:
        return Ending.OVER
    if notice.due_at > now + _SKEW:
        return Ending.WAITING
    if notice.attempts >= MOST_ATTEMPTS:
        return await _bury(db, notice, now)
    claimed = await _claim(db, notice, now)
    return await _try(db, mail, links, claimed, now) if claimed else Ending.WAITING


async def _claim(db: Database, notice: NoticeRecord, now: datetime) -> NoticeRecord | None:
    """Take the notice for one attempt; None when another has it."""
    attempts = notice.attempts + 1
    claim = notices.update(notice, attempts=attempts, due_at=now + wait_after(attempts))
    try:
        await db.commit(claim)
    except Moved:
        return None
    return claim.record


async def _try(db: Database, mail: Mail, links: Links, notice: NoticeRecord, now: datetime) -> Ending:
    found = await facts.gathered(db, notice)
    try:
        recipient = _recipient(notice, found, now)
    except NotAnAddress:
        return await _bury(db, notice, now)
    if recipient is None:
        await _settle(db, notice, due_at=None)
        return Ending.UNWANTED
    try:
        await _send(mail, links, notice, recipient, found, now)
    except NotSent as refusal:
        return await _after(db, notice, refusal, now)
    await _settle(db, notice, due_at=None, sent_at=now)
    return Ending.SENT


def _recipient(notice: NoticeRecord, found: Facts, now: datetime) -> Recipient | None:
    if notice.invitation_id:
        return recipients.invited(found.invitation, now)
    return recipients.person(found.profile, notice.kind)


async def _send(
    mail: Mail, links: Links, notice: NoticeRecord, recipient: Recipient, found: Facts, now: datetime
) -> None:
    message = envelopes.message(
        letters.written(notice, recipient, found, links),
        sender=mail.sender,
        to=recipient.address,
        message_id=f"<{notice.id}@{mail.domain}>",
        now=now,
        unsubscribe=links.unsubscribe(notice.id) if notice.kind in ACTIVITY else None,
    )
    await mail.send(message, recipient.address)


async def _after(db: Database, notice: NoticeRecord, refusal: NotSent, now: datetime) -> Ending:
    if refusal.final or notice.attempts >= MOST_ATTEMPTS:
        return await _bury(db, notice, now)
    # The claim has set the next try, and the sweep finds it.
    _log.warning("mail_postponed", noticeId=notice.id, attempt=notice.attempts, status=refusal.status)
    return Ending.WAITING


async def _bury(db: Database, notice: NoticeRecord, now: datetime) -> Ending:
    _log.error("mail_dead", noticeId=notice.id)
    await _settle(db, notice, due_at=None, failed_at=now)
    return Ending.FAILED


async def _settle(db: Database, notice: NoticeRecord, **changes: datetime | None) -> None:
    """Write how an attempt ended. Its recipient may have read the notice meanwhile, so a lost race is tried again."""
    try:
        await db.commit(notices.update(notice, **changes))
    except Moved:
        await _settle_anew(db, notice, changes)


@again_when_moved
async def _settle_anew(db: Database, notice: NoticeRecord, changes: dict[str, datetime | None]) -> None:
    found = await db.get(notices.key_of(notice))
    # A later attempt writes for itself; and of an erased person nothing is left to write to.
    if found and found.attempts == notice.attempts:
        await db.commit(notices.update(found, **changes))
