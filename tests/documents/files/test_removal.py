"""Removal: out of sight at once, then the bytes, then the record; with its document, everything."""

from __future__ import annotations

import asyncio
from typing import Any

from documents.files.records import files
from documents.records import Role, documents
from tests.documents.authoring.stored import a_stored_document, store
from tests.documents.files.conftest import eventually, kept, objects_of, purged, quiet
from tests.support import samples
from tests.support.api import Api, Document

TEXT: dict[str, Any] = {"content_type": "text/plain", "name": "notat.txt"}


async def emptied(api: Api) -> None:
    """Wait until no object is left."""

    async def is_empty() -> bool:
        return not await objects_of(api)

    await eventually(is_empty)


class TestRemove:
    async def test_is_for_who_may_edit(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        shared = a_stored_document(kari, roles={f"user:{kari.uid}": Role.OWNER, f"user:{ola.uid}": Role.COMMENTER})
        await store(api.db, [shared])
        document = Document(shared.id, "")
        file = await kept(kari, document, b"hei", **TEXT)
        path = f"{document.path}/files/{file['id']}"
        assert (await ola.get(path)).status == 200
        assert (await ola.delete(path)).problem == (403, "forbidden")

    async def test_takes_bytes_and_record(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        file = await kept(kari, document, samples.photo())
        await quiet(api)
        assert len(await objects_of(api)) == 3
        path = f"{document.path}/files/{file['id']}"
        assert (await kari.delete(path)).status == 204
        assert (await kari.delete(path)).problem == (404, "not_found")
        await emptied(api)

        async def is_gone() -> bool:
            return await api.db.get(files.at(document.id, file["id"])) is None

        await eventually(is_gone)
        stored = await api.db.get(documents.at(document.id))
        assert stored and (stored.files, stored.file_bytes) == (0, 0)

    async def test_of_one_file_twice_at_once_counts_once(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        await kept(kari, document, b"bleier", **TEXT)
        file = await kept(kari, document, b"hei", **TEXT)
        path = f"{document.path}/files/{file['id']}"
        answers = await asyncio.gather(*(kari.delete(path) for _ in range(5)))
        assert sorted(answer.status for answer in answers) == [204, 404, 404, 404, 404]
        stored = await api.db.get(documents.at(document.id))
        assert stored and (stored.files, stored.file_bytes) == (1, 6)
        assert (await kari.get("/v1/me"))["storage"]["usedBytes"] == 6


class TestPurge:
    async def test_of_a_document_takes_its_files_along(self, api: Api) -> None:
        kari = await api.person("Kari")
        document, other = await kari.writes("Vekk"), await kari.writes("Blir")
        await kept(kari, document, samples.photo())
        await kept(kari, document, b"hei", **TEXT)
        await kept(kari, other, b"blir", **TEXT)
        await kari.delete(document.path, if_match="*")
        await kari.post(f"{document.path}/purge")
        await purged(api, document)
        assert [name.split("/")[1] for name in await objects_of(api)] == [other.id]
        assert (await kari.get("/v1/me"))["storage"]["usedBytes"] == 4
