"""Importing: what somebody brings along becomes the content of a document."""

import asyncio
from collections.abc import Callable
from typing import Final

from core.failures import Fault, Invalid
from documents.authoring import imports
from documents.authoring.imports import Imported
from documents.authoring.unreadable import UnreadableImport
from documents.authoring.writing import Content
from documents.records import Language

_READERS: Final[dict[str, Callable[[bytes, str | None], Imported]]] = {
    "text/markdown": lambda file, _: imports.from_markdown(file),
    "text/html": imports.from_html,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": lambda file, _: imports.from_docx(file),
}

MEDIA_TYPES: Final = tuple(_READERS)


async def read(file: bytes, content_type: str, title: str | None, language: Language | None) -> Content:
    """Read a file of one of MEDIA_TYPES. Raises Invalid when it is not what it claims, BodyTooLarge for long text."""
    kind, _, parameters = content_type.partition(";")
    charset = parameters.partition("charset=")[2].strip().strip('"') or None
    reader = _READERS[kind.strip().lower()]
    try:
        # Foreign files take their time to read; others are served meanwhile.
        imported = await asyncio.to_thread(reader, file, charset)
    except UnreadableImport as error:
        raise Invalid(faults=[Fault("", error.code, error.detail)]) from error
    return Content.of(imported.title if title is None else title, imported.body, [], language)
