"""Arrival: an upload has come to its end in Cloud Storage.

The event is delivered at least once, perhaps late and perhaps twice at a time. Its key is the record's state: only what
is pending is worked on, and one commit makes it ready or rejected. The upload goes after that commit, so that a crash
anywhere leaves something to go on from.
"""

from typing import Any, Final

from accounts.profiles.records import tombstones
from core.data.database import Database, Moved
from core.data.objects import ObjectKey
from core.ids import keyed_hash
from core.logs import Log
from core.media.rejection import Rejected
from core.media.scanning import Scanner
from core.services.objects import ObjectMissing, Objects
from documents.files import cleaning
from documents.files.cleaning import Kept
from documents.files.records import FileRecord, FileState, clean_objects, files, uploads
from documents.records import documents

_log: Final = Log(__name__)


async def arrive(
    db: Database, objects: Objects, scanner: Scanner | None, secret: bytes, name: str, generation: int
) -> FileState | None:
    """Deal with one generation of an upload. Returns what became of its file, None where no file awaits it.

    Nobody's upload, that of somebody erased, and that of a purged document are deleted. Raises Unavailable, after
    which the event is delivered again.
    """
    if not uploads.holds(name):
        _log.warning("unknown_upload")
        return None
    ids = uploads.ids_of(name)
    upload = uploads.at(ids["uploader_id"], ids["id"])
    file = await _awaited(db, ids["uploader_id"], ids["id"], secret)
    if file is None or file.state is not FileState.PENDING:
        await objects.delete(upload)
        return file.state if file else None
    try:
        state = await _settle(db, objects, scanner, file, upload, generation)
    except ObjectMissing:
        # Another delivery has dealt with it, or nothing came: then the sweep ends the wait.
        return None
    await objects.delete(upload)
    _log.info("file_settled", state=state.value if state else "gone")
    return state


async def settle_again(
    db: Database, objects: Objects, scanner: Scanner | None, secret: bytes, document_id: str, file_id: str
) -> FileState | None:
    """Deal with what lies in the place of a file's upload, whether or not its event was delivered."""
    file = await db.get(files.at(document_id, file_id))
    there = await objects.stat(uploads.of(file)) if file and file.upload else None
    return await arrive(db, objects, scanner, secret, there.key.name, there.generation) if there else None


async def _awaited(db: Database, uid: str, file_id: str, secret: bytes) -> FileRecord | None:
    """Return the record that an upload belongs to, if its uploader and its document are still there: 2 RPCs."""
    found = await db.query(files.everywhere().where("upload", "==", file_id).limit(1))
    if not found or found[0].uploader_id != uid:
        return None
    tombstone, document = await db.get_all(
        tombstones.at(keyed_hash(secret, "subject", uid)), documents.at(found[0].document_id)
    )
    # One in the trash may come back, and its files with it; one that is being purged may not.
    return None if tombstone or document is None or document.purging_at else found[0]


async def _settle(
    db: Database, objects: Objects, scanner: Scanner | None, file: FileRecord, upload: ObjectKey, generation: int
) -> FileState | None:
    try:
        kept = await cleaning.clean(objects, file, upload, generation, scanner)
    except Rejected as rejected:
        return await _reject(db, objects, file, rejected.reason.value)
    return await accept(db, objects, file, kept)


async def accept(db: Database, objects: Objects, file: FileRecord, kept: Kept) -> FileState | None:
    """Make the file ready, count it with its document, and settle the room it takes: 1 commit.

    Returns what the file is then, None when it has gone meanwhile, with what was kept of it.
    """
    changes: dict[str, Any] = {
        "content_type": kept.content_type,
        "size": kept.size,
        "room": kept.size,
        "sha256": kept.sha256,
        "inline": kept.inline,
        "thumbnails": kept.thumbnails,
    }
    ready = files.update(file, state=FileState.READY, settle_by=None, **changes)
    counted = documents.increment(documents.at(file.document_id), files=1, file_bytes=kept.size)
    try:
        await db.commit(ready, counted, *files.counted(file, ready.record))
    except Moved:
        return await _overtaken(db, objects, file)
    return FileState.READY


async def _reject(db: Database, objects: Objects, file: FileRecord, reason: str) -> FileState | None:
    rejected = files.update(file, state=FileState.REJECTED, reason=reason, settle_by=None, room=0)
    try:
        await db.commit(rejected, *files.counted(file, rejected.record))
    except Moved:
        return await _overtaken(db, objects, file)
    return FileState.REJECTED


async def _overtaken(db: Database, objects: Objects, file: FileRecord) -> FileState | None:
    """Return what another delivery has made of the file; when it has gone, delete what this one has put there."""
    now = await db.get(files.key_of(file))
    if now and now.state in (FileState.READY, FileState.REJECTED):
        return now.state
    await objects.delete_with_all_below(clean_objects(file.document_id, file.id))
    return None
