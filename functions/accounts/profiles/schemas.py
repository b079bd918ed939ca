"""What travels about a person's account."""

from functools import cache
from typing import Annotated, Final, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from accounts.profiles.records import (
    AccountState,
    DeviceKind,
    SecurityEventKind,
)
from core.web.schemas import ONE_LINE, AnId, AUid, Draft, Line, Page, Time, View

# What the database holds besides zones: the machine's own, and the answer to having none.
_NO_ZONES: Final = {"localtime", "Factory"}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NO_ZONES)


def _e164(given: str) -> str:
    # Imported here: its tables cost every cold start and few requests need them.
    import phonenumbers

    try:
        number = phonenumbers.parse(given, "NO")
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a telephone number; write it with its country code, such as +47 22 22 22 22") from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError("no such telephone number exists; check its length and country code")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _known_zone(given: str) -> str:
    if given not in _zones():
        raise ValueError("not a time zone of the IANA database, such as Europe/Oslo")
    return given


def _tidy(given: str) -> str:
    return " ".join(given.split())


# A name needs a visible character: white space, joiners and marks of direction stand inside real names, but make none.
_INVISIBLE: Final = (
    r"\x00-\x20\x7f-\xa0\xad\u034f\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
    # As they are, since no one way of writing them is read by Python, Rust and ECMAScript alike.
    "\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_NAME: Final = rf"^{ONE_LINE}*[^{_INVISIBLE}]{ONE_LINE}*$"

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=_NAME), AfterValidator(_tidy)]
"""A name of somebody or of something of theirs: on one line, with something to be seen in it."""


class ProfileChange(Draft):
    """The fields to change; those left out stay as they are."""

    name: Name = ""
    phone: Annotated[
        Annotated[
            Line, Field(min_length=3, max_length=32, json_schema_extra={"format": "phone"}), AfterValidator(_e164)
        ]
        | None,
        Field(description="Norwegian, or with its country code; kept as E.164; null removes it"),
    ] = None
    locale: Literal["nb", "en"] = "nb"
    time_zone: Annotated[
        Line,
        Field(
            min_length=1, max_length=64, description="of the IANA database", json_schema_extra={"format": "time-zone"}
        ),
        AfterValidator(_known_zone),
    ] = "Europe/Oslo"


PictureUrl = Annotated[
    str | None,
    Field(
        description="a square WebP; the address holds for half an hour or more",
        examples=["https://storage.googleapis.com/dokker-files/pictures/…"],
    ),
]


class StorageView(View):
    """What a person's files take, uploads on their way included, and what they may take, in bytes."""

    used_bytes: Annotated[int, Field(examples=[2_483_112])]
    limit_bytes: Annotated[int, Field(examples=[2_147_483_648])]


class ProfileView(View):
    uid: AUid
    name: Annotated[str, Field(examples=["Kari Nordmann"])]
    email: Annotated[str | None, Field(examples=["kari@example.com"])]
    email_verified: Annotated[bool, Field(examples=[True])]
    phone: Annotated[str | None, Field(examples=["+4722222222"])]
    locale: Literal["nb", "en"]
    time_zone: Annotated[str, Field(examples=["Europe/Oslo"])]
    picture_url: PictureUrl
    state: AccountState
    storage: StorageView
    created_at: Time


class PersonView(View):
    """What people who share something know of each other."""

    uid: AUid
    name: Annotated[str, Field(examples=["Kari Nordmann"])]
    picture_url: PictureUrl


class PictureChanged(View):
    picture_url: PictureUrl


class DeviceView(View):
    id: AnId
    kind: DeviceKind
    system: Annotated[str, Field(examples=["iOS"])]
    first_seen_at: Time
    last_seen_at: Annotated[Time, Field(description="to the hour")]


class DevicePage(Page[DeviceView]):
    """A page of devices, the last seen first."""


class SecurityEventView(View):
    id: AnId
    kind: SecurityEventKind
    device_id: AnId | None
    state: AccountState | None
    at: Time


class SecurityEventPage(Page[SecurityEventView]):
    """A page of security events, newest first."""


class DevicesForgotten(View):
    forgotten: Annotated[int, Field(examples=[2])]


class SessionsRevoked(View):
    revoked_at: Annotated[Time, Field(description="sessions that began before are over, at once")]
