"""Expiry: a share ends at its time by itself, as every decision looks at it; what is left goes within the hour."""

import asyncio
from datetime import datetime
from typing import Final

from core.data.database import Database, Moved
from documents.records import DocumentRecord, documents
from documents.sharing import granting

_PAGE: Final = 100
_AT_ONCE: Final = 10


async def expire_due(db: Database, now: datetime) -> int:
    """Remove the shares whose time is over, each document in a commit of its own. Returns how many documents.

    Each commit is guarded by the document as it was read, so a share that was given a new end meanwhile stays. What
    moved is left to the next run.
    """
    due = documents.under().where("next_expiry", "<=", now).ordered("next_expiry").limit(_PAGE)
    expired = 0
    page = await db.query(due)
    while page:
        for start in range(0, len(page), _AT_ONCE):
            expired += sum(await asyncio.gather(*(_expire(db, one, now) for one in page[start : start + _AT_ONCE])))
        last = page[-1]
        page = await db.query(due.start_after(last.next_expiry, documents.key_of(last)))
    return expired


async def _expire(db: Database, document: DocumentRecord, now: datetime) -> int:
    over = [name for name, end in document.expires.items() if end <= now]
    try:
        await db.commit(*await granting.ending(db, document, over, now))
    except Moved:
        return 0
    return 1
