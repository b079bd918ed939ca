"""Who gets the mail of a notice, and who does not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from accounts.profiles.purposes import OptionalPurpose, agreed, permits
from accounts.profiles.records import AccountState, ProfileRecord
from accounts.records import InvitationRecord, InvitationState
from core import addresses
from core.services.outbox import ACTIVITY, NoticeKind

ACTIVITY_MAIL: Final = OptionalPurpose.ACTIVITY_MAIL

_ZONE_OF_THE_INVITED: Final = "Europe/Oslo"


@dataclass(frozen=True)
class Recipient:
    """Where a mail goes, by what name it greets, and in which language and time zone it speaks."""

    address: str
    name: str
    language: Literal["nb", "en"]
    time_zone: str


def wants_activity(profile: ProfileRecord) -> bool:
    """Tell whether this person gets mail about activity; who has not said no does."""
    return agreed(profile, ACTIVITY_MAIL)


def person(profile: ProfileRecord | None, kind: NoticeKind) -> Recipient | None:
    """Return whom to write to of somebody with an account; None for those who get no mail of this kind.

    A restricted or suspended account gets what belongs to the service alone, an unverified address nothing, as it may
    be anybody's. Raises NotAnAddress for one that no mail can reach.
    """
    if profile is None or profile.state is AccountState.ERASING:
        return None
    if kind in ACTIVITY and not permits(profile, ACTIVITY_MAIL):
        return None
    if not profile.email or not profile.email_verified:
        return None
    return Recipient(_address(profile.email), profile.name, profile.locale, profile.time_zone)


def invited(invitation: InvitationRecord | None, now: datetime) -> Recipient | None:
    """Return whom to write to of an invitation; None for one that can no longer be accepted."""
    if invitation is None or invitation.state is not InvitationState.PENDING:
        return None
    if invitation.open_until is None or invitation.open_until <= now:
        return None
    return Recipient(_address(invitation.email), "", invitation.language, _ZONE_OF_THE_INVITED)


def _address(given: str) -> str:
    """Return an address as mail goes to it. Raises NotAnAddress, also for one that reads as an encoded word (RFC 2047).

    The library for messages decodes those, and what comes out of it could be headers.
    """
    if "=?" in given:
        raise addresses.NotAnAddress("an address that a header cannot hold")
    return addresses.normalised(given)
