"""Importing: what somebody brings along becomes the content of a document."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.database import Database
from core.failures import Fault, Invalid
from documents.authoring import foreign, placing, writing
from documents.authoring.foreign import Imported
from documents.authoring.placing import Home
from documents.authoring.unreadable import UnreadableImport
from documents.authoring.writing import Content, Made, Origin
from documents.records import Language

_READERS: Final[dict[str, Callable[[bytes, str | None], Imported]]] = {
    "text/markdown": foreign.from_markdown,
    "text/html": foreign.from_html,
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": lambda file, _: foreign.from_docx(file),
}

MEDIA_TYPES: Final = tuple(_READERS)


@dataclass(frozen=True)
class Source:
    """A file and what its sender says of it: its media type is one of MEDIA_TYPES, in lower case.

    `title` and `language` go before what is found in it.
    """

    file: bytes
    media_type: str
    charset: str | None
    title: str | None
    language: Language | None


async def bring(db: Database, caller: Caller, source: Source, origin: Origin, home: Home, now: datetime) -> Made:
    """Create a document from a file; returns what `writing.create` does.

    Nobody's file is read before they have been let in. Raises Invalid when it is not what it claims, BodyTooLarge when
    it holds too long a text.
    """
    profile = await admit(db, caller, Need.WRITE, heavy=home.heavy)
    placed = placing.placed(home, profile)
    return await writing.add(db, profile, await _content(source), origin, placed, now)


async def _content(source: Source) -> Content:
    reader = _READERS[source.media_type]
    try:
        # Foreign files take their time to read; others are served meanwhile.
        imported = await asyncio.to_thread(reader, source.file, source.charset)
    except UnreadableImport as error:
        raise Invalid(faults=[Fault("", error.code, error.detail)]) from error
    title = imported.title if source.title is None else source.title
    return Content.of(title, imported.body, [], source.language)
