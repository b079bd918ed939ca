"""The stack's one clock: a file that the Tasks server reads too, applied to `core.clock` of this process.

Only domain time moves. Identity asks `core.clock.wall()`, so no token expires by it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import isodate as _isodate  # pyright: ignore[reportMissingTypeStubs]

from core import clock
from infra.local.clock import FileClock
from infra.local.gateway.problems import invalid

isodate: Any = _isodate  # it is published without types
_RESOLUTION = timedelta(seconds=1)


class StackClock:
    """Domain time of the whole stack."""

    def __init__(self, file: FileClock) -> None:
        self._file = file
        self.apply()

    def now(self) -> datetime:
        """Return domain time, and let the functions of this process see it."""
        self.apply()
        return clock.now()

    @property
    def offset(self) -> timedelta:
        """How far domain time runs ahead of the machine."""
        return self._file.offset()

    def advance(self, step: timedelta) -> None:
        self._file.advance(step)
        self.apply()

    def apply(self) -> None:
        """Take over the file's offset: any process of the stack may have moved it."""
        clock.shift(self.offset)

    def view(self) -> dict[str, object]:
        """Return `{now, offset}`: RFC 3339 and an ISO 8601 duration."""
        offset: str = isodate.duration_isoformat(self.offset)
        return {"now": rfc3339(self.now()), "offset": offset}


def rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def step_of(body: object, now: datetime) -> timedelta:
    """Read `{"advance": "P15D"}`. Raises Invalid with the pointer of what is wrong. A month is as long as the next."""
    given = cast("dict[str, object]", body).get("advance") if isinstance(body, dict) else None
    if not isinstance(given, str):
        raise invalid("/advance", "missing", 'Send {"advance": "P15D"}: an ISO 8601 duration.')
    try:
        step: timedelta = isodate.parse_duration(given, as_timedelta_if_possible=False).totimedelta(start=now)
        _ = now + step + timedelta(days=366)
    except (isodate.ISO8601Error, ValueError, OverflowError):
        raise invalid("/advance", "malformed", "That is not an ISO 8601 duration within the calendar.") from None
    if step < _RESOLUTION:
        raise invalid("/advance", "not_ahead", "The clock only moves ahead, by a second or more.")
    return step
