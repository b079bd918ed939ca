"""Unsubscribing from a mail program, by one click and without a sign-in (RFC 8058)."""

import hmac
import re
from typing import Final

from accounts.outreach.recipients import ACTIVITY_MAIL, wants_activity
from accounts.profiles.records import profiles
from core.data.contention import again_when_moved
from core.data.database import Database
from core.failures import Failure, Fault, Malformed, NotFound
from core.ids import is_storable, keyed_hash
from core.services.outbox import notices

MEDIA_TYPES: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
"""In which forms a mail program may send its one field (RFC 8058, section 3.2)."""

_ONE_CLICK: Final = re.compile(rb'List-Unsubscribe(?:=|"\r?\n(?:[^\r\n]+\r?\n)*\r?\n)One-Click')


class WrongToken(NotFound):
    detail = "This token unsubscribes nobody. Mails can be switched off in Dokker, too."


def token(secret: bytes, notice_id: str) -> str:
    """Return what unsubscribes the person whom a notice is for: it names the notice, never the person."""
    return f"{notice_id}.{_mac(secret, notice_id)}"


def _mac(secret: bytes, notice_id: str) -> str:
    return keyed_hash(secret, "unsubscribe", notice_id)


def refuse_unless_one_click(body: bytes) -> None:
    """Raise Malformed unless the form says List-Unsubscribe=One-Click, as only a mail program's does."""
    if not _ONE_CLICK.search(body):
        raise _not_one_click()


def _not_one_click() -> Failure:
    detail = "The form's one field is List-Unsubscribe=One-Click."
    return Malformed(detail, faults=[Fault("", "not_one_click", detail)])


def notice_of(secret: bytes, given: str) -> str:
    """Return the id of the notice that a token is for. Raises WrongToken."""
    notice_id, _, mac = given.partition(".")
    # Bytes, as compare_digest takes no text beyond ASCII.
    if not is_storable(notice_id) or not hmac.compare_digest(mac.encode(), _mac(secret, notice_id).encode()):
        raise WrongToken
    return notice_id


@again_when_moved
async def unsubscribe(db: Database, notice_id: str) -> None:
    """Switch mail about activity off for the person whom a notice is for; done again, it changes nothing.

    Withdrawing is open to every account that is there. Raises WrongToken when the notice is gone.
    """
    notice = await db.get(notices.at(notice_id))
    if notice is None or notice.uid is None:
        raise WrongToken
    profile = await db.get(profiles.at(notice.uid))
    if profile and wants_activity(profile):
        await db.commit(profiles.update(profile, consents={**profile.consents, ACTIVITY_MAIL: False}))
