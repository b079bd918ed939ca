"""Arrival: what was sent is looked at, and nobody is shown anything else than what is clean."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from accounts.profiles.records import TombstoneRecord, tombstones
from core import clock
from core.data.objects import ObjectKey
from core.services.objects import ObjectExists, Objects
from documents.files import arrival, cleaning
from documents.files.records import contents, files, uploads
from documents.records import documents
from tests.documents.files.conftest import announced, brought, kept, objects_of, quiet, settled
from tests.support import samples
from tests.support.api import Api, Document, an_api
from tests.support.clamd import EICAR, needs_clamd, scanning
from tests.support.emulators import Emulators
from tests.support.storage import send

TEXT: dict[str, Any] = {"content_type": "text/plain", "name": "notat.txt"}
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

GOOD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "jpeg": ("image/jpeg", samples.photo, "image/jpeg"),
    "png": ("image/png", samples.png, "image/png"),
    "webp": ("image/webp", samples.webp, "image/webp"),
    "heic": ("image/heic", samples.heic, "image/jpeg"),
    "gif": ("image/gif", samples.animation, "image/gif"),
    "polyglot": ("image/gif", samples.polyglot, "image/gif"),
    "svg": ("image/svg+xml", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
    "text": ("text/plain", "Blåbær".encode, "text/plain"),
    "markdown": ("text/markdown", "# Blåbær".encode, "text/markdown"),
    "csv": ("text/csv", lambda: b"a,b\n1,2\n", "text/csv"),
    "docx": (DOCX, samples.word, DOCX),
    "mp4": ("video/mp4", lambda: samples.recording("mp4"), "video/mp4"),
    "mp3": ("audio/mpeg", lambda: samples.recording("mp3"), "audio/mpeg"),
    "zip": ("application/zip", lambda: samples.archive({"a.txt": b"hei"}), "application/zip"),
}

BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "an archive called a picture": ("image/jpeg", lambda: samples.archive({"a": b"b"}), "wrong_type"),
    "a bomb of a picture": ("image/png", samples.png_bomb, "too_many_pixels"),
    "a bomb of an archive": ("application/zip", samples.zip_bomb, "expands_too_far"),
    "half a picture": ("image/jpeg", lambda: samples.photo()[:2_000], "unreadable"),
    "text of another encoding": ("text/plain", lambda: "Blåbær".encode("latin-1"), "not_utf8"),
    "a word document called text": ("text/plain", samples.word, "wrong_type"),
}


class TestReady:
    @pytest.mark.parametrize("kind", GOOD)
    async def test_is_what_is_as_it_says(self, api: Api, kind: str) -> None:
        content_type, make, served = GOOD[kind]
        kari = await api.person("Kari")
        document = await kari.writes("Tur")

        file = await kept(kari, document, make(), content_type, f"fil.{kind}")

        assert (file["state"], file["contentType"], file.get("reason")) == ("ready", served, None)
        stored = await api.db.get(documents.at(document.id))
        assert stored and (stored.files, stored.file_bytes) == (1, file["size"])
        await quiet(api)
        names = [name for name in await objects_of(api) if name.startswith("uploads/")]
        assert names == []

    async def test_leaves_the_etag_of_the_document_as_it_was(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        await kept(kari, document, b"hei", **TEXT)
        assert (await kari.patch(document.path, {"title": "Ny"}, if_match=document.etag)).status == 200

    @pytest.mark.promise("P16")
    async def test_has_lost_where_it_was_taken(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        photo = samples.photo()
        assert b"GPS" in photo
        file = await kept(kari, document, photo)
        content = await _content(api, document, file["id"])
        assert b"GPS" not in content and b"Exif" not in content
        assert hashlib.sha256(content).hexdigest() == file["sha256"]
        assert len(content) == file["size"]

    async def test_checks_the_hash_that_was_promised(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        right, wrong = hashlib.sha256(b"hei").hexdigest(), hashlib.sha256(b"hallo").hexdigest()
        assert (await kept(kari, document, b"hei", **TEXT, sha256=right))["state"] == "ready"
        assert (await kept(kari, document, b"hei", **TEXT, sha256=wrong))["reason"] == "wrong_hash"


async def _content(api: Api, document: Document, file_id: str) -> bytes:
    found = await api.db.get(files.at(document.id, file_id))
    assert found
    stored = await api.objects.stat(contents.of(found))
    assert stored

    def read() -> bytes:
        with api.objects.reader(stored.key, stored.generation) as stream:
            return stream.read(stored.size)

    return await asyncio.to_thread(read)


class TestRejected:
    @pytest.mark.parametrize("what", BAD)
    async def test_says_why_and_keeps_no_byte(self, api: Api, what: str) -> None:
        content_type, make, reason = BAD[what]
        kari = await api.person("Kari")
        document = await kari.writes("Tur")

        file = await kept(kari, document, make(), content_type, "fil")

        assert (file["state"], file["reason"]) == ("rejected", reason)
        await quiet(api)
        assert await objects_of(api) == []
        assert (await kari.get("/v1/me"))["storage"]["usedBytes"] == 0

    async def test_is_what_has_another_size_than_it_said(self, api: Api) -> None:
        # Cloud Storage itself refuses it, by the signed length; the emulator lets it pass.
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        for sent in (b"he", b"heisan"):
            answer = await announced(kari, document, b"hei", **TEXT)
            await send(answer["upload"], sent)
            file = await settled(kari, f"{document.path}/files/{answer['file']['id']}")
            assert file["reason"] == "wrong_size"

    async def test_is_what_is_empty(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        answer = await announced(kari, document, b"hei", **TEXT)
        await send(answer["upload"], b"")
        file = await settled(kari, f"{document.path}/files/{answer['file']['id']}")
        assert file["reason"] in ("empty", "wrong_size")


@needs_clamd
class TestScanned:
    async def test_is_rejected_when_it_carries_malware(self, emulators: Emulators, tmp_path: Path) -> None:
        with scanning(tmp_path) as port:
            async with an_api(emulators, clamd_host="127.0.0.1", clamd_port=port) as api:
                kari = await api.person("Kari")
                document = await kari.writes("Tur")
                file = await kept(kari, document, EICAR, **TEXT)
                assert (file["state"], file["reason"]) == ("rejected", "malware")
                assert (await kept(kari, document, b"hei", **TEXT))["state"] == "ready"
                await quiet(api)
                assert [file["id"] in name for name in await objects_of(api)] == [False]


class TestEvents:
    async def test_twice_are_one(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.events.hold()
        path = await brought(kari, document, samples.photo())
        await api.events.holding(1)
        api.events.release(api.events.held * 5)
        file = await settled(kari, path)
        await quiet(api)
        stored = await api.db.get(documents.at(document.id))
        assert stored and (stored.files, stored.file_bytes) == (1, file["size"])
        assert (await kari.get("/v1/me"))["storage"]["usedBytes"] == file["size"]
        assert len(await objects_of(api)) == 3

    async def test_in_any_order_come_to_the_same(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.events.hold()
        paths = [await brought(kari, document, f"fil {number}".encode(), **TEXT) for number in range(5)]
        await api.events.holding(5)
        api.events.release([*reversed(api.events.held), *api.events.held])
        assert {(await settled(kari, path))["state"] for path in paths} == {"ready"}
        await quiet(api)
        stored = await api.db.get(documents.at(document.id))
        assert stored and stored.files == 5

    async def test_of_what_nobody_awaits_delete_it(self, api: Api) -> None:
        await api.objects.put(uploads.at("noen", "A" * 22), b"hei", "text/plain")
        await api.events.arrived(f"uploads/noen/{'A' * 22}")
        assert await objects_of(api) == []

    @pytest.mark.promise("P39")
    async def test_of_somebody_erased_write_nothing(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.events.hold()
        path = await brought(kari, document, b"hei", **TEXT)
        await api.events.holding(1)
        erased = TombstoneRecord(subject_hash=api.subject_hash(kari), at=clock.now())
        await api.db.commit(tombstones.create(erased))
        api.events.release()
        await quiet(api)
        assert await objects_of(api) == []
        assert (await kari.get(path))["state"] == "pending"

    async def test_of_a_purged_document_delete_it_and_of_one_in_the_trash_keep_it(self, api: Api) -> None:
        kari = await api.person("Kari")
        purged, trashed = await kari.writes("Vekk"), await kari.writes("Kastet")
        api.events.hold()
        await brought(kari, purged, b"hei", **TEXT)
        await brought(kari, trashed, b"hei", **TEXT)
        await api.events.holding(2)
        for document in (purged, trashed):
            await kari.delete(document.path, if_match="*")
        await kari.post(f"{purged.path}/purge")
        api.events.release()
        await quiet(api)
        assert [name.split("/")[1] for name in await objects_of(api)] == [trashed.id]

    async def test_of_a_file_deleted_meanwhile_leave_nothing(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.events.hold()
        path = await brought(kari, document, samples.photo())
        await api.events.holding(1)
        await kari.delete(path)
        api.events.release()
        await quiet(api)
        assert await objects_of(api) == []
        assert (await kari.get("/v1/me"))["storage"]["usedBytes"] == 0

    @pytest.mark.slow
    async def test_of_two_hundred_at_once_are_all_dealt_with(self, api: Api) -> None:
        people = await api.people(*(f"Kari{number}" for number in range(10)))
        documents_of = [await person.writes("Tur") for person in people]
        pairs = list(zip(people, documents_of, strict=True)) * 20
        paths = await asyncio.gather(*(brought(person, document, b"hei", **TEXT) for person, document in pairs))
        for (person, _), path in zip(pairs, paths, strict=True):
            assert (await settled(person, path))["state"] == "ready"
        await quiet(api)
        for document in documents_of:
            stored = await api.db.get(documents.at(document.id))
            assert stored and (stored.files, stored.file_bytes) == (20, 60)


class Killed(BaseException):
    """The handler ends here, as if its machine had."""


class Mortal(Objects):
    """The real thing, which ends the handler before or after its n-th change."""

    left = 0
    after = False

    async def _change(self, change: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            change.close()
            raise Killed
        done = await change
        if self.left == 0:
            raise Killed
        return done

    async def put(self, *args: Any, **more: Any) -> bool:
        return await self._change(super().put(*args, **more))

    async def copy(self, *args: Any, **more: Any) -> bool:
        return await self._change(super().copy(*args, **more))

    async def delete(self, *args: Any, **more: Any) -> None:
        await self._change(super().delete(*args, **more))


class Strict(Objects):
    """The real thing, which refuses to write an object in parts where there is one: the emulator lets that pass.

    Source: https://cloud.google.com/storage/docs/request-preconditions
    """

    @contextmanager
    def writer(self, key: ObjectKey, content_type: str, **more: Any) -> Generator[BinaryIO]:
        if asyncio.run(self.stat(key)):
            raise ObjectExists
        with super().writer(key, content_type, **more) as stream:
            yield stream


class Vanishing:
    """A scanner that finds nothing, while the upload that it looks at goes."""

    def __init__(self, objects: Objects, upload: ObjectKey) -> None:
        self._objects, self._upload = objects, upload

    @contextmanager
    def scan(self) -> Generator[Vanishing]:
        yield self

    def feed(self, chunk: bytes) -> None:
        pass

    def conclude(self) -> None:
        asyncio.run(self._objects.delete(self._upload))


class TestHalfWay:
    async def test_a_recording_that_lies_there_already_is_taken_as_it_is(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.events.hold()
        path = await brought(kari, document, samples.recording("mp4"), "video/mp4")
        await api.events.holding(1)
        strict, key = Strict(api.clients.settings), api.clients.settings.key
        pending = await api.db.get(files.at(document.id, path.rpartition("/")[2]))
        assert pending
        upload = uploads.of(pending)
        there = await strict.stat(upload)
        assert there
        kept_before = await cleaning.clean(strict, pending, upload, there.generation, None)

        assert await arrival.arrive(api.db, strict, None, key, upload.name, there.generation) == "ready"

        file = (await kari.get(path)).json
        assert (file["sha256"], file["size"]) == (kept_before.sha256, kept_before.size)
        assert hashlib.sha256(await _content(api, document, file["id"])).hexdigest() == file["sha256"]

    async def test_an_upload_that_goes_while_it_is_looked_at_makes_nothing_ready(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.events.hold()
        path = await brought(kari, document, b"hei", **TEXT)
        await api.events.holding(1)
        upload = uploads.at(kari.uid, path.rpartition("/")[2])
        there = await api.objects.stat(upload)
        assert there
        gone, key = Vanishing(api.objects, upload), api.clients.settings.key

        assert await arrival.arrive(api.db, api.objects, gone, key, upload.name, there.generation) is None

        assert (await kari.get(path))["state"] == "pending"


class TestKilled:
    @pytest.mark.parametrize("after", [False, True])
    @pytest.mark.parametrize("step", [1, 2, 3, 4])
    @pytest.mark.parametrize("kind", ["jpeg", "docx"])
    async def test_anywhere_it_comes_to_the_same_when_delivered_again(
        self, api: Api, kind: str, step: int, after: bool
    ) -> None:
        content_type, make, _ = GOOD[kind]
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.events.hold()
        path = await brought(kari, document, make(), content_type)
        await api.events.holding(1)
        mortal = Mortal(api.clients.settings)
        mortal.left, mortal.after = step, after
        name, generation = (
            f"uploads/{kari.uid}/{path.rpartition('/')[2]}",
            int(json.loads(api.events.held[0].content)["generation"]),
        )
        key = api.clients.settings.key
        # A group of them, where several puts were on their way; none, where there are fewer changes than steps.
        with suppress(Killed, BaseExceptionGroup):
            await arrival.arrive(api.db, mortal, None, key, name, generation)

        api.events.release()

        file = await settled(kari, path)
        await quiet(api)
        assert file["state"] == "ready"
        stored = await api.db.get(documents.at(document.id))
        assert stored and (stored.files, stored.file_bytes) == (1, file["size"])
        assert (await kari.get("/v1/me"))["storage"]["usedBytes"] == file["size"]
        assert len(await objects_of(api)) == (3 if kind == "jpeg" else 1)
        assert hashlib.sha256(await _content(api, document, file["id"])).hexdigest() == file["sha256"]
