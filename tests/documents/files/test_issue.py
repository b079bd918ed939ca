"""Announcing a file: who may, what is taken, how much room there is, and where the bytes are to go."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from accounts.profiles import storage
from core.ids import random_id
from documents.files.records import files
from documents.records import Role
from tests.documents.authoring.stored import a_stored_document, store
from tests.documents.files.conftest import announced, brought, kept, objects_of, quiet, settled
from tests.support import samples
from tests.support.api import Api, Document, Person, an_api
from tests.support.emulators import Emulators
from tests.support.storage import send

TEXT: dict[str, Any] = {"content_type": "text/plain", "name": "notat.txt"}


async def used(person: Person) -> int:
    return (await person.get("/v1/me"))["storage"]["usedBytes"]


class TestWho:
    @pytest.mark.promise("P43")
    async def test_a_stranger_learns_nothing_of_the_document(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Hemmelig")
        answer = await announced(ola, document, b"x", **TEXT)
        assert answer.problem == (404, "not_found")
        assert await used(ola) == 0

    async def test_reading_is_not_enough(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        for role, problem in ((Role.VIEWER, 403), (Role.COMMENTER, 403), (Role.EDITOR, 201)):
            shared = a_stored_document(kari, roles={f"user:{kari.uid}": Role.OWNER, f"user:{ola.uid}": role})
            await store(api.db, [shared])
            assert (await announced(ola, Document(shared.id, ""), b"x", **TEXT)).status == problem

    async def test_nothing_is_added_to_what_lies_in_the_trash(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.trashes("Kastet")
        assert (await announced(kari, document, b"x", **TEXT)).problem == (409, "conflict")


class TestWhat:
    @pytest.mark.parametrize(
        ("draft", "pointer"),
        [
            ({"size": 0}, "/size"),
            ({"size": -1}, "/size"),
            ({"size": "12"}, "/size"),
            ({"size": 1.5}, "/size"),
            ({"size": 2**50 + 1}, "/size"),
            ({"name": ""}, "/name"),
            ({"name": "a" * 256}, "/name"),
            ({"name": "a\nb"}, "/name"),
            ({"contentType": "text/html"}, "/contentType"),
            ({"contentType": "image"}, "/contentType"),
            ({"contentType": "application/x-msdownload"}, "/contentType"),
            ({"sha256": "0" * 63}, "/sha256"),
            ({"sha256": "Z" * 64}, "/sha256"),
            ({"objectName": "uploads/../x"}, "/objectName"),
        ],
    )
    async def test_bad_input_is_pointed_at(self, api: Api, draft: dict[str, Any], pointer: str) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        usual = {"name": "a.txt", "contentType": "text/plain", "size": 1}
        answer = await kari.post(f"{document.path}/files", usual | draft)
        assert (answer.status, answer.pointers) == (422, [pointer])
        assert await kari.listed(f"{document.path}/files") == []

    async def test_what_is_too_large_of_its_type_is_refused_before_it_travels(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        for content_type, size in (("image/jpeg", 40 * 1024**2 + 1), ("video/mp4", 2 * 1024**3 + 1)):
            draft = {"name": "stor", "contentType": content_type, "size": size}
            answer = await kari.post(f"{document.path}/files", draft)
            assert (answer.problem, answer.pointers) == ((413, "too_large"), ["/size"])

    @pytest.mark.parametrize(
        "name", ["../../etc/passwd", "blåbær\u202egpj.exe", "a" * 255, "æ" * 255, "..", "uploads/x"]
    )
    async def test_a_clients_name_is_never_part_of_an_objects(self, api: Api, name: str) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        answer = await announced(kari, document, b"hei", "text/plain", name)
        path = urlsplit(answer["upload"]["url"]).path
        assert path == f"/{api.project_id}-uploads/uploads/{kari.uid}/{answer['file']['id']}"
        assert answer["file"]["name"] == name


class TestUpload:
    async def test_is_one_signed_put_of_just_this(self, api: Api) -> None:
        kari = await api.person("Kari")
        answer = await announced(kari, await kari.writes("Tur"), b"hei", **TEXT)

        upload, file = answer["upload"], answer["file"]
        assert (answer.status, upload["method"], upload["resumable"]) == (201, "PUT", False)
        assert upload["headers"] == {
            "content-type": "text/plain",
            "x-goog-content-length-range": "3,3",
            "x-goog-if-generation-match": "0",
        }
        query = parse_qs(urlsplit(upload["url"]).query)
        assert query["X-Goog-Expires"] == ["900"]
        assert query["X-Goog-SignedHeaders"] == [
            "content-type;host;x-goog-content-length-range;x-goog-if-generation-match"
        ]
        assert (file["state"], file["size"], file["uploaderId"]) == ("pending", 3, kari.uid)
        assert answer.response.headers["location"].endswith(f"/files/{file['id']}")

    async def test_costs_two_calls_of_firestore(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.wire.reset()
        await announced(kari, document, b"hei", **TEXT)
        assert api.wire.rpcs == ["BatchGetDocuments", "Commit"]

    async def test_is_a_session_above_eight_mib(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        content = samples.noise(9 * 1024**2)
        answer = await announced(kari, document, content, "application/zip", "stor.zip")
        upload = answer["upload"]
        assert (upload["method"], upload["resumable"], upload["headers"]) == ("PUT", True, {})
        half = 4 * 1024**2
        async with httpx.AsyncClient() as browser:
            part = {"Content-Range": f"bytes 0-{half - 1}/{len(content)}"}
            first = await browser.put(upload["url"], content=content[:half], headers=part)
            assert first.status_code == 308
            rest = {"Content-Range": f"bytes {half}-{len(content) - 1}/{len(content)}"}
            assert (await browser.put(upload["url"], content=content[half:], headers=rest)).status_code == 200

    async def test_of_the_same_key_is_issued_again_for_the_same_file(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        draft = {"name": "a.txt", "contentType": "text/plain", "size": 3}
        first, again = [await kari.post(f"{document.path}/files", draft, idempotency_key="en") for _ in range(2)]
        assert first["file"]["id"] == again["file"]["id"] and again["upload"]
        assert again.response.headers["idempotent-replayed"] == "true"
        assert await used(kari) == 3
        other = await kari.post(f"{document.path}/files", draft | {"size": 4}, idempotency_key="en")
        assert other.problem == (422, "idempotency_key_reused")

        await send(again["upload"], b"hei")
        await api.events.arrived(f"uploads/{kari.uid}/{first['file']['id']}")
        arrived = await kari.post(f"{document.path}/files", draft, idempotency_key="en")
        assert arrived["file"]["state"] == "ready" and "upload" not in arrived.json
        await kari.delete(f"{document.path}/files/{first['file']['id']}")
        gone = await kari.post(f"{document.path}/files", draft, idempotency_key="en")
        assert gone.status in (201, 409)

    async def test_of_one_key_in_two_documents_are_two_files(self, api: Api) -> None:
        kari = await api.person("Kari")
        pages = [await kari.writes("Tur"), await kari.writes("Fjell")]
        draft = {"name": "a.txt", "contentType": "text/plain", "size": 3}
        issued = [await kari.post(f"{page.path}/files", draft, idempotency_key="en") for page in pages]

        for page, answer, content in zip(pages, issued, (b"tur", b"hei"), strict=True):
            await send(answer["upload"], content)
            file = await settled(kari, f"{page.path}/files/{answer['file']['id']}")
            assert file["sha256"] == hashlib.sha256(content).hexdigest()


class TestRoom:
    async def test_is_reserved_settled_and_given_back(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        picture = samples.photo()
        path = await brought(kari, document, picture)
        await api.events.arrived(f"uploads/{kari.uid}/{path.rpartition('/')[2]}")
        file = (await kari.get(path)).json
        assert file["state"] == "ready" and file["size"] != len(picture)
        assert await used(kari) == file["size"]
        assert (await kari.get("/v1/me"))["storage"]["limitBytes"] == 2 * 1024**3

        await kari.delete(path)
        assert await used(kari) == 0

    async def test_says_what_is_left_when_it_does_not_do(self, emulators: Emulators) -> None:
        async with an_api(emulators, storage_limit_bytes=10) as api:
            kari = await api.person("Kari")
            document = await kari.writes("Tur")
            await kept(kari, document, b"seks..", **TEXT)
            answer = await announced(kari, document, b"fem..", **TEXT)
            assert (answer.problem, answer.pointers) == ((507, "quota_exceeded"), ["/size"])
            assert answer.json["detail"] == "There is room for 4 of 10 bytes."
            assert (await announced(kari, document, b"elleve.....", **TEXT)).problem == (413, "too_large")
            assert (await announced(kari, document, b"fire", **TEXT)).status == 201

    async def test_is_not_passed_by_many_at_once(self, emulators: Emulators) -> None:
        async with an_api(emulators, storage_limit_bytes=50) as api:
            kari = await api.person("Kari")
            document = await kari.writes("Tur")
            answers = await asyncio.gather(*(announced(kari, document, b"ti tegn...", **TEXT) for _ in range(20)))
            taken = [answer for answer in answers if answer.status == 201]
            assert {answer.status for answer in answers} == {201, 507}
            assert 1 <= len(taken) <= 5
            assert await used(kari) == 10 * len(taken)
            assert len(await kari.listed(f"{document.path}/files")) == len(taken)

    async def test_of_a_customers_document_is_the_customers(self, api: Api) -> None:
        kari = await api.person("Kari")
        owned = a_stored_document(kari).model_copy(update={"customer_id": random_id()})
        await store(api.db, [owned])
        document = Document(owned.id, "")
        await kept(kari, document, b"hei", **TEXT)
        assert await used(kari) == 0
        assert await storage.used(api.db, f"customer:{owned.customer_id}") == 3

    async def test_of_an_upload_whose_answer_was_lost_is_found_by_its_record(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        answer = await announced(kari, document, b"hei", **TEXT)
        found = await api.db.get(files.at(document.id, answer["file"]["id"]))
        assert found and found.settle_by and found.holder == f"user:{kari.uid}"
        await quiet(api)
        assert await objects_of(api) == []
