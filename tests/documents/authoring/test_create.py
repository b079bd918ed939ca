"""Creating documents: what comes in is what is kept, within the limits, and once however often it is sent."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from core import clock
from documents.authoring.records import revisions
from documents.authoring.schemas import DocumentDraft
from documents.records import Role, documents
from tests.documents.authoring.stored import a_stored_document
from tests.support.api import Api, an_api
from tests.support.emulators import Emulators

MOST = 900 * 1024


class TestCreate:
    async def test_is_refused_without_a_sign_in(self, api: Api) -> None:
        assert (await api.post("/v1/documents", {"title": "Blåbærtur"})).problem == (401, "unauthenticated")
        assert await api.db.query(documents.under()) == []

    @pytest.mark.promise("P08")
    async def test_gives_back_what_was_written(self, api: Api) -> None:
        kari = await api.person("Kari")

        made = await kari.post(
            "/v1/documents",
            {"title": "Blåbærtur", "body": "Vi fant *mange* bær.", "tags": ["Tur ", "TUR", "bær"], "language": "nb"},
        )

        assert made.status == 201
        assert made.response.headers["location"] == f"/v1/documents/{made['id']}"
        assert "idempotent-replayed" not in made.response.headers
        at = made["createdAt"]
        assert made.json == {
            "id": made["id"],
            "title": "Blåbærtur",
            "body": "Vi fant *mange* bær.",
            "tags": ["tur", "bær"],
            "language": "nb",
            "ownerId": kari.uid,
            "role": "owner",
            "revision": 1,
            "createdAt": at,
            "updatedAt": at,
        }
        assert at.endswith("Z")
        assert datetime.fromisoformat(at).tzinfo
        read = await kari.get(made.response.headers["location"])
        assert (read.json, read.etag) == (made.json, made.etag)

    async def test_needs_no_more_than_an_empty_draft(self, api: Api) -> None:
        kari = await api.person("Kari")
        made = await kari.post("/v1/documents", {})
        assert (made["title"], made["body"], made["tags"], made["language"]) == ("", "", [], "nb")

    async def test_guesses_the_language_that_is_left_out(self, api: Api) -> None:
        kari = await api.person("Kari")
        english = {"title": "The trip", "body": "We found berries that were ripe, and then it rained."}
        norwegian = {"title": "Turen", "body": "Vi fant bær som var modne, og så kom det regn."}
        languages = [
            (await kari.post("/v1/documents", {**draft, **said}))["language"]
            for draft, said in ((english, {}), (norwegian, {}), (english, {"language": "nb"}))
        ]
        assert languages == ["en", "nb", "nb"]

    async def test_keeps_every_letter(self, api: Api) -> None:
        kari = await api.person("Kari")
        title = "Ærlig ønske på ål 👩‍🌾🫐 שלום é é"
        body = f"# {title}\r\n\n\tمرحبا\u200f bærlukt 𝕯\n" + "\U0010ffff\ufffd"
        document = await kari.writes(title, body, tags=["Ærfugl", "צבע", "🫐"])

        read = await kari.get(document.path)

        assert (read["title"], read["body"], read["tags"]) == (title, body, ["ærfugl", "צבע", "🫐"])


class TestLimits:
    async def test_hold_at_their_very_edge(self, api: Api) -> None:
        kari = await api.person("Kari")
        largest = {"title": "ø" * 300, "body": "æ" * (MOST // 2), "tags": [f"{n:050}" for n in range(50)]}

        made = await kari.post("/v1/documents", largest)

        assert (made.status, len(made["title"]), len(made["body"]), len(made["tags"])) == (201, 300, MOST // 2, 50)
        assert (await kari.get(made.response.headers["location"]))["body"] == largest["body"]

        over = await kari.post("/v1/documents", {"body": "æ" * (MOST // 2) + "b"})
        assert (over.problem, over.pointers) == ((413, "too_large"), ["/body"])
        far_over = await kari.post("/v1/documents", {"body": "b" * (6 * 1024 * 1024)})
        assert far_over.problem == (413, "too_large")
        document = await kari.writes()
        grown = await kari.patch(document.path, {"body": "b" * (MOST + 1)}, if_match="*")
        assert (grown.problem, grown.pointers) == ((413, "too_large"), ["/body"])

    async def test_let_json_escape_every_letter(self, api: Api) -> None:
        """A client may write each byte of 900 KiB as six: that is what 6 MiB are for."""
        kari = await api.person("Kari")
        content = b'{"body": "' + b"\\u0062" * MOST + b'"}'
        headers = {**kari.headers, "Content-Type": "application/json"}
        response = await kari.http.post("/v1/documents", content=content, headers=headers)
        assert (response.status_code, len(response.json()["body"])) == (201, MOST)

    @pytest.mark.parametrize(
        ("draft", "pointers"),
        [
            ({"title": "x" * 301}, ["/title"]),
            ({"title": "to\nlinjer"}, ["/title"]),
            ({"title": None}, ["/title"]),
            (
                {"title": 7, "body": ["x"], "language": "nn", "ownerId": "ola"},
                ["/body", "/language", "/ownerId", "/title"],
            ),
            ({"tags": [f"{n}" for n in range(51)]}, ["/tags"]),
            ({"tags": ["a", "b", "c", "x" * 51]}, ["/tags/3"]),
            ({"tags": ["a", "b\x85c"]}, ["/tags/1"]),
            ({"tags": ["a", "b\tc"]}, ["/tags/1"]),
            ({"tags": ["a", 2]}, ["/tags/1"]),
            ({"tags": "tur"}, ["/tags"]),
            ({"body": "\x1b[31m"}, ["/body"]),
            ({"id": "mitt-eget"}, ["/id"]),
            ({"role": "owner", "revision": 9}, ["/revision", "/role"]),
            ([], [""]),
        ],
    )
    async def test_point_at_what_exceeds_them(self, api: Api, draft: Any, pointers: list[str]) -> None:
        kari = await api.person("Kari")
        answer = await kari.post("/v1/documents", draft)
        assert (answer.problem, sorted(answer.pointers)) == ((422, "validation_failed"), pointers)

    async def test_let_in_no_text_that_cannot_be_kept(self, api: Api) -> None:
        kari = await api.person("Kari")
        headers = {**kari.headers, "Content-Type": "application/json"}

        async def sent(content: bytes) -> tuple[int, list[str]]:
            response = await kari.http.post("/v1/documents", content=content, headers=headers)
            return response.status_code, [fault["pointer"] for fault in response.json().get("errors", [])]

        assert await sent(b'{"body": "a\\u0000b"}') == (400, ["/body"])
        assert await sent(b'{"tags": ["a", "\\ud83d"]}') == (400, ["/tags/1"])
        assert await sent(b'{"title": "bl\xe5b\xe6r"}') == (400, [""])
        assert (await sent(b'{"title": NaN}'))[0] == 400
        assert (await sent(b'{"body": ' + b"[" * 100_000))[0] == 400
        assert await api.db.query(documents.under()) == []

    @pytest.mark.promise("P01")
    def test_of_what_is_asked_for_are_the_document_alone(self) -> None:
        """Title, text, tags and language are the document itself; what else may be said is where it belongs."""
        itself, where = {"title", "body", "tags", "language"}, {"customer_id", "group_id"}
        assert set(DocumentDraft.model_fields) == itself | where
        assert not any(field.is_required() for field in DocumentDraft.model_fields.values())


class TestIdempotency:
    async def test_gives_the_first_result_again(self, api: Api) -> None:
        kari = await api.person("Kari")
        draft = {"title": "Blåbærtur", "tags": ["tur"]}
        other_order = {"tags": ["tur"], "title": "Blåbærtur"}

        first = await kari.post("/v1/documents", draft, idempotency_key="tur-1")
        again = await kari.post("/v1/documents", other_order, idempotency_key="tur-1")

        assert (again.status, again.json, again.etag) == (201, first.json, first.etag)
        assert again.response.headers["idempotent-replayed"] == "true"
        assert again.response.headers["location"] == first.response.headers["location"]
        assert await kari.listed() == [first["id"]]

    async def test_refuses_the_key_with_another_payload(self, api: Api) -> None:
        kari = await api.person("Kari")
        first = await kari.post("/v1/documents", {"title": "Blåbærtur"}, idempotency_key="tur-1")

        other = await kari.post("/v1/documents", {"title": "Tyttebærtur"}, idempotency_key="tur-1")
        copy = await kari.post(f"/v1/documents/{first['id']}/duplicate", idempotency_key="tur-1")

        assert {other.problem, copy.problem} == {(422, "idempotency_key_reused")}
        assert await kari.listed(key="title") == ["Blåbærtur"]

    async def test_makes_one_of_fifty_that_come_at_once(self, api: Api) -> None:
        kari = await api.person("Kari")
        draft = {"title": "Blåbærtur", "body": "Vi fant bær."}

        answers = await asyncio.gather(*(kari.post("/v1/documents", draft, idempotency_key="k") for _ in range(50)))

        assert {answer.status for answer in answers} == {201}
        assert len({answer["id"] for answer in answers}) == 1
        assert sum("idempotent-replayed" not in answer.response.headers for answer in answers) == 1
        (document,) = await api.db.query(documents.under())
        assert await api.db.count(revisions.under(document.id)) == 1

    async def test_of_another_person_is_independent(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        hers = await kari.post("/v1/documents", {"title": "Tur"}, idempotency_key="tur-1")
        his = await ola.post("/v1/documents", {"title": "Tur"}, idempotency_key="tur-1")
        assert "idempotent-replayed" not in his.response.headers
        assert hers["id"] != his["id"]
        assert (await ola.listed(), await kari.listed()) == ([his["id"]], [hers["id"]])

    async def test_gives_the_document_as_it_has_become(self, api: Api) -> None:
        kari = await api.person("Kari")
        first = await kari.post("/v1/documents", {"title": "Tur"}, idempotency_key="tur-1")
        revised = await kari.patch(f"/v1/documents/{first['id']}", {"title": "Lang tur"}, if_match=first.etag)

        again = await kari.post("/v1/documents", {"title": "Tur"}, idempotency_key="tur-1")

        assert (again["id"], again["title"], again.etag) == (first["id"], "Lang tur", revised.etag)

    async def test_creates_anew_what_was_purged(self, api: Api) -> None:
        kari = await api.person("Kari")
        draft = {"title": "Tur", "body": "Første gang"}
        first = await kari.post("/v1/documents", draft, idempotency_key="tur-1")
        await kari.delete(f"/v1/documents/{first['id']}", if_match="*")
        await kari.post(f"/v1/documents/{first['id']}/purge")
        await api.tasks.idle()

        again = await kari.post("/v1/documents", draft, idempotency_key="tur-1")

        assert (again.status, again["revision"]) == (201, 1)
        assert "idempotent-replayed" not in again.response.headers
        assert await kari.listed(f"/v1/documents/{again['id']}/revisions", "revision") == [1]

    @pytest.mark.promise("P43")
    async def test_opens_nothing_that_has_been_given_away(self, api: Api) -> None:
        kari = await api.person("Kari")
        first = await kari.post("/v1/documents", {"title": "Tur"}, idempotency_key="tur-1")
        stored = await api.db.get(documents.at(first["id"]))
        assert stored
        await api.db.commit(documents.update(stored, owner_id="ola", roles={"user:ola": Role.OWNER}, title="Olas"))

        again = await kari.post("/v1/documents", {"title": "Tur"}, idempotency_key="tur-1")

        assert again.problem == (409, "conflict")
        assert "Olas" not in again.response.text

    async def test_waits_for_no_purge_that_is_under_way(self, emulators: Emulators) -> None:
        async with an_api(emulators, tasks_emulator_host="127.0.0.1:1") as api:
            kari = await api.person("Kari")
            purged = a_stored_document(kari, "Tur", roles={}, owner_id=None, trashed=True, purging_at=clock.now())
            first = await kari.post("/v1/documents", {"title": "Tur"}, idempotency_key="tur-1")
            await api.db.commit(documents.put(purged.model_copy(update={"id": first["id"]})))

            assert (await kari.post("/v1/documents", {"title": "Tur"}, idempotency_key="tur-1")).problem == (
                409,
                "conflict",
            )
            await api.runs("purge-trash")
            assert (await kari.post("/v1/documents", {"title": "Tur"}, idempotency_key="tur-1")).status == 201

    @pytest.mark.parametrize("key", ["x" * 201, "to ord", "nøkkel".encode().decode("latin-1")])
    async def test_takes_no_key_but_visible_ascii(self, api: Api, key: str) -> None:
        kari = await api.person("Kari")
        headers = {**kari.headers, "Idempotency-Key": key.encode("latin-1")}
        response = await kari.http.post("/v1/documents", json={}, headers=headers)
        assert response.status_code == 422
        assert response.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"
