"""Copies: whoever can read a document can have one of their own."""

import asyncio

import pytest

from documents.records import Role, documents
from tests.documents.authoring.stored import a_stored_document, store
from tests.support.api import Api


class TestDuplicate:
    @pytest.mark.promise("P43")
    async def test_of_an_unreadable_document_reads_as_missing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Hemmelig")
        assert (await ola.post(f"{document.path}/duplicate")).problem == (404, "not_found")
        assert await ola.listed() == []

    async def test_is_the_callers_and_shared_with_nobody(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        roles = {f"user:{kari.uid}": Role.OWNER, f"user:{ola.uid}": Role.VIEWER}
        original = a_stored_document(kari, "Oppskrift", "Mel og vann", tags=["mat"], roles=roles, group_id="klasse-8b")
        await store(api.db, [original])

        copy = await ola.post(f"/v1/documents/{original.id}/duplicate")

        assert (copy.status, copy.response.headers["location"]) == (201, f"/v1/documents/{copy['id']}")
        expected = {"title": "Kopi av Oppskrift", "body": "Mel og vann", "tags": ["mat"], "language": "nb"}
        assert {name: copy[name] for name in expected} == expected
        assert (copy["ownerId"], copy["role"], copy["revision"], copy.json.get("groupId")) == (
            ola.uid,
            "owner",
            1,
            None,
        )
        assert (await kari.get(f"/v1/documents/{copy['id']}")).problem == (404, "not_found")
        assert await ola.listed(f"/v1/documents/{copy['id']}/revisions", "revision") == [1]
        assert await ola.listed(q="oppskrift", owner=ola.uid) == [copy["id"]]
        assert await ola.listed(sharedWithMe="true") == [original.id]

    async def test_is_named_in_the_documents_language(self, api: Api) -> None:
        kari = await api.person("Kari")
        english = await kari.writes("Bread", language="en")
        long = await kari.writes("ø" * 300, language="nb")
        copies = [await kari.post(f"{document.path}/duplicate") for document in (english, long)]
        assert [copy["title"] for copy in copies] == ["Copy of Bread", "Kopi av " + "ø" * 292]

    async def test_is_made_once_for_a_key(self, api: Api) -> None:
        kari = await api.person("Kari")
        document, other = await kari.writes("Oppskrift"), await kari.writes("Annen")
        path = f"{document.path}/duplicate"

        answers = await asyncio.gather(*(kari.post(path, idempotency_key="kopi-1") for _ in range(8)))
        await kari.patch(document.path, {"body": "Endret"}, if_match="*")
        later = await kari.post(path, idempotency_key="kopi-1")

        assert len({answer["id"] for answer in [*answers, later]}) == 1
        assert (later.response.headers["idempotent-replayed"], later["body"]) == ("true", "")
        assert len(await api.db.query(documents.under())) == 3
        reused = await kari.post(f"{other.path}/duplicate", idempotency_key="kopi-1")
        assert reused.problem == (422, "idempotency_key_reused")
        assert (await kari.post(path))["id"] != later["id"]

    async def test_of_what_is_in_the_trash_is_not(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.trashes("Oppskrift")
        copy = await kari.post(f"{document.path}/duplicate")
        assert "trashedAt" not in copy.json
        assert await kari.listed() == [copy["id"]]
