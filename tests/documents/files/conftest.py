"""How files come into a document, as a browser brings them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from documents.files.records import contents, uploads
from documents.records import documents
from tests.support.api import Answer, Api, Document, Person
from tests.support.storage import send, until


async def announced(
    person: Person,
    document: Document,
    content: bytes,
    content_type: str = "image/jpeg",
    name: str = "bilde.jpg",
    **more: Any,
) -> Answer:
    """The answer to a request for an upload."""
    draft = {"name": name, "contentType": content_type, "size": len(content), **more}
    return await person.post(f"{document.path}/files", draft)


async def brought(
    person: Person,
    document: Document,
    content: bytes,
    content_type: str = "image/jpeg",
    name: str = "bilde.jpg",
    **more: Any,
) -> str:
    """Announce a file and send it. Returns its path; what becomes of it is still open."""
    answer = await announced(person, document, content, content_type, name, **more)
    assert (await send(answer["upload"], content)).status_code == 200
    return f"{document.path}/files/{answer['file']['id']}"


async def settled(person: Person, path: str) -> dict[str, Any]:
    """The file, once it is ready or rejected."""

    async def is_settled() -> bool:
        return (await person.get(path))["state"] != "pending"

    await eventually(is_settled)
    return (await person.get(path)).json


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Look every few milliseconds until it holds."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110  a test looks every few milliseconds
            await asyncio.sleep(0.02)


async def purged(api: Api, document: Document) -> None:
    """Wait until nothing is left of a document."""

    async def is_gone() -> bool:
        return await api.db.get(documents.at(document.id)) is None

    await eventually(is_gone)


async def kept(
    person: Person,
    document: Document,
    content: bytes,
    content_type: str = "image/jpeg",
    name: str = "bilde.jpg",
    **more: Any,
) -> dict[str, Any]:
    """Announce a file, send it, and wait for what becomes of it."""
    return await settled(person, await brought(person, document, content, content_type, name, **more))


async def objects_of(api: Api) -> list[str]:
    """The names of all objects that the project has."""
    found = [await api.objects.list(prefix.under()) for prefix in (uploads, contents)]
    return [stored.key.name for page in found for stored in page]


async def quiet(api: Api) -> None:
    """Wait until no event is on its way."""
    await until(lambda: not api.events.busy)
