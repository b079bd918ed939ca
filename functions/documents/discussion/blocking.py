"""Blocking: to hear no more from somebody.

They can begin no conversation with whoever blocked them, nor write in the one that the two have, and what they write
elsewhere makes no notice there. In groups their messages stay: a group is not one person's to edit.
"""

from datetime import datetime

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.database import Database
from core.failures import Fault, Invalid
from core.paging import PageRequest
from documents.discussion.records import BlockRecord, blocks


async def block(db: Database, caller: Caller, uid: str, now: datetime) -> None:
    """Block somebody, whether or not there is such a person, which is not told. Raises Invalid for oneself."""
    if uid == caller.uid:
        raise Invalid(faults=[Fault("/path/uid", "oneself", "You cannot block yourself.")])
    _, found = await admit(db, caller, Need.WRITE, blocks.at(caller.uid, uid))
    if found is None:
        await db.commit(blocks.put(BlockRecord(uid=caller.uid, blocked_id=uid, created_at=now)))


async def unblock(db: Database, caller: Caller, uid: str) -> None:
    """Block somebody no longer. Who is not blocked stays so."""
    _, found = await admit(db, caller, Need.WRITE, blocks.at(caller.uid, uid))
    if found:
        await db.commit(blocks.remove(blocks.key_of(found)))


async def listed(db: Database, caller: Caller, page: PageRequest) -> tuple[list[BlockRecord], str | None]:
    """Return a page of whom the caller has blocked, the latest first, and the token of the next.

    Without names: a uid that one has guessed would otherwise give away its name by being blocked.
    """
    await admit(db, caller, Need.READ)
    query = blocks.under(caller.uid).ordered("created_at", descending=True)
    return await page.of(db, query, lambda found: (found.created_at, found.blocked_id))
