"""Copying: the files of a document come along with its copy, by Cloud Storage itself and not through here.

They keep their ids, so that the text of the copy, which names pictures by them, needs no change. The new document
remembers whose files it wants until all of them are there: killed anywhere, the task goes on where it was.
"""

from datetime import datetime, timedelta
from typing import Final

from accounts.profiles import storage
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.data.objects import ObjectKey
from core.data.operations import Query
from core.services.objects import Objects
from documents.files import arrival, reading
from documents.files.cleaning import Kept
from documents.files.issuing import holder_of
from documents.files.records import FileRecord, FileState, contents, files, thumbnails
from documents.records import DocumentRecord, documents

NO_ROOM: Final = "quota_exceeded"
"""The reason of a copied file for which its new owner has no room."""

_PAGE: Final = 100
_SETTLED_WITHIN: Final = timedelta(hours=24)


async def copy_files(db: Database, objects: Objects, document_id: str, limit: int, now: datetime) -> int:
    """Copy the ready files that a new document still waits for. Returns how many there were."""
    document = await db.get(documents.at(document_id))
    if document is None or document.files_from is None or document.purging_at:
        return 0
    copied, query = 0, _wanted(document, document.files_from)
    page = await db.query(query)
    while page:
        for file in page:
            if file.state is FileState.READY:
                await _copy(db, objects, file, document, limit, now)
                copied += 1
        last = page[-1]
        page = await db.query(query.start_after(last.created_at, files.key_of(last)))
    await _finish(db, document_id)
    return copied


def _wanted(document: DocumentRecord, original_id: str) -> Query[FileRecord]:
    # What came to the original since is no part of the copy: who made that may not even read the original any more.
    there = files.under(original_id).where("deleted", "==", False).where("created_at", "<=", document.created_at)
    return there.ordered("created_at", descending=True).limit(_PAGE)


async def _copy(
    db: Database, objects: Objects, original: FileRecord, document: DocumentRecord, limit: int, now: datetime
) -> None:
    copy = await _begun(db, original, document, limit, now)
    if copy.state is not FileState.PENDING:
        return
    pairs = [(contents.of(original), contents.of(copy), reading.served_type(copy.content_type))]
    pairs += [
        (thumbnails[size].of(original), thumbnails[size].of(copy), reading.THUMBNAIL_TYPE)
        for size in original.thumbnails
    ]
    for source, target, content_type in pairs:
        if not await _copied(objects, source, target, content_type, original):
            # Deleted meanwhile, with its document perhaps: the sweep ends the wait for what cannot come.
            return
    kept = Kept(copy.content_type, copy.size, copy.sha256 or "", original.inline, original.thumbnails)
    await arrival.accept(db, objects, copy, kept)


async def _copied(
    objects: Objects, source: ObjectKey, target: ObjectKey, content_type: str, original: FileRecord
) -> bool:
    return await objects.copy(source, target, content_type, disposition=reading.disposition(original))


async def _begun(db: Database, original: FileRecord, document: DocumentRecord, limit: int, now: datetime) -> FileRecord:
    """Return the copy's record, made with the room that it takes unless an earlier run has made it.

    What others took at the same time shows in the total only once all have taken theirs; without room it is rejected.
    """
    found = await db.get(files.at(document.id, original.id))
    copy = found or _twin(original, document, now)
    try:
        if not found:
            await db.commit(files.create(copy), *files.counted(None, copy))
        if copy.state is FileState.PENDING and await storage.used(db, copy.holder) > limit:
            refused = files.update(copy, state=FileState.REJECTED, reason=NO_ROOM, settle_by=None, room=0)
            await db.commit(refused, *files.counted(copy, refused.record))
            return refused.record
    except Moved:
        return await db.get(files.key_of(copy)) or copy
    return copy


def _twin(original: FileRecord, document: DocumentRecord, now: datetime) -> FileRecord:
    """The record of the copy while its objects are still to come."""
    # A Customer's document has no owner, and it is its author who brings the files.
    bringer = document.owner_id or document.author_id
    return FileRecord(
        document_id=document.id,
        id=original.id,
        uploader_id=bringer,
        holder=holder_of(document, f"user:{bringer}"),
        name=original.name,
        content_type=original.content_type,
        size=original.size,
        room=original.size,
        sha256=original.sha256,
        created_at=now,
        settle_by=now + _SETTLED_WITHIN,
    )


@again_when_moved
async def _finish(db: Database, document_id: str) -> None:
    document = await db.get(documents.at(document_id))
    if document and document.files_from:
        await db.commit(documents.update(document, files_from=None))
