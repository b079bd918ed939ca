"""Names of people, resolved when they are shown and never copied: correcting a name is one write."""

from collections.abc import Iterable
from time import monotonic
from typing import Final

from accounts.profiles.records import ProfileRecord, profiles
from core.data.database import Database

REMEMBERED_SECONDS: Final = 60
_MOST: Final = 10_000

_known: dict[tuple[str, str], tuple[str, float]] = {}


async def of(db: Database, uids: Iterable[str], *profile: ProfileRecord) -> dict[str, str]:
    """Return the names of these people, "" for who is gone: at most 1 RPC, none for names asked within a minute.

    A `profile` that is at hand is not read again.
    """
    names = {given.uid: given.name for given in profile}
    now = monotonic()
    unknown: list[str] = []
    for uid in set(uids) - names.keys():
        name, until = _known.get((db.name, uid), ("", 0.0))
        if now < until:
            names[uid] = name
        else:
            unknown.append(uid)
    for uid, found in zip(unknown, await db.get_all(*(profiles.at(uid) for uid in unknown)), strict=True):
        names[uid] = found.name if found else ""
        _remember(db, uid, names[uid], now)
    return names


def _remember(db: Database, uid: str, name: str, now: float) -> None:
    if len(_known) >= _MOST:
        _known.clear()
    _known[db.name, uid] = name, now + REMEMBERED_SECONDS
