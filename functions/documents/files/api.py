"""The HTTP function `files`."""

from typing import Annotated, Any, Final, Literal

from fastapi import Header, Query
from starlette.responses import Response

from accounts.profiles import storage
from accounts.profiles.admission import REFUSALS
from core import clock
from core.conditions import EntityTags
from core.failures import IdempotencyKeyReused, Malformed
from core.functions import http_function
from core.services.objects import Upload
from core.settings import Settings
from core.web.application import Application, Budget
from core.web.dependencies import (
    TheCaller,
    TheDatabase,
    TheIdempotency,
    TheIfNoneMatch,
    TheObjects,
    ThePage,
    TheSettings,
    TheTasks,
)
from core.web.preconditions import shown
from core.web.schemas import Id
from documents.access import DocumentForbidden, DocumentNotFound, DocumentTrashed
from documents.files import issuing, reading, removal
from documents.files.issuing import Limits, Wish
from documents.files.reading import FileNotFound, FilePending, FileRejected
from documents.files.records import FileRecord
from documents.files.schemas import FileDraft, FilePage, FileView, Issued, UploadView

app = Application("files", title="Files: pictures, sound, video and papers of a document")

_UNCHANGED: Final = {304: "Unchanged since the ETag in If-None-Match"}
_FOUND: Final = {302: "Where it can be had for a few minutes, as `Location` says"}


@app.post(
    "/v1/documents/{document_id}/files",
    shows=Issued,
    status=201,
    raises=[
        *REFUSALS,
        DocumentNotFound,
        DocumentForbidden,
        DocumentTrashed,
        issuing.FileTooLarge,
        issuing.FileGone,
        IdempotencyKeyReused,
        storage.StorageFull,
    ],
    budget=Budget(rpcs=2, reads=3, writes=2),
    example={"name": "Bærtur.jpg", "contentType": "image/jpeg", "size": 2_483_112},
)
async def issue(
    document_id: Id,
    draft: FileDraft,
    caller: TheCaller,
    db: TheDatabase,
    objects: TheObjects,
    settings: TheSettings,
    idempotency: TheIdempotency,
    origin: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Announce a file, and get an address to upload its bytes to. Above 8 MiB that is a session that can be resumed."""
    wish = Wish(
        id=idempotency.id_for(caller.uid, f"file {document_id}"),
        fingerprint=idempotency.fingerprint(draft, f"file {document_id}"),
        name=draft.name,
        content_type=draft.content_type,
        size=draft.size,
        sha256=draft.sha256,
        origin=origin,
    )
    file, upload, replayed = await issuing.issue(db, objects, caller, document_id, wish, _limits(settings), clock.now())
    issued = Issued(file=FileView.showing(file), upload=_upload(upload))
    location = f"/v1/documents/{document_id}/files/{file.id}"
    return shown(issued, status=201, location=location, replayed=replayed)


def _limits(settings: Settings) -> Limits:
    return Limits(settings.file_limit_bytes, settings.storage_limit_bytes, settings.upload_period)


def _upload(upload: Upload | None) -> UploadView | None:
    return upload and UploadView(
        method=upload.method,
        url=upload.url,
        headers=dict(upload.headers),
        resumable=upload.resumable,
        expires_at=upload.expires_at,
    )


@app.get(
    "/v1/documents/{document_id}/files",
    shows=FilePage,
    raises=[*REFUSALS, DocumentNotFound, Malformed],
    budget=Budget(rpcs=2, reads=3, per="item"),
)
async def list_files(document_id: Id, caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List the files of a document, newest first."""
    found, token = await reading.listed(db, caller, document_id, page, clock.now())
    return shown(FilePage(items=[FileView.showing(file) for file in found], next_page_token=token))


@app.get(
    "/v1/documents/{document_id}/files/{file_id}",
    shows=FileView,
    raises=[*REFUSALS, DocumentNotFound, FileNotFound, Malformed],
    budget=Budget(rpcs=1, reads=3),
    may_answer=_UNCHANGED,
)
async def read(document_id: Id, file_id: Id, caller: TheCaller, db: TheDatabase, unless: TheIfNoneMatch) -> Response:
    """Read what is known of a file, and whether it is ready."""
    file = await reading.read(db, caller, document_id, file_id, clock.now())
    return shown(FileView.showing(file), etag=file.etag, unless=unless)


@app.delete(
    "/v1/documents/{document_id}/files/{file_id}",
    status=204,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, DocumentTrashed, FileNotFound],
    budget=Budget(rpcs=2, reads=3, writes=3),
)
async def remove(document_id: Id, file_id: Id, caller: TheCaller, db: TheDatabase, tasks: TheTasks) -> Response:
    """Delete a file. Its bytes go with it, and there is no way back."""
    await removal.remove(db, tasks, caller, document_id, file_id, clock.now())
    return Response(status_code=204)


_CONTENT: Final[dict[str, Any]] = {
    "status": 302,
    "raises": [*REFUSALS, DocumentNotFound, FileNotFound, FilePending, FileRejected, Malformed],
    "budget": Budget(rpcs=1, reads=3),
    "may_answer": _FOUND | _UNCHANGED,
}


@app.get("/v1/documents/{document_id}/files/{file_id}/content", **_CONTENT)
async def content(
    document_id: Id,
    file_id: Id,
    caller: TheCaller,
    db: TheDatabase,
    objects: TheObjects,
    settings: TheSettings,
    unless: TheIfNoneMatch,
) -> Response:
    """Get a file's content: the answer leads to where it can be had for five minutes."""
    file = reading.ready(await reading.read(db, caller, document_id, file_id, clock.now()))
    if unchanged := _unchanged(file, unless):
        return unchanged
    return _leading(file, await reading.content_address(objects, file, settings.download_period))


@app.get("/v1/documents/{document_id}/files/{file_id}/thumbnail", **_CONTENT)
async def thumbnail(
    document_id: Id,
    file_id: Id,
    caller: TheCaller,
    db: TheDatabase,
    objects: TheObjects,
    settings: TheSettings,
    unless: TheIfNoneMatch,
    size: Annotated[Literal["320", "1280"], Query(description="the most pixels of its longer side")] = "320",
) -> Response:
    """Get a small WebP of a picture: the answer leads to where it can be had for five minutes."""
    file = reading.ready(await reading.read(db, caller, document_id, file_id, clock.now()))
    if unchanged := _unchanged(file, unless):
        return unchanged
    return _leading(file, await reading.thumbnail_address(objects, file, int(size), settings.download_period))


def _unchanged(file: FileRecord, unless: EntityTags | None) -> Response | None:
    return Response(status_code=304, headers=_headers(file)) if unless and unless.names(file.etag) else None


def _leading(file: FileRecord, address: str) -> Response:
    return Response(status_code=302, headers={**_headers(file), "Location": address})


def _headers(file: FileRecord) -> dict[str, str]:
    # The address is good for a few minutes only, so the client asks each time whether what it has still holds.
    return {"ETag": f'"{file.etag}"', "Cache-Control": "private, no-cache", "Vary": "Authorization"}


files = http_function(app, paths=["/v1/documents/*/files", "/v1/documents/*/files/**"])
