"""The nightly sweep: it finds exactly what was left, puts right what is certain, and reports the rest."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from core import clock
from core.data.buckets import FILES, UPLOADS, Bucket
from documents.files import removal
from documents.files.records import contents, files, thumbnails, uploads
from tests.documents.files.conftest import announced, brought, kept, objects_of, quiet, settled
from tests.support import samples
from tests.support.api import Api

TEXT: dict[str, Any] = {"content_type": "text/plain", "name": "notat.txt"}
NOTHING = {"expired": 0, "arrived": 0, "deleted": 0, "copies": 0, "orphans": 0, "missing": 0}


async def swept(api: Api, *, dry: bool = False) -> dict[str, int]:
    answer = await api.runs("sweep-files?dryRun=true" if dry else "sweep-files", "files-schedules")
    assert answer.status == 200, answer.response.text
    found = dict(answer.json)
    assert found.pop("dryRun") is dry
    return found


class TestSweep:
    async def test_of_a_tidy_house_finds_nothing(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        await kept(kari, document, samples.photo())
        await announced(kari, document, b"hei", **TEXT)
        await quiet(api)
        assert await swept(api) == NOTHING

    async def test_ends_the_wait_for_what_never_came(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        await announced(kari, document, b"hei", **TEXT)
        large = {"name": "stor.zip", "contentType": "application/zip", "size": 9 * 1024**2}
        await kari.post(f"{document.path}/files", large)

        api.advance(hours=23)
        assert await swept(api) == NOTHING
        api.advance(hours=2)
        assert await swept(api, dry=True) == NOTHING | {"expired": 1}
        assert await swept(api) == NOTHING | {"expired": 1}
        assert (await kari.get("/v1/me"))["storage"]["usedBytes"] == large["size"]
        api.advance(days=7)
        assert await swept(api) == NOTHING | {"expired": 1}
        assert await kari.listed(f"{document.path}/files") == []
        assert (await kari.get("/v1/me"))["storage"]["usedBytes"] == 0

    async def test_hands_in_what_came_and_was_not_dealt_with(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.events.hold()
        path = await brought(kari, document, b"hei", **TEXT)
        await api.events.holding(1)
        api.advance(hours=25)
        assert (await swept(api))["arrived"] == 1
        assert (await settled(kari, path))["state"] == "ready"

    async def test_finishes_deletions(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        file = await kept(kari, document, samples.photo())
        await quiet(api)
        found = await api.db.get(files.at(document.id, file["id"]))
        assert found
        await api.db.commit(*removal.gone(found, clock.now()))
        assert (await swept(api))["deleted"] == 0
        api.advance(hours=2)
        assert (await swept(api))["deleted"] == 1
        assert await objects_of(api) == [] and await api.db.get(files.at(document.id, file["id"])) is None

    async def test_finds_exactly_what_was_planted(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        ready = await kept(kari, document, samples.photo())
        lost = await kept(kari, document, b"hei", **TEXT)
        await quiet(api)
        api.events.hold()  # so that what is planted among the uploads is not dealt with at once
        planted = [
            contents.at("D" * 22, "F" * 22),
            thumbnails[320].at("D" * 22, "F" * 22),
            contents.at(document.id, "G" * 22),
            uploads.at("noen", "H" * 22),
        ]
        for key in planted:
            await api.objects.put(key, b"hei", "text/plain")
        await api.objects.delete(contents.at(document.id, lost["id"]))

        assert await swept(api) == NOTHING | {"missing": 1}  # too young to be anybody's
        api.advance(hours=25)
        assert await swept(api, dry=True) == NOTHING | {"orphans": 3, "missing": 1}
        assert await swept(api) == NOTHING | {"orphans": 3, "missing": 1}
        assert await swept(api) == NOTHING | {"missing": 1}
        assert {name.split("/")[2] for name in await objects_of(api)} == {ready["id"]}
        assert (await kari.get(f"{document.path}/files/{lost['id']}")).status == 200


async def put_by_hand(api: Api, bucket: Bucket, name: str) -> None:
    """Store an object as somebody with the keys of the house could, under a name that none of ours has."""
    settings = api.clients.settings
    address = f"{settings.storage_url}/upload/storage/v1/b/{bucket.named_in(settings.project_id)}/o"
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(address, params={"uploadType": "media", "name": name}, content=b"hei")
    assert answer.status_code == 200, answer.text


class TestNamesThatAreNotOurs:
    NAMES = ("../x", "noen/../x", "noen/a\nb", "noen/\u202ex", "en/to/tre/fire", "ø" * 500, "")

    @pytest.mark.parametrize("bucket", [UPLOADS, FILES], ids=["uploads", "files"])
    async def test_do_not_stop_the_sweep_from_finding_the_rest(self, api: Api, bucket: Bucket) -> None:
        api.events.hold()
        for name in self.NAMES:
            await put_by_hand(api, bucket, f"{bucket.name}/{name}")
        await api.objects.put(uploads.at("noen", "H" * 22), b"hei", "text/plain")
        await api.objects.put(contents.at("D" * 22, "F" * 22), b"hei", "text/plain")
        api.advance(hours=25)
        assert await swept(api) == NOTHING | {"orphans": 2}

    async def test_are_events_that_are_let_go_of(self, api: Api) -> None:
        for name in self.NAMES:
            await put_by_hand(api, UPLOADS, f"uploads/{name}")
            await api.events.arrived(f"uploads/{name}")
