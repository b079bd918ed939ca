"""Removal: a file goes from sight at once, its bytes soon after, its record last."""

from datetime import datetime
from typing import Any

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.objects import keys_of
from core.data.operations import Write
from core.failures import Unavailable
from core.logs import Log
from core.services.objects import Objects
from core.services.queue import Tasks
from documents import access
from documents.access import Action
from documents.files.reading import FileNotFound
from documents.files.records import FileRecord, FileState, files
from documents.records import FILES_TASKS, documents

_log = Log(__name__)


async def remove(db: Database, tasks: Tasks, caller: Caller, document_id: str, file_id: str, now: datetime) -> None:
    """Delete a file of a document that the caller may edit: 2 RPCs. Raises FileNotFound."""
    await _tombstone(db, caller, document_id, file_id, now)
    payload = {"documentId": document_id, "fileId": file_id}
    try:
        await tasks.enqueue(FILES_TASKS, "delete-file", payload, name=f"{document_id} {file_id}")
    except Unavailable:
        # It is out of sight, and the nightly sweep finds what is left of it.
        _log.warning("enqueue_failed", handler="delete-file")


@again_when_moved
async def _tombstone(db: Database, caller: Caller, document_id: str, file_id: str, now: datetime) -> None:
    profile, document, file = await admit(
        db, caller, Need.WRITE, documents.at(document_id), files.at(document_id, file_id)
    )
    access.demand(document, profile.principals, Action.EDIT, now)
    if file is None or file.deleted:
        raise FileNotFound
    ready = file.state is FileState.READY
    counted = [documents.increment(documents.at(document_id), files=-1, file_bytes=-file.size)] if ready else []
    await db.commit(*gone(file, now), *counted)


def gone(file: FileRecord, now: datetime) -> list[Write[Any]]:
    """Return the writes that empty a file's record, and give back the room that it took."""
    tombstone = files.update(
        file,
        state=FileState.DELETED,
        deleted=True,
        deleted_at=now,
        name="",
        sha256=None,
        reason=None,
        fingerprint="",
        settle_by=None,
        room=0,
    )
    return [tombstone, *files.counted(file, tombstone.record)]


async def finish(db: Database, objects: Objects, document_id: str, file_id: str) -> bool:
    """Delete the objects of a removed file, and then its record. Returns False when there is none to finish with."""
    file = await db.get(files.at(document_id, file_id))
    if file is None or not file.deleted:
        return False
    await erase(db, objects, file)
    return True


async def erase(db: Database, objects: Objects, file: FileRecord) -> None:
    """Delete a file's objects, in all generations, and its record after them, as nothing else knows their names.

    In a document to which files are being copied the record stays until a later sweep.
    """
    await objects.delete_with_all_below(keys_of(files, file))
    document = await db.get(documents.at(file.document_id))
    if document and document.files_from:
        # Without it, the copying would take the file for one that is still to come, and bring it back.
        return
    await db.commit(files.remove(files.key_of(file)))
