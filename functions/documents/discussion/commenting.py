"""Commenting: a comment or a reply comes into being, is edited, or goes; whom it concerns is told in the same commit.

A document is never written by its comments, and a head of a thread only counts its replies: adding to it collides with
no other reply, but with whoever removes the head at that moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.data.operations import Write
from core.failures import Conflict, Fault, IdempotencyKeyReused, Invalid, NotFound
from core.services.outbox import NoticeRecord, hand_over
from core.services.queue import Tasks
from documents import access
from documents.access import Action, DocumentForbidden, DocumentTrashed
from documents.discussion import audience, mentions, showing
from documents.discussion.records import CommentRecord, comments
from documents.discussion.showing import Shown
from documents.records import DocumentRecord, Role, documents


class CommentNotFound(NotFound):
    detail = "The document has no such comment, or you may not read it."


class CommentGone(Conflict):
    detail = "The comment that this Idempotency-Key made has been deleted since. Use a new key."


@dataclass(frozen=True)
class Wish:
    """A comment that somebody is about to make; `id` and `fingerprint` know the request again."""

    id: str
    fingerprint: str
    body: str
    parent_id: str | None
    quote: str | None


@dataclass(frozen=True)
class _Done:
    comment: CommentRecord
    at_hand: Sequence[ProfileRecord]
    told: Sequence[Write[NoticeRecord]] = ()
    replayed: bool = False


async def add(
    db: Database, tasks: Tasks, caller: Caller, document_id: str, wish: Wish, now: datetime
) -> tuple[Shown[CommentRecord], bool]:
    """Comment on a document, or reply. A reply to a reply belongs to the same thread.

    Returns the comment, and whether an earlier request of the same key had made it. Raises Invalid for a parent that is
    not there and for mentions that are not allowed, RateLimited for too many of them.
    """
    done = await _add(db, caller, document_id, wish, now)
    await hand_over(tasks, *done.told)
    (shown,) = await showing.comments(db, [done.comment], *done.at_hand)
    return shown, done.replayed


@again_when_moved
async def _add(db: Database, caller: Caller, document_id: str, wish: Wish, now: datetime) -> _Done:
    body, named = mentions.taken_apart(wish.body)
    profile, document, head = await _opened(db, caller, document_id, wish.parent_id, now)
    concerned = await audience.concerned(db, document, head)
    found = await audience.of(db, document, caller.uid, [*named, *(uid for uid in concerned if uid != caller.uid)], now)
    found.demand(named)
    comment = CommentRecord(
        document_id=document_id,
        id=wish.id,
        parent_id=head and head.id,
        author_id=caller.uid,
        body=body,
        quote=wish.quote,
        mentions=named,
        fingerprint=wish.fingerprint,
        created_at=now,
    )
    told = found.notices(comment, named, concerned, caller.uid, now)
    counted: list[Write[Any]] = [comments.increment(comments.key_of(head), replies=1)] if head else []
    counted += found.counted(named, caller.uid, now)
    try:
        await db.commit(comments.create(comment), *counted, *told)
    except Moved:
        if made := await _made_before(db, comment):
            return _Done(made, [profile, *found.readers], replayed=True)
        raise
    return _Done(comment, [profile, *found.readers], told)


async def _opened(
    db: Database, caller: Caller, document_id: str, parent_id: str | None, now: datetime
) -> tuple[ProfileRecord, DocumentRecord, CommentRecord | None]:
    """Return the document that the caller may comment on, and the head of the thread that they reply in, if any."""
    if parent_id is None:
        profile, document = await admit(db, caller, Need.WRITE, documents.at(document_id))
        return profile, access.demand(document, profile.principals, Action.COMMENT, now)[0], None
    profile, document, parent = await admit(
        db, caller, Need.WRITE, documents.at(document_id), comments.at(document_id, parent_id)
    )
    document, _ = access.demand(document, profile.principals, Action.COMMENT, now)
    head = await db.get(comments.at(document_id, parent.parent_id)) if parent and parent.parent_id else parent
    if head is None:
        raise Invalid(faults=[Fault("/parentId", "no_such_comment", "There is no such comment to reply to.")])
    return profile, document, head


async def _made_before(db: Database, comment: CommentRecord) -> CommentRecord | None:
    """Return what an earlier request of the same key had made. Raises IdempotencyKeyReused, CommentGone."""
    found = await db.get(comments.key_of(comment))
    if found is None:
        return None
    if found.author_id != comment.author_id:
        raise CommentGone
    if found.fingerprint != comment.fingerprint:
        raise IdempotencyKeyReused
    return found


async def edit(
    db: Database, tasks: Tasks, caller: Caller, document_id: str, comment_id: str, text: str, now: datetime
) -> Shown[CommentRecord]:
    """Change the text of a comment of one's own, and tell those who are newly mentioned. Raises CommentNotFound."""
    done = await _edit(db, caller, document_id, comment_id, text, now)
    await hand_over(tasks, *done.told)
    (shown,) = await showing.comments(db, [done.comment], *done.at_hand)
    return shown


@again_when_moved
async def _edit(db: Database, caller: Caller, document_id: str, comment_id: str, text: str, now: datetime) -> _Done:
    body, named = mentions.taken_apart(text)
    profile, document, found = await admit(
        db, caller, Need.WRITE, documents.at(document_id), comments.at(document_id, comment_id)
    )
    document, _ = access.demand(document, profile.principals, Action.COMMENT, now)
    comment = there(found)
    if comment.author_id != caller.uid:
        raise DocumentForbidden("Only who wrote a comment can edit it.")
    if (body, named) == (comment.body, comment.mentions):
        return _Done(comment, [profile])
    # Who was mentioned before may have lost access since, which is no reason to refuse the mending of a word.
    added = [uid for uid in named if uid not in comment.mentions]
    people = await audience.of(db, document, caller.uid, added, now)
    people.demand(added)
    told = people.notices(comment, added, (), caller.uid, now)
    change = comments.update(comment, body=body, mentions=named, edited_at=now)
    await db.commit(change, *people.counted(added, caller.uid, now), *told)
    return _Done(change.record, [profile, *people.readers], told)


def there(found: CommentRecord | None) -> CommentRecord:
    """Return a comment that is there and was not deleted. Raises CommentNotFound."""
    if found is None or found.deleted:
        raise CommentNotFound
    return found


@again_when_moved
async def remove(db: Database, caller: Caller, document_id: str, comment_id: str, now: datetime) -> None:
    """Delete a comment of one's own, or any as the document's owner. Raises CommentNotFound.

    A head with replies stays empty, so that the thread holds together; the last reply takes such a head along.
    """
    profile, document, found = await admit(
        db, caller, Need.WRITE, documents.at(document_id), comments.at(document_id, comment_id)
    )
    # Whoever can only read by now may still take back their own words.
    document, role = access.demand(document, profile.principals, Action.READ, now)
    comment = there(found)
    if comment.author_id != caller.uid and role is not Role.OWNER:
        raise DocumentForbidden("Only who wrote a comment, or who owns the document, can delete it.")
    if document.trashed:
        raise DocumentTrashed
    await db.commit(*await _removal(db, comment))


async def _removal(db: Database, comment: CommentRecord) -> list[Write[CommentRecord]]:
    if comment.replies:
        return [_emptied(comment)]
    if comment.parent_id is None:
        return [comments.delete(comment)]
    head = await db.get(comments.at(comment.document_id, comment.parent_id))
    if head is None:
        return [comments.delete(comment)]
    if head.deleted and head.replies <= 1:
        return [comments.delete(comment), comments.delete(head)]
    return [comments.update(head, replies=max(0, head.replies - 1)), comments.delete(comment)]


def _emptied(comment: CommentRecord) -> Write[CommentRecord]:
    return comments.update(
        comment, body="", quote=None, mentions=[], author_id=None, fingerprint="", edited_at=None, deleted=True
    )
