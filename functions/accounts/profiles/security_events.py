"""Security events: what happened to an account that its owner should be able to see, kept 90 days."""

from datetime import datetime, timedelta
from typing import Final

from accounts.profiles.admission import Need, admit
from accounts.profiles.records import (
    AccountState,
    SecurityEventKind,
    SecurityEventRecord,
    security_events,
)
from core.caller import Caller
from core.data.database import Database
from core.data.operations import Write
from core.ids import random_id
from core.paging import PageRequest

KEPT: Final = timedelta(days=90)


def event(
    uid: str, kind: SecurityEventKind, now: datetime, *, device_id: str | None = None, state: AccountState | None = None
) -> Write[SecurityEventRecord]:
    """Return the write that records an event; it goes into the commit of what it tells of."""
    return security_events.create(
        SecurityEventRecord(
            uid=uid, id=random_id(), kind=kind, device_id=device_id, state=state, at=now, expires_at=now + KEPT
        )
    )


async def listed(
    db: Database, caller: Caller, page: PageRequest, now: datetime
) -> tuple[list[SecurityEventRecord], str | None]:
    """Return a page of the caller's events of the last 90 days, newest first, and the token of the next."""
    await admit(db, caller, Need.READ)
    # Firestore's own expiry may come a day late.
    query = security_events.under(caller.uid).where("at", ">", now - KEPT).ordered("at", descending=True)
    return await page.of(db, query, lambda found: (found.at, found.id))
