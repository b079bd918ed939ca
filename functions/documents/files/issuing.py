"""Issuing an upload: one commit makes the record and reserves room, then the client is told where to send bytes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from accounts.profiles import storage
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import storage_use
from core.caller import Caller
from core.data.database import Database, Moved
from core.failures import Conflict, Fault, IdempotencyKeyReused, Invalid, TooLarge
from core.media import allowed
from core.media.allowed import MediaType
from core.media.rejection import Rejected
from core.services.objects import Objects, Upload
from documents import access
from documents.access import Action
from documents.files import removal
from documents.files.records import FileRecord, FileState, files, uploads
from documents.records import DocumentRecord, documents

RESUMABLE_ABOVE: Final = 8 * 1024 * 1024
"""Bytes above which an upload is a session that can be taken up again; below that a new try costs less."""

SETTLED_WITHIN: Final = timedelta(hours=24)
SETTLED_WITHIN_RESUMABLE: Final = timedelta(days=8)
"""A session of Cloud Storage lives for a week."""


class FileTooLarge(TooLarge):
    detail = "The file is larger than what is taken of this type."


class FileGone(Conflict):
    detail = "The file that this Idempotency-Key made has been deleted since. Use a new key."


@dataclass(frozen=True)
class Wish:
    """A file that somebody is about to upload, as they declare it; `id` and `fingerprint` know the request again."""

    id: str
    fingerprint: str
    name: str
    content_type: str
    size: int
    sha256: str | None
    origin: str | None


@dataclass(frozen=True)
class Limits:
    """Bytes that one file, and all files of one holder, may have; how long a signed upload holds."""

    file: int
    holder: int
    signed_for: timedelta


async def issue(
    db: Database, objects: Objects, caller: Caller, document_id: str, wish: Wish, limits: Limits, now: datetime
) -> tuple[FileRecord, Upload | None, bool]:
    """Reserve room for a file of a document that the caller may edit: 2 RPCs.

    Returns the pending file, its upload, and whether an earlier request of the same key had made the file; the upload
    is None when that file is not awaited any more. Raises Invalid and FileTooLarge with a pointer, and StorageFull.
    """
    media_type = _taken(wish.content_type)
    profile, document, use = await admit(
        db, caller, Need.WRITE, documents.at(document_id), storage_use.at(caller.principal)
    )
    document, _ = access.demand(document, profile.principals, Action.EDIT, now)
    _refuse_large(wish.size, media_type, limits)
    file = _pending(document, caller, wish, media_type, now)
    if file.holder == caller.principal and use and use.used_bytes + wish.size > limits.holder:
        raise storage.full(limits.holder, use.used_bytes)
    file, replayed = await _reserve(db, file, limits.holder)
    if file.state is not FileState.PENDING:
        return file, None, replayed
    return file, await _upload(objects, file, wish.origin, limits.signed_for), replayed


def _taken(content_type: str) -> MediaType:
    try:
        return allowed.named(content_type)
    except Rejected as rejected:
        detail = "Files of this type are not taken."
        raise Invalid(faults=[Fault("/contentType", rejected.reason.value, detail)]) from rejected


def _refuse_large(size: int, media_type: MediaType, limits: Limits) -> None:
    most = min(limits.file, limits.holder, media_type.largest or limits.file)
    if size > most:
        detail = f"A file of this type may have {most} bytes."
        raise FileTooLarge(detail, faults=[Fault("/size", FileTooLarge.code, detail)])


def _pending(document: DocumentRecord, caller: Caller, wish: Wish, media_type: MediaType, now: datetime) -> FileRecord:
    within = SETTLED_WITHIN_RESUMABLE if wish.size > RESUMABLE_ABOVE else SETTLED_WITHIN
    return FileRecord(
        document_id=document.id,
        id=wish.id,
        uploader_id=caller.uid,
        holder=holder_of(document, caller.principal),
        name=wish.name,
        content_type=media_type.content_type,
        size=wish.size,
        room=wish.size,
        sha256=wish.sha256,
        upload=wish.id,
        fingerprint=wish.fingerprint,
        created_at=now,
        settle_by=now + within,
    )


def holder_of(document: DocumentRecord, principal: str) -> str:
    """Return whose room a file of this document takes: the Customer's that owns it, else that of who brings it."""
    return f"customer:{document.customer_id}" if document.customer_id else principal


async def _reserve(db: Database, file: FileRecord, limit: int) -> tuple[FileRecord, bool]:
    """Make the record and take the room for it in one commit: 1 RPC.

    What others took at the same time shows in the new total only. Whoever comes too late gives back what they took,
    and should that not happen any more, the sweep does it. Raises StorageFull.
    """
    (taken,) = files.counted(None, file)
    try:
        await db.commit(files.create(file), taken)
    except Moved:
        return await _made_before(db, file), True
    total = taken.totals["used_bytes"] if taken.totals else await storage.used(db, file.holder)
    if total > limit:
        await db.commit(*removal.gone(file, file.created_at))
        await db.commit(files.remove(files.key_of(file)))
        raise storage.full(limit, total - file.size)
    return file, False


async def _made_before(db: Database, file: FileRecord) -> FileRecord:
    found = await db.get(files.key_of(file))
    if found is None or found.deleted or found.uploader_id != file.uploader_id:
        raise FileGone
    if found.fingerprint != file.fingerprint:
        raise IdempotencyKeyReused
    return found


async def _upload(objects: Objects, file: FileRecord, origin: str | None, signed_for: timedelta) -> Upload:
    key = uploads.of(file)
    if file.size > RESUMABLE_ABOVE:
        return await objects.resumable_upload(key, file.content_type, file.size, origin)
    return await objects.signed_upload(key, file.content_type, file.size, signed_for)
