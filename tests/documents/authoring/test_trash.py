"""The trash: out of everybody's sight but the owner's, and back as it was."""

from datetime import datetime, timedelta

import pytest

from documents.records import Role
from tests.documents.authoring.stored import a_stored_document, store
from tests.support.api import Api


class TestTrash:
    @pytest.mark.promise("P43")
    async def test_of_anothers_document_reads_as_missing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Hemmelig")
        trashed = await kari.trashes("Hemmelig og kastet")
        for path in (document.path, trashed.path):
            answers = [
                await ola.delete(path, if_match="*"),
                await ola.post(f"{path}/restore"),
                await ola.post(f"{path}/purge"),
            ]
            assert {answer.problem for answer in answers} == {(404, "not_found")}
        assert (await ola.post("/v1/documents/empty-trash"))["purged"] == 0
        assert (await kari.listed(), await kari.listed(trashed="true")) == ([document.id], [trashed.id])

    async def test_is_for_the_owner_not_for_who_may_edit(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        roles = {f"user:{kari.uid}": Role.OWNER, f"user:{ola.uid}": Role.EDITOR}
        shared = a_stored_document(kari, "Felles", tags=["tur"], roles=roles)
        await store(api.db, [shared])
        path = f"/v1/documents/{shared.id}"

        refused = [
            await ola.delete(path, if_match="*"),
            await ola.post(f"{path}/restore"),
            await ola.post(f"{path}/purge"),
        ]
        assert {answer.problem for answer in refused} == {(403, "forbidden")}

        await kari.delete(path, if_match="*")
        assert (await ola.get(path)).problem == (404, "not_found")
        for parameters in ({}, {"trashed": "true"}, {"q": "felles"}, {"tag": "tur"}, {"sharedWithMe": "true"}):
            assert await ola.listed(**parameters) == []
        await kari.post(f"{path}/restore")
        for parameters in ({}, {"q": "felles"}, {"tag": "tur"}, {"sharedWithMe": "true"}):
            assert await ola.listed(**parameters) == [shared.id]
        assert (await ola.get(path))["role"] == "editor"

    async def test_wants_the_etag_that_was_read(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        changed = await kari.patch(document.path, {"title": "Lang tur"}, if_match=document.etag)

        assert (await kari.delete(document.path)).problem == (428, "if_match_required")
        assert (await kari.delete(document.path, if_match=document.etag)).problem == (412, "stale_etag")
        assert (await kari.delete(document.path, if_match="2-owner")).problem == (400, "malformed_request")
        trashed = await kari.delete(document.path, if_match=changed.etag)
        assert trashed.status == 200
        assert trashed.etag != changed.etag
        assert (await kari.delete(document.path, if_match=changed.etag)).problem == (412, "stale_etag")

    async def test_keeps_a_document_for_thirty_days(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "Vi gikk", tags=["tur"])

        card = await kari.delete(document.path, if_match=document.etag)

        at = datetime.fromisoformat(card["trashedAt"])
        assert datetime.fromisoformat(card["purgeAt"]) - at == timedelta(days=30)
        assert "body" not in card.json
        assert await kari.listed() == await kari.listed(q="tur") == await kari.listed(tag="tur") == []
        for parameters in ({}, {"q": "tur"}, {"tag": "tur"}, {"owner": kari.uid}):
            assert await kari.listed(**parameters, trashed="true") == [document.id]

    async def test_of_what_is_there_already_changes_nothing(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.trashes("Tur")
        before = await kari.get(document.path)
        api.advance(days=3)
        again = await kari.delete(document.path, if_match=document.etag)
        assert (again.status, again.etag, again["purgeAt"]) == (200, document.etag, before["purgeAt"])


class TestRestore:
    @pytest.mark.promise("P42")
    async def test_brings_it_back_as_it_was(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "Vi gikk", tags=["tur"])
        before = await kari.get(document.path)
        await kari.delete(document.path, if_match=document.etag)

        card = await kari.post(f"{document.path}/restore")

        assert (card.status, card.etag) == (200, before.etag)
        after = await kari.get(document.path)
        assert after.json == before.json
        assert await kari.listed(q="gikk") == await kari.listed(tag="tur") == await kari.listed() == [document.id]
        assert await kari.listed(trashed="true") == []
        assert await kari.listed(f"{document.path}/revisions", "revision") == [1]
        assert (await kari.patch(document.path, {"title": "Ny"}, if_match=after.etag)).status == 200

    async def test_of_what_is_not_there_changes_nothing(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        api.wire.reset()
        assert (await kari.post(f"{document.path}/restore")).etag == document.etag
        assert api.wire.writes == 0
