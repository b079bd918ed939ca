"""Copying: a document's copy has the files as well, under the same ids, in the room of who made it."""

from __future__ import annotations

import asyncio
from typing import Any

from core import clock
from documents.files import copying, removal
from documents.files.records import files
from documents.records import Role, documents
from tests.documents.authoring.stored import a_stored_document, store
from tests.documents.files.conftest import eventually, kept, purged, quiet
from tests.documents.files.test_reading import fetched
from tests.support import samples
from tests.support.api import Answer, Api, Document, Person, an_api
from tests.support.emulators import Emulators

TEXT: dict[str, Any] = {"content_type": "text/plain", "name": "notat.txt"}


async def copied(api: Api, person: Person, document: Document) -> Answer:
    """A copy of a document, once its files are there."""
    answer = await person.post(f"{document.path}/duplicate")

    async def is_complete() -> bool:
        found = await api.db.get(documents.at(answer["id"]))
        return found is not None and found.files_from is None

    await eventually(is_complete)
    return answer


class TestCopy:
    async def test_brings_pictures_and_their_small_ones(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "![](file:x)")
        picture = await kept(kari, document, samples.photo())
        note = await kept(kari, document, b"hei", **TEXT)

        copy = await copied(api, kari, document)

        path = f"/v1/documents/{copy['id']}/files"
        assert set(await kari.listed(path)) == {picture["id"], note["id"]}
        for file in (picture, note):
            twin = (await kari.get(f"{path}/{file['id']}")).json
            assert (twin["state"], twin["sha256"], twin["name"]) == ("ready", file["sha256"], file["name"])
            content = await fetched((await kari.get(f"{path}/{file['id']}/content")).response.headers["location"])
            assert len(content.content) == file["size"]
        small = await kari.get(f"{path}/{picture['id']}/thumbnail")
        assert (await fetched(small.response.headers["location"])).status_code == 200
        assert (await kari.get("/v1/me"))["storage"]["usedBytes"] == 2 * (picture["size"] + 3)

    async def test_stays_when_the_original_goes(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        file = await kept(kari, document, b"hei", **TEXT)
        copy = await copied(api, kari, document)
        await kari.delete(document.path, if_match="*")
        await kari.post(f"{document.path}/purge")
        await purged(api, document)
        answer = await kari.get(f"/v1/documents/{copy['id']}/files/{file['id']}/content")
        assert (await fetched(answer.response.headers["location"])).content == b"hei"

    async def test_takes_the_room_of_who_copies(self, emulators: Emulators) -> None:
        async with an_api(emulators, storage_limit_bytes=5) as api:
            kari, ola = await api.people("Kari", "Ola")
            shared = a_stored_document(kari, roles={f"user:{kari.uid}": Role.OWNER, f"user:{ola.uid}": Role.VIEWER})
            await store(api.db, [shared])
            document = Document(shared.id, "")
            await kept(kari, document, b"hei", **TEXT)
            await quiet(api)
            first, second = await copied(api, ola, document), await copied(api, ola, document)
            states = [(await ola.listed(f"/v1/documents/{copy['id']}/files", "state"))[0] for copy in (first, second)]
            assert states == ["ready", "rejected"]
            assert (await ola.get("/v1/me"))["storage"]["usedBytes"] == 3

    async def test_of_many_at_once_does_not_pass_the_limit(self, emulators: Emulators) -> None:
        async with an_api(emulators, storage_limit_bytes=5) as api:
            kari, ola = await api.people("Kari", "Ola")
            shared = a_stored_document(kari, roles={f"user:{kari.uid}": Role.OWNER, f"user:{ola.uid}": Role.VIEWER})
            await store(api.db, [shared])
            document = Document(shared.id, "")
            await kept(kari, document, b"hei", **TEXT)
            await asyncio.gather(*(copied(api, ola, document) for _ in range(8)))
            assert (await ola.get("/v1/me"))["storage"]["usedBytes"] <= 5

    async def test_does_not_bring_back_what_was_deleted_of_it(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        file = await kept(kari, document, b"hei", **TEXT)
        copy = await copied(api, kari, document)
        found = await api.db.get(documents.at(copy["id"]))
        assert found
        unfinished = documents.update(found, files_from=document.id)
        await api.db.commit(unfinished)  # as it is while its other files are still on their way

        await kari.delete(f"/v1/documents/{copy['id']}/files/{file['id']}")
        await removal.finish(api.db, api.objects, copy["id"], file["id"])
        await _asked_for_again(api, copy["id"], document)

        assert await kari.listed(f"/v1/documents/{copy['id']}/files") == []
        api.advance(hours=2)
        assert (await api.runs("sweep-files", "files-schedules"))["deleted"] == 1
        assert await api.db.get(files.at(copy["id"], file["id"])) is None

    async def test_of_a_document_without_files_asks_for_no_task(self, api: Api) -> None:
        kari = await api.person("Kari")
        copy = await kari.post(f"{(await kari.writes('Tur')).path}/duplicate")
        found = await api.db.get(documents.at(copy["id"]))
        assert found and found.files_from is None

    async def test_has_no_file_that_came_to_the_original_since(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        before = await kept(kari, document, b"hei", **TEXT)
        copy = await copied(api, kari, document)
        api.advance(seconds=1)
        await kept(kari, document, b"hemmelig", **TEXT)

        await _asked_for_again(api, copy["id"], document)

        assert await kari.listed(f"/v1/documents/{copy['id']}/files") == [before["id"]]


async def _asked_for_again(api: Api, copy_id: str, original: Document) -> None:
    """Let the task run as if it came late, or once more."""
    found = await api.db.get(documents.at(copy_id))
    assert found
    await api.db.commit(documents.update(found, files_from=original.id))
    await copying.copy_files(api.db, api.objects, copy_id, api.clients.settings.storage_limit_bytes, clock.now())
