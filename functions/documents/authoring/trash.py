"""The trash: out of sight for 30 days, back as it was, or gone for good with everything below it.

A purge has two halves. A commit takes the document from everybody, empties it and marks it; then a task deletes what
lies below it, and the document last. Killed anywhere, the task comes again, and a nightly schedule finds marks whose
task was lost.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.conditions import IfMatch
from core.data import trees
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.data.operations import Query, Write
from core.failures import Conflict, Unavailable
from core.logs import Log
from core.services.objects import Objects
from core.services.queue import Tasks
from documents import access
from documents.access import Action
from documents.records import DocumentRecord, Role, documents

TASKS: Final = "authoring-tasks"
_BATCH: Final = 100
_AT_ONCE: Final = 10
_EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)

_log = Log(__name__)


class NotInTrash(Conflict):
    detail = "Only a document in the trash can be purged. Move it there first."


async def trash(
    db: Database, caller: Caller, document_id: str, condition: IfMatch, kept: timedelta, now: datetime
) -> tuple[DocumentRecord, Role]:
    """Move the document to the trash for `kept`. Raises StaleEtag when If-Match is old."""
    return await _move(db, caller, document_id, condition, {"trashed_at": now, "purge_at": now + kept}, now)


async def restore(db: Database, caller: Caller, document_id: str, now: datetime) -> tuple[DocumentRecord, Role]:
    """Take the document out of the trash, as it was. One that is not there stays as it is."""
    return await _move(db, caller, document_id, None, {"trashed_at": None, "purge_at": None}, now)


@again_when_moved
async def _move(
    db: Database,
    caller: Caller,
    document_id: str,
    condition: IfMatch | None,
    changes: dict[str, datetime | None],
    now: datetime,
) -> tuple[DocumentRecord, Role]:
    into_trash = changes["trashed_at"] is not None
    profile, found = await admit(db, caller, Need.WRITE, documents.at(document_id))
    document, role = access.demand(found, profile.principals, Action.TRASH, now, in_trash=True)
    if condition:
        condition.check(document.etag(role))
    if document.trashed == into_trash:
        return document, role
    lists = access.lists(document.roles, document.tags, trashed=into_trash)
    change = documents.update(document, trashed=into_trash, **changes, **lists)
    await db.commit(change)
    return change.record, role


async def purge(db: Database, tasks: Tasks, caller: Caller, document_id: str, now: datetime) -> None:
    """Delete a document in the trash for good. It is gone for everybody when this returns; the rest follows by task."""
    await _mark_one(db, caller, document_id, now)
    await _enqueue(tasks, "purge-document", {"documentId": document_id}, f"{document_id} {now.isoformat()}")


@again_when_moved
async def _mark_one(db: Database, caller: Caller, document_id: str, now: datetime) -> None:
    profile, found = await admit(db, caller, Need.WRITE, documents.at(document_id))
    document, _ = access.demand(found, profile.principals, Action.TRASH, now, in_trash=True)
    if not document.trashed:
        raise NotInTrash
    await db.commit(_mark(document, now))


async def empty(db: Database, tasks: Tasks, caller: Caller, now: datetime) -> int:
    """Purge all that the caller has in the trash. Returns how many; called again after a failure, it goes on."""
    await admit(db, caller, Need.WRITE)
    in_trash = documents.under().where("owner_id", "==", caller.uid).where("trashed", "==", True)
    purged = await _mark_all(db, in_trash, now)
    if purged:
        await _enqueue(tasks, "purge-marked", {}, f"{caller.subject_hash} {now.isoformat()}")
    return purged


async def purge_due(db: Database, now: datetime) -> int:
    """Mark every document whose time in the trash is over. Returns how many."""
    return await _mark_all(db, documents.under().where("purge_at", "<=", now), now)


async def purge_marked(db: Database, objects: Objects, most: int) -> int:
    """Delete up to `most` marked documents with all below them. Returns how many; fewer than `most` means all."""
    query = documents.under().where("purging_at", ">", _EVER).limit(most).only("id")
    marked = await db.query(query)
    for start in range(0, len(marked), _AT_ONCE):
        await asyncio.gather(*(_delete(db, objects, document) for document in marked[start : start + _AT_ONCE]))
    return len(marked)


async def purge_document(db: Database, objects: Objects, document_id: str) -> bool:
    """Delete one marked document with everything below it. Returns False when it is not there or not marked."""
    document = await db.get(documents.at(document_id))
    if document is None or document.purging_at is None:
        return False
    await _delete(db, objects, document)
    return True


async def _delete(db: Database, objects: Objects, document: DocumentRecord) -> None:
    await trees.delete_below(db, objects, documents.key_of(document))
    # Another delivery of the same task may have come first, and the id have been taken anew since.
    with suppress(Moved):
        await db.commit(documents.delete(document))


async def _mark_all(db: Database, query: Query[DocumentRecord], now: datetime) -> int:
    marked = 0
    while count := await _mark_some(db, query, now):
        marked += count
        if count < _BATCH:
            break
    return marked


@again_when_moved
async def _mark_some(db: Database, query: Query[DocumentRecord], now: datetime) -> int:
    found = await db.query(query.limit(_BATCH))
    await db.commit(*(_mark(document, now) for document in found))
    return len(found)


def _mark(document: DocumentRecord, now: datetime) -> Write[DocumentRecord]:
    """Take the document from everybody and empty it, so that nothing of it can be seen from this commit on."""
    nobody: dict[str, Any] = access.lists({}, [], trashed=True)
    return documents.update(
        document,
        owner_id=None,
        title="",
        body="",
        tags=[],
        terms={},
        roles={},
        **nobody,
        expires={},
        next_expiry=None,
        offered_to=None,
        offered_at=None,
        trashed=True,
        purge_at=None,
        purging_at=now,
    )


async def _enqueue(tasks: Tasks, handler: str, payload: dict[str, str], name: str) -> None:
    try:
        await tasks.enqueue(TASKS, handler, payload, name=name)
    except Unavailable:
        # The mark stands and the nightly schedule finds it: what the person asked for is done and will be finished.
        _log.warning("enqueue_failed", handler=handler)
