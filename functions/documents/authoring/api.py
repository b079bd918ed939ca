"""The HTTP function `authoring`."""

from typing import Annotated, Any, Final

from fastapi import Depends, Header, Path, Query, Request
from starlette.responses import Response

from accounts.profiles.admission import REFUSALS
from core import clock
from core.failures import IdempotencyKeyReused, IfMatchRequired, Malformed, NotAcceptable, StaleEtag
from core.functions import Resources, http_function
from core.media.naming import disposition
from core.web import media_types
from core.web.application import Application, Budget
from core.web.dependencies import (
    TheCaller,
    TheDatabase,
    TheIdempotency,
    TheIfMatch,
    TheIfNoneMatch,
    ThePage,
    TheSettings,
    TheTasks,
)
from core.web.idempotency import Idempotency
from core.web.negotiation import best
from core.web.preconditions import shown
from core.web.schemas import Id, Line, Uid
from documents.access import DocumentForbidden, DocumentNotFound, DocumentTrashed
from documents.authoring import finding, history, importing, reading, schemas, trash, writing
from documents.authoring.placing import Home
from documents.authoring.reading import Format
from documents.authoring.writing import Content, Made, Origin
from documents.records import DocumentRecord, Language, Role

app = Application("authoring", title="Authoring: documents, their history, trash and search")

Number = Annotated[int, Path(ge=1, le=2**53, description="the revision's number")]
_UNCHANGED: Final = {304: "Unchanged since the ETag in If-None-Match"}


def _home(
    customer_id: Annotated[Id | None, Query(alias="customerId", description=schemas.IN_CUSTOMER)] = None,
    group_id: Annotated[Id | None, Query(alias="groupId", description=schemas.IN_GROUP)] = None,
) -> Home:
    return Home(customer_id, group_id, pointer="/query")


TheHome = Annotated[Home, Depends(_home)]


def _origin(idempotency: Idempotency, caller_uid: str, what: str, payload: Any) -> Origin:
    return Origin(idempotency.id_for(caller_uid, "document"), idempotency.fingerprint(payload, what))


def _created(made: Made) -> Response:
    return shown(
        schemas.DocumentView.showing(made.document, role=made.role),
        status=201,
        etag=made.document.etag(made.role),
        location=f"/v1/documents/{made.document.id}",
        replayed=made.replayed,
    )


def _whole(document: DocumentRecord, role: Role) -> Response:
    return shown(schemas.DocumentView.showing(document, role=role), etag=document.etag(role))


def _card(document: DocumentRecord, role: Role) -> Response:
    return shown(schemas.DocumentCard.showing(document, role=role), etag=document.etag(role))


@app.post(
    "/v1/documents",
    shows=schemas.DocumentView,
    status=201,
    raises=[*REFUSALS, IdempotencyKeyReused, writing.BeingPurged],
    budget=Budget(rpcs=2, reads=1, writes=2),
    example={"title": "Blåbærtur", "body": "Vi fant *mange* bær.", "tags": ["tur"], "language": "nb"},
)
async def create(
    draft: schemas.DocumentDraft, caller: TheCaller, db: TheDatabase, idempotency: TheIdempotency
) -> Response:
    """Create a document of your own, or one of a Customer or group that you belong to."""
    content = Content.of(draft.title, draft.body, draft.tags, draft.language)
    origin = _origin(idempotency, caller.uid, "create", draft)
    home = Home(draft.customer_id, draft.group_id)
    return _created(await writing.create(db, caller, content, origin, home, clock.now()))


@app.get(
    "/v1/documents",
    shows=schemas.DocumentPage,
    raises=[*REFUSALS, Malformed],
    budget=Budget(rpcs=2, reads=2, per="item, 30 principals"),
)
async def find(
    caller: TheCaller,
    db: TheDatabase,
    page: ThePage,
    q: Annotated[Line | None, Query(max_length=500, description="words, all of which it holds in any form")] = None,
    tag: Annotated[schemas.Tag | None, Query(description="a tag, in any spelling of it")] = None,
    owner: Annotated[Uid | None, Query(description="whose documents")] = None,
    group_id: Annotated[Id | None, Query(alias="groupId")] = None,
    customer_id: Annotated[Id | None, Query(alias="customerId")] = None,
    trashed: Annotated[bool, Query(description="what is in the trash, in place of what is not")] = False,
    shared_with_me: Annotated[bool, Query(alias="sharedWithMe", description="only what others own")] = False,
) -> Response:
    """List or search the documents that you can read: the last changed first, in a search after hits in titles.

    A page may hold fewer than you asked for, even none; the list goes on as long as there is a nextPageToken.
    """
    wanted = finding.Wanted(q, tag, owner, group_id, customer_id, trashed, shared_with_me)
    found = await finding.find(db, caller, wanted, page, clock.now())
    items = [schemas.DocumentCard.showing(document, role=role) for document, role in found.documents]
    return shown(schemas.DocumentPage(items=items, next_page_token=found.next_token, truncated=found.truncated or None))


@app.get(
    "/v1/documents/{document_id}",
    shows=schemas.DocumentView,
    raises=[*REFUSALS, DocumentNotFound, Malformed],
    budget=Budget(rpcs=1, reads=2),
    may_answer=_UNCHANGED,
)
async def read(document_id: Id, caller: TheCaller, db: TheDatabase, unless: TheIfNoneMatch) -> Response:
    """Read a document."""
    document, role = await reading.read(db, caller, document_id, clock.now())
    return shown(schemas.DocumentView.showing(document, role=role), etag=document.etag(role), unless=unless)


@app.patch(
    "/v1/documents/{document_id}",
    shows=schemas.DocumentView,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, DocumentTrashed, IfMatchRequired, StaleEtag],
    budget=Budget(rpcs=2, reads=2, writes=2),
    example={"body": "Vi fant *mange* bær, og så kom det regn."},
)
async def revise(
    document_id: Id,
    changes: schemas.DocumentChange,
    caller: TheCaller,
    db: TheDatabase,
    condition: TheIfMatch,
    settings: TheSettings,
) -> Response:
    """Change title, text, tags or language. Each save counts; the history keeps the last of each five minutes."""
    named = changes.model_dump(exclude_unset=True)
    return _whole(
        *await writing.revise(db, caller, document_id, named, condition, settings.revision_window, clock.now())
    )


@app.delete(
    "/v1/documents/{document_id}",
    shows=schemas.DocumentCard,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, IfMatchRequired, Malformed, StaleEtag],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def move_to_trash(
    document_id: Id, caller: TheCaller, db: TheDatabase, condition: TheIfMatch, settings: TheSettings
) -> Response:
    """Move a document to the trash, where it stays for 30 days and can be restored from."""
    return _card(*await trash.trash(db, caller, document_id, condition, settings.trash_period, clock.now()))


@app.post(
    "/v1/documents/{document_id}/restore",
    shows=schemas.DocumentCard,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def restore(document_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Take a document out of the trash. One that is not there stays as it is."""
    return _card(*await trash.restore(db, caller, document_id, clock.now()))


@app.post(
    "/v1/documents/{document_id}/purge",
    status=204,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, trash.NotInTrash],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def purge(document_id: Id, caller: TheCaller, db: TheDatabase, tasks: TheTasks) -> Response:
    """Delete a document in the trash for good, with everything below it. There is no way back."""
    await trash.purge(db, tasks, caller, document_id, clock.now())
    return Response(status_code=204)


@app.post(
    "/v1/documents/empty-trash",
    shows=schemas.TrashEmptied,
    raises=REFUSALS,
    budget=Budget(rpcs=3, reads=1, per="item"),
)
async def empty_trash(caller: TheCaller, db: TheDatabase, tasks: TheTasks) -> Response:
    """Delete all your documents in the trash for good."""
    return shown(schemas.TrashEmptied(purged=await trash.empty(db, tasks, caller, clock.now())))


@app.post(
    "/v1/documents/{document_id}/duplicate",
    shows=schemas.DocumentView,
    status=201,
    raises=[*REFUSALS, DocumentNotFound, IdempotencyKeyReused, writing.BeingPurged],
    budget=Budget(rpcs=2, reads=2, writes=2),
)
async def duplicate(
    document_id: Id, caller: TheCaller, db: TheDatabase, tasks: TheTasks, idempotency: TheIdempotency, home: TheHome
) -> Response:
    """Make a copy of a document that you can read: yours, unless you want it elsewhere. Its files follow."""
    origin = _origin(idempotency, caller.uid, f"duplicate {home}", document_id.encode())
    return _created(await reading.duplicate(db, tasks, caller, document_id, origin, home, clock.now()))


@app.get(
    "/v1/documents/{document_id}/revisions",
    shows=schemas.RevisionPage,
    raises=[*REFUSALS, DocumentNotFound, Malformed],
    budget=Budget(rpcs=3, reads=3, per="item"),
)
async def list_revisions(document_id: Id, caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List the revisions of a document, newest first."""
    found, token = await history.listed(db, caller, document_id, page, clock.now())
    items = [schemas.RevisionCard.showing(revision, author_name=name) for revision, name in found]
    return shown(schemas.RevisionPage(items=items, next_page_token=token))


@app.get(
    "/v1/documents/{document_id}/revisions/{number}",
    shows=schemas.RevisionView,
    raises=[*REFUSALS, DocumentNotFound, history.RevisionNotFound],
    budget=Budget(rpcs=3, reads=4),
)
async def read_revision(document_id: Id, number: Number, caller: TheCaller, db: TheDatabase) -> Response:
    """Read one revision of a document."""
    revision, name = await history.read(db, caller, document_id, number, clock.now())
    return shown(schemas.RevisionView.showing(revision, author_name=name))


@app.post(
    "/v1/documents/{document_id}/revisions/{number}/restore",
    shows=schemas.DocumentView,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, DocumentTrashed, history.RevisionNotFound],
    budget=Budget(rpcs=3, reads=3, writes=2),
)
async def restore_revision(document_id: Id, number: Number, caller: TheCaller, db: TheDatabase) -> Response:
    """Make a revision's content the document's again. It becomes the newest revision, and nothing is lost."""
    return _whole(*await history.restore(db, caller, document_id, number, clock.now()))


@app.get(
    "/v1/documents/{document_id}/export",
    raises=[*REFUSALS, DocumentNotFound, NotAcceptable],
    budget=Budget(rpcs=1, reads=2),
    produces={form.value: {} for form in Format},
)
async def export(
    document_id: Id, caller: TheCaller, db: TheDatabase, accept: Annotated[str, Header(include_in_schema=False)] = "*/*"
) -> Response:
    """Export a document as Markdown, as HTML or as PDF, whichever `Accept` prefers."""
    form = Format(best(accept, [form.value for form in Format]))
    document, content = await reading.export(db, caller, document_id, form, clock.now())
    headers = {"Content-Disposition": disposition(document.title, reading.SUFFIX[form], inline=False)}
    return Response(content, headers=headers, media_type=form.value)


@app.post(
    "/v1/documents/import",
    shows=schemas.DocumentView,
    status=201,
    raises=[*REFUSALS, IdempotencyKeyReused, writing.BeingPurged],
    budget=Budget(rpcs=2, reads=1, writes=2),
    reads=importing.MEDIA_TYPES,
)
async def import_document(
    request: Request,
    caller: TheCaller,
    db: TheDatabase,
    idempotency: TheIdempotency,
    home: TheHome,
    title: Annotated[schemas.Title | None, Query(description="in place of the title that the file has")] = None,
    language: Annotated[Language | None, Query(description="guessed when left out")] = None,
) -> Response:
    """Create a document from Markdown, HTML or DOCX (the request's body, at most 6 MiB)."""
    file = await request.body()
    kind, charset = media_types.parse(request.headers["content-type"])
    origin = _origin(idempotency, caller.uid, f"import {(kind, charset, title, language, home)}", file)
    source = importing.Source(file, kind, charset, title, language)
    return _created(await importing.bring(db, caller, source, origin, home, clock.now()))


authoring = http_function(
    app, paths=["/v1/documents", "/v1/documents/**"], resources=Resources(memory="1Gi", concurrency=40)
)
