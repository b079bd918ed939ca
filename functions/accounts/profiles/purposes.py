"""The optional purposes, and whether a person's data may be used for one now: everything asks here, each time."""

from enum import StrEnum
from typing import Final

from accounts.profiles.records import AccountState, ProfileRecord


class OptionalPurpose(StrEnum):
    """What a person decides about. Those on by default rest on legitimate interest, and can be objected to."""

    PRECISE_LOCATION = "precise_location"
    ANALYTICS = "analytics"
    NEWSLETTER = "newsletter"
    ACTIVITY_MAIL = "activity_mail"
    STATISTICS = "statistics"


ON_BY_DEFAULT: Final = frozenset({OptionalPurpose.ACTIVITY_MAIL, OptionalPurpose.STATISTICS})


def agreed(profile: ProfileRecord, purpose: OptionalPurpose) -> bool:
    """Tell what the person has said; who has said nothing has agreed to what is on by default alone."""
    return profile.consents.get(purpose, purpose in ON_BY_DEFAULT)


def permits(profile: ProfileRecord, purpose: OptionalPurpose) -> bool:
    """Tell whether data may be used so: the account is active, the person has agreed, and has not objected."""
    return profile.state is AccountState.ACTIVE and purpose not in profile.objections and agreed(profile, purpose)
