"""Resolving: a thread is done with, or taken up again."""

from datetime import datetime

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.failures import Conflict
from documents import access
from documents.access import Action
from documents.discussion import showing
from documents.discussion.commenting import CommentNotFound
from documents.discussion.records import CommentRecord, comments
from documents.discussion.showing import Shown
from documents.records import documents


class NotAThread(Conflict):
    detail = "This is a reply. Resolve or reopen the comment that begins its thread."


async def resolve(
    db: Database, caller: Caller, document_id: str, comment_id: str, now: datetime
) -> Shown[CommentRecord]:
    """Mark a thread as done with. One that is stays as it is. Raises NotAThread for a reply."""
    return await _mark(db, caller, document_id, comment_id, now, resolved=True)


async def reopen(
    db: Database, caller: Caller, document_id: str, comment_id: str, now: datetime
) -> Shown[CommentRecord]:
    """Take a thread up again. One that is open stays as it is. Raises NotAThread for a reply."""
    return await _mark(db, caller, document_id, comment_id, now, resolved=False)


@again_when_moved
async def _mark(
    db: Database, caller: Caller, document_id: str, comment_id: str, now: datetime, *, resolved: bool
) -> Shown[CommentRecord]:
    profile, document, head = await admit(
        db, caller, Need.WRITE, documents.at(document_id), comments.at(document_id, comment_id)
    )
    access.demand(document, profile.principals, Action.COMMENT, now)
    if head is None:
        raise CommentNotFound
    if head.parent_id:
        raise NotAThread
    if (head.resolved_at is not None) != resolved:
        change = comments.update(
            head, resolved_at=now if resolved else None, resolved_by=caller.uid if resolved else None
        )
        await db.commit(change)
        head = change.record
    (shown,) = await showing.comments(db, [head], profile)
    return shown
