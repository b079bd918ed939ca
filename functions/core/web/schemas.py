"""The base of what travels: drafts that come in, views that go out. camelCase outside, snake_case inside."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from core import addresses
from core.ids import ID_PATTERN, is_storable


class Draft(BaseModel):
    """What a client sends. Unknown fields are refused, and no type is guessed from another."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel, validate_by_alias=True)


class View(BaseModel):
    """What a client is shown. A field that is None is left out."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, frozen=True)

    @classmethod
    def showing(cls, record: BaseModel, **more: Any) -> Self:
        """Show the fields of a record that have the same names, and what `more` names."""
        return cls(**{name: getattr(record, name) for name in cls.model_fields.keys() - more.keys()}, **more)

    def to_json(self) -> bytes:
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


V = TypeVar("V", bound=View)


class Page(View, Generic[V]):
    """One page of a list; `nextPageToken` is absent on the last one."""

    items: Sequence[V]
    next_page_token: Annotated[
        str | None, Field(description="send it as pageToken to get the next page", examples=["Zm9yIHRoZSBuZXh0"])
    ] = None


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[
    AwareDatetime,
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-06-04T08:15:30.123Z"]}, mode="serialization"
    ),
]
"""A moment, RFC 3339 in UTC with milliseconds."""


_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.IGNORECASE
)


def _moment(given: object) -> datetime:
    # pydantic also takes numbers, and days without a time.
    if not isinstance(given, str) or not _RFC_3339.fullmatch(given):
        raise ValueError("a moment looks like 2026-06-04T08:15:30Z (RFC 3339)")
    try:
        return datetime.fromisoformat(given.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("there is no such moment") from error


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2027-06-18T12:00:00Z"]}),
]
"""A moment on its way in, RFC 3339 with any offset; it comes out in UTC."""


def _not_reserved(given: str) -> str:
    if not is_storable(given):
        raise ValueError("no id looks like that")
    return given


# For the document alone, as pydantic's own patterns cannot look ahead: what `is_storable` says besides.
_ID_IN_FULL: Final = ID_PATTERN.replace("^", "^(?!__.*__$)")
_UID_IN_FULL: Final = r"^(?!(?:\.|\.\.|__.*__)$)[^/\x00]+$"

Id = Annotated[
    str,
    Field(pattern=ID_PATTERN, json_schema_extra={"pattern": _ID_IN_FULL}),
    AfterValidator(_not_reserved),
]
"""One of our ids."""


AnId = Annotated[str, Field(examples=["k_Vl9ZP53pkTXlfbzl1kdS"])]
"""One of our ids, on its way out."""

AUid = Annotated[str, Field(examples=["kari-nordmann"])]
"""A Firebase uid, on its way out."""


def _can_name_a_person(uid: str) -> str:
    if "\x00" in uid or not is_storable(uid):
        raise ValueError("no uid looks like that")
    return uid


Uid = Annotated[
    str,
    Field(min_length=1, max_length=128, json_schema_extra={"pattern": _UID_IN_FULL}),
    AfterValidator(_can_name_a_person),
]
"""A Firebase uid: up to 128 characters of almost any kind."""


def _one_spelling(given: str) -> str:
    return addresses.normalised(given)


EmailAddress = Annotated[
    str,
    Field(min_length=3, max_length=addresses.LONGEST, json_schema_extra={"format": "email"}),
    AfterValidator(_one_spelling),
]
"""An e-mail address; it comes out in the one spelling of `core.addresses`."""


ONE_LINE: Final = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"
"""One character of a Line."""


def _whole(given: object) -> object:
    return int(given) if isinstance(given, float) and given.is_integer() else given


WHOLE = BeforeValidator(_whole)
"""For integer fields: JSON knows no difference between 3 and 3.0. It stands last, as what follows is not documented."""

Line = Annotated[str, Field(pattern=f"^{ONE_LINE}*$")]
"""Text on one line, without control characters."""

Text = Annotated[str, Field(pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
"""Text on many lines, without control characters other than tab and line ends."""
