"""Devices: a client names itself by a random id of its own, so that people see from where they are signed in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from accounts.profiles.admission import Need, admit
from accounts.profiles.records import (
    AccountState,
    DeviceKind,
    DeviceRecord,
    ProfileRecord,
    SecurityEventKind,
    devices,
)
from accounts.profiles.security_events import event
from core.caller import Caller
from core.data.database import MOST_WRITES, Database, Moved
from core.failures import NotFound
from core.paging import PageRequest
from core.services.outbox import NoticeKind, hand_over, notice
from core.services.queue import Tasks

MOST: Final = 50
"""Devices kept for one person; the one unseen for longest makes room."""

KEPT: Final = timedelta(days=365)
"""How long a device is kept after it was last seen."""

NEW_ACCOUNT: Final = timedelta(days=1)
"""How young an account is whose first device is no news to anybody."""

# What stands in a user agent, looked for in this order, as later words occur beside earlier ones.
_SYSTEMS: Final = (
    ("iPhone", DeviceKind.PHONE, "iOS"),
    ("iPad", DeviceKind.TABLET, "iPadOS"),
    ("Android", DeviceKind.TABLET, "Android"),
    ("CrOS", DeviceKind.COMPUTER, "ChromeOS"),
    ("Windows", DeviceKind.COMPUTER, "Windows"),
    ("Macintosh", DeviceKind.COMPUTER, "macOS"),
    ("Linux", DeviceKind.COMPUTER, "Linux"),
)
_UNKNOWN: Final = ("", DeviceKind.OTHER, "")


class DeviceNotFound(NotFound):
    detail = "You have no such device."


@dataclass(frozen=True)
class SeenDevice:
    """A device as a request shows it."""

    id: str
    kind: DeviceKind
    system: str

    @classmethod
    def of(cls, device_id: str, user_agent: str, platform: str, mobile: str) -> "SeenDevice":
        """Read kind and system from the user agent; what the client says by itself (client hints) goes before.

        Hints: https://wicg.github.io/ua-client-hints/
        """
        said = platform.strip('"')
        hinted = next((line for line in _SYSTEMS if line[2] == said), None)
        _, kind, system = hinted or next((line for line in _SYSTEMS if line[0] in user_agent), _UNKNOWN)
        if mobile == "?1" or ("Android" in user_agent and "Mobile" in user_agent):
            kind = DeviceKind.PHONE
        return cls(device_id, kind, said or system)


async def note(db: Database, tasks: Tasks, profile: ProfileRecord, seen: SeenDevice, now: datetime) -> None:
    """Note that a device was seen, to the hour. One that is new is a security event, in the same commit.

    Its owner is told, unless it is the first of an account that was just made.

    While processing is restricted (GDPR article 18) nothing is noted.
    """
    if profile.state is AccountState.RESTRICTED:
        return
    uid = profile.uid
    hour = now.replace(minute=0, second=0, microsecond=0)
    known = await db.get(devices.at(uid, seen.id))
    if known is None:
        await _add(db, tasks, profile, seen, hour, now)
    elif known.last_seen_at < hour:
        await db.commit(devices.put(_record(uid, seen, known.first_seen_at, hour)))


async def _add(
    db: Database, tasks: Tasks, profile: ProfileRecord, seen: SeenDevice, hour: datetime, now: datetime
) -> None:
    uid = profile.uid
    newest = devices.under(uid).ordered("last_seen_at", descending=True).limit(MOST + 10).only("uid", "id")
    others = await db.query(newest)
    is_news = others or profile.created_at + NEW_ACCOUNT < now
    told = [notice(NoticeKind.NEW_DEVICE, now, to=uid, about={"deviceId": seen.id})] if is_news else []
    try:
        await db.commit(
            devices.create(_record(uid, seen, hour, hour)),
            event(uid, SecurityEventKind.NEW_DEVICE, now, device_id=seen.id),
            *(devices.remove(devices.key_of(old)) for old in others[MOST - 1 :]),
            *told,
        )
    except Moved:
        # Another request of the same device came first, and did just this.
        return
    await hand_over(tasks, *told)


def _record(uid: str, seen: SeenDevice, first: datetime, last: datetime) -> DeviceRecord:
    return DeviceRecord(
        uid=uid,
        id=seen.id,
        kind=seen.kind,
        system=seen.system,
        first_seen_at=first,
        last_seen_at=last,
        expires_at=last + KEPT,
    )


async def listed(db: Database, caller: Caller, page: PageRequest) -> tuple[list[DeviceRecord], str | None]:
    """Return a page of the caller's devices, the last seen first, and the token of the next."""
    await admit(db, caller, Need.READ)
    query = devices.under(caller.uid).ordered("last_seen_at", descending=True)
    return await page.of(db, query, lambda found: (found.last_seen_at, found.id))


async def forget(db: Database, caller: Caller, device_id: str) -> None:
    """Forget one of the caller's devices. Raises DeviceNotFound."""
    _, device = await admit(db, caller, Need.WRITE, devices.at(caller.uid, device_id))
    if device is None:
        raise DeviceNotFound
    await db.commit(devices.remove(devices.key_of(device)))


async def forget_all(db: Database, caller: Caller) -> int:
    """Forget all of the caller's devices. Returns how many."""
    await admit(db, caller, Need.WRITE)
    found = await db.query(devices.under(caller.uid).limit(MOST_WRITES).only("uid", "id"))
    await db.commit(*(devices.remove(devices.key_of(device)) for device in found))
    return len(found)
