"""The one clock. Domain time can be moved by the embedded stack; identity's time cannot."""

from datetime import UTC, datetime, timedelta

_offset = timedelta()


def now() -> datetime:
    """Return domain time as an aware UTC datetime with microseconds, which is Firestore's resolution."""
    return datetime.now(UTC) + _offset


def wall() -> datetime:
    """Return the machine's own time, for tokens and sign-ins: moving the clock must expire no token."""
    return datetime.now(UTC)


def shift(offset: timedelta) -> None:
    """Let `now` run `offset` ahead of the machine. Only the embedded stack and tests call this."""
    global _offset
    _offset = offset
