"""Reading one document, and what is made of it: a copy, an export."""

import asyncio
from datetime import datetime
from enum import StrEnum

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.database import Database
from core.failures import Unavailable
from core.logs import Log
from core.services.queue import Tasks
from documents import access
from documents.access import Action
from documents.authoring import markdown, pdf, placing, writing
from documents.authoring.placing import Home
from documents.authoring.writing import Content, Made, Origin
from documents.records import FILES_TASKS, DocumentRecord, Role, documents

_log = Log(__name__)


class Format(StrEnum):
    """What a document can be exported as, by media type; the first is what somebody gets who asks for anything."""

    MARKDOWN = "text/markdown"
    HTML = "text/html"
    PDF = "application/pdf"


SUFFIX = {Format.MARKDOWN: "md", Format.HTML: "html", Format.PDF: "pdf"}

_COPY_OF = {"nb": "Kopi av {}", "en": "Copy of {}"}


async def read(db: Database, caller: Caller, document_id: str, now: datetime) -> tuple[DocumentRecord, Role]:
    """Return a document whole, and the caller's role. Raises DocumentNotFound."""
    profile, found = await admit(db, caller, Need.READ, documents.at(document_id), heavy=("body",))
    return access.demand(found, profile.principals, Action.READ, now)


async def duplicate(
    db: Database, tasks: Tasks, caller: Caller, document_id: str, origin: Origin, home: Home, now: datetime
) -> Made:
    """Make a copy that belongs to the caller, or where they want it; its files follow."""
    profile, found = await admit(db, caller, Need.WRITE, documents.at(document_id), heavy=("body", *home.heavy))
    original, _ = access.demand(found, profile.principals, Action.READ, now)
    placed = placing.placed(home, profile)
    title = _COPY_OF[original.language].format(original.title)[:300]
    content = Content(title, original.body, original.tags, original.language)
    files_from = original.id if original.files else None
    made = await writing.add(db, profile, content, origin, placed, now, files_from=files_from)
    if made.document.files_from:
        await _copy_files(tasks, made.document.id)
    return made


async def _copy_files(tasks: Tasks, document_id: str) -> None:
    try:
        await tasks.enqueue(FILES_TASKS, "copy-files", {"documentId": document_id}, name=document_id)
    except Unavailable:
        # The document says whose files it waits for, and the nightly sweep of files goes by that.
        _log.warning("enqueue_failed", handler="copy-files")


async def export(
    db: Database, caller: Caller, document_id: str, form: Format, now: datetime
) -> tuple[DocumentRecord, bytes]:
    """Return a document and its text in one of the formats."""
    document, _ = await read(db, caller, document_id, now)
    return document, await asyncio.to_thread(_rendered, document, form)


def _rendered(document: DocumentRecord, form: Format) -> bytes:
    if form is Format.MARKDOWN:
        return document.body.encode()
    if form is Format.HTML:
        return markdown.to_html(document.body, document.title, document.language).encode()
    return pdf.to_pdf(document.body, document.title, document.language)
