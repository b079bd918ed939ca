"""Reading comments, and how much of them is new to somebody: counted by the index, so that nothing keeps a counter."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.database import Database
from core.data.operations import Query, Write
from core.paging import PageRequest
from documents import access
from documents.access import Action
from documents.discussion import showing
from documents.discussion.commenting import CommentNotFound, there
from documents.discussion.records import CommentRecord, MessageRecord, ReadingRecord, comments, readings
from documents.discussion.showing import Shown
from documents.records import documents


@dataclass(frozen=True)
class Counts:
    """How many there are, and how many of those that others wrote are new."""

    total: int
    unread: int


async def listed(
    db: Database, caller: Caller, document_id: str, page: PageRequest, now: datetime
) -> tuple[list[Shown[CommentRecord]], str | None]:
    """Return a page of a readable document's comments, oldest first, and the token of the next."""
    profile, document = await admit(db, caller, Need.READ, documents.at(document_id))
    access.demand(document, profile.principals, Action.READ, now)
    query = comments.under(document_id).ordered("created_at")
    found, token = await page.of(db, query, lambda comment: (comment.created_at, comment.id))
    return await showing.comments(db, found, profile), token


async def one(db: Database, caller: Caller, document_id: str, comment_id: str, now: datetime) -> Shown[CommentRecord]:
    """Return a comment of a document that the caller may read. Raises CommentNotFound, for a deleted one, too."""
    profile, document, comment = await admit(
        db, caller, Need.READ, documents.at(document_id), comments.at(document_id, comment_id)
    )
    access.demand(document, profile.principals, Action.READ, now)
    (shown,) = await showing.comments(db, [there(comment)], profile)
    return shown


async def unread(db: Database, caller: Caller, document_id: str, now: datetime) -> Counts:
    """Count a readable document's comments, and those of others since the caller last read them."""
    profile, document, reading = await admit(
        db, caller, Need.READ, documents.at(document_id), readings.at(caller.uid, document_id)
    )
    access.demand(document, profile.principals, Action.READ, now)
    every = comments.under(document_id).where("deleted", "==", False)
    own = comments.under(document_id).where("author_id", "==", caller.uid)
    total, new = await asyncio.gather(db.count(every), count_new(db, every, own, reading))
    return Counts(total, new)


async def count_new(
    db: Database,
    every: Query[CommentRecord] | Query[MessageRecord],
    own: Query[CommentRecord] | Query[MessageRecord],
    reading: ReadingRecord | None,
) -> int:
    """Count what is newer than somebody's mark, less what they wrote themselves: 2 RPCs, at once."""
    if reading:
        every, own = (query.where("created_at", ">", reading.read_at) for query in (every, own))
    newer, written = await asyncio.gather(db.count(every), db.count(own))
    # Two counts are of two moments, and in between something may have gone.
    return max(0, newer - written)


async def mark(db: Database, caller: Caller, document_id: str, up_to: str | None, now: datetime) -> None:
    """Note that the caller has read the comments up to one of them, or all there are now. Raises CommentNotFound."""
    if up_to is None:
        profile, document, reading = await admit(
            db, caller, Need.WRITE, documents.at(document_id), readings.at(caller.uid, document_id)
        )
        comment = None
    else:
        profile, document, reading, comment = await admit(
            db,
            caller,
            Need.WRITE,
            documents.at(document_id),
            readings.at(caller.uid, document_id),
            comments.at(document_id, up_to),
        )
    access.demand(document, profile.principals, Action.READ, now)
    if up_to and comment is None:
        raise CommentNotFound
    await db.commit(*moved_on(caller.uid, document_id, reading, comment.created_at if comment else now))


def moved_on(uid: str, id_: str, reading: ReadingRecord | None, read_at: datetime) -> list[Write[ReadingRecord]]:
    """Return what moves somebody's mark to this time; nothing when it is there or beyond."""
    if reading and reading.read_at >= read_at:
        return []
    return [readings.put(ReadingRecord(uid=uid, id=id_, read_at=read_at))]
