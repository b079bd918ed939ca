"""Reading: the files of a document, and where their bytes can be had for a few minutes."""

from datetime import datetime, timedelta

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.database import Database
from core.failures import Conflict, NotFound
from core.media import allowed, naming
from core.paging import PageRequest
from core.services.objects import Objects
from documents import access
from documents.access import Action
from documents.files.records import FileRecord, FileState, contents, files, thumbnails
from documents.records import documents


class FileNotFound(NotFound):
    detail = "The document has no such file, or you may not read it."


class FilePending(Conflict):
    code = "file_pending"
    title = "Not there yet"
    detail = "The file has not arrived, or is just being looked at. Ask for it again in a moment."


class FileRejected(Conflict):
    code = "file_rejected"
    title = "File rejected"
    detail = "The file was not what can be kept; its `reason` says why. Its content is gone."


async def listed(
    db: Database, caller: Caller, document_id: str, page: PageRequest, now: datetime
) -> tuple[list[FileRecord], str | None]:
    """Return a page of a readable document's files, newest first, and the token of the next."""
    profile, document = await admit(db, caller, Need.READ, documents.at(document_id))
    access.demand(document, profile.principals, Action.READ, now)
    query = files.under(document_id).where("deleted", "==", False).ordered("created_at", descending=True)
    return await page.of(db, query, lambda found: (found.created_at, found.id))


async def read(db: Database, caller: Caller, document_id: str, file_id: str, now: datetime) -> FileRecord:
    """Return a file of a document that the caller may read: 1 RPC. Raises FileNotFound."""
    profile, document, file = await admit(
        db, caller, Need.READ, documents.at(document_id), files.at(document_id, file_id)
    )
    access.demand(document, profile.principals, Action.READ, now)
    if file is None or file.deleted:
        raise FileNotFound
    return file


def ready(file: FileRecord) -> FileRecord:
    """Return the file if its content can be had. Raises FilePending, FileRejected."""
    if file.state is FileState.PENDING:
        raise FilePending
    if file.state is FileState.REJECTED:
        raise FileRejected
    return file


async def content_address(objects: Objects, file: FileRecord, valid_for: timedelta) -> str:
    """Return a signed address of the content, under the name that its uploader gave it."""
    return await objects.signed_download(
        contents.of(file),
        content_type=served_type(file.content_type),
        disposition=disposition(file),
        valid_for=valid_for,
    )


async def thumbnail_address(objects: Objects, file: FileRecord, size: int, valid_for: timedelta) -> str:
    """Return a signed address of the picture in this size. Raises FileNotFound when it has none."""
    if size not in file.thumbnails:
        raise FileNotFound("This file has no picture of that size.")
    return await objects.signed_download(
        thumbnails[size].of(file),
        content_type=THUMBNAIL_TYPE,
        disposition=naming.disposition(file.name, "webp", inline=True),
        valid_for=valid_for,
    )


THUMBNAIL_TYPE = allowed.WEBP.content_type


def served_type(content_type: str) -> str:
    """Return the Content-Type as it is sent: text says its encoding, as browsers would guess another."""
    return f"{content_type}; charset=utf-8" if content_type.startswith("text/") else content_type


def disposition(file: FileRecord) -> str:
    """Return the Content-Disposition: shown by the browser only what can do nothing there."""
    return naming.disposition(file.name, allowed.named(file.content_type).suffix, inline=file.inline)
