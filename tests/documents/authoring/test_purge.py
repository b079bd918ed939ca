"""Purging: gone for everybody at once, and soon nothing of it is left, whatever is killed or lost on the way."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx

from core import clock
from documents.authoring import trash
from documents.authoring.records import RevisionRecord, revisions
from documents.records import documents
from infra.local.machine_tokens import machine_token
from tests.documents.authoring.stored import a_stored_document, store
from tests.support.api import Answer, Api, Document, an_api
from tests.support.emulators import Emulators


class TestPurge:
    async def test_is_only_for_what_is_in_the_trash(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        assert (await kari.post(f"{document.path}/purge")).problem == (409, "conflict")
        assert (await kari.post("/v1/documents/ukjent/purge")).problem == (404, "not_found")
        assert (await api.post(f"{document.path}/purge")).problem == (401, "unauthenticated")
        assert (await kari.get(document.path)).status == 200

    async def test_leaves_nothing_behind(self, api: Api) -> None:
        kari = await api.person("Kari")
        document, other = await kari.trashes("Tur", "Vi gikk", tags=["tur"]), await kari.trashes("Annet")
        await _has_revisions(api, document, 650)

        assert (await kari.post(f"{document.path}/purge")).status == 204

        gone = [await kari.get(f"{document.path}{below}") for below in ("", "/revisions", "/revisions/1", "/export")]
        gone += [await kari.post(f"{document.path}/{verb}") for verb in ("purge", "restore", "duplicate")]
        assert {answer.problem for answer in gone} == {(404, "not_found")}
        assert await kari.listed(trashed="true") == [other.id]
        await api.tasks.idle(seconds=20)
        assert _stored(api, f"documents/{document.id}") == []
        assert len(_stored(api, f"documents/{other.id}")) == 2

    async def test_empties_the_document_before_it_answers(self, emulators: Emulators) -> None:
        """Tasks may be slow or away: nothing that the person wrote waits for them, and the nightly schedule goes on."""
        async with an_api(emulators, tasks_emulator_host="127.0.0.1:1") as api:
            kari = await api.person("Kari")
            document, emptied = await kari.trashes("Tur", "Hemmelighet", tags=["tur"]), await kari.trashes("Dagbok")
            await _has_revisions(api, document, 40)

            answers = await asyncio.gather(kari.post(f"{document.path}/purge"), kari.post("/v1/documents/empty-trash"))

            assert answers[0].status in {204, 404}
            assert answers[1]["purged"] in {1, 2}
            for purged in (document, emptied):
                assert (await kari.get(purged.path)).problem == (404, "not_found")
                stored = await api.db.get(documents.at(purged.id), heavy=("body", "terms", "readers", "tagged"))
                assert stored and stored.purging_at
                assert not any((stored.title, stored.body, stored.tags, stored.roles, stored.terms, stored.owner_id))
                assert not any((stored.readers, stored.tagged))

            assert (await api.runs("purge-trash")).json == {"marked": 0, "purged": 2}
            assert _stored(api, f"documents/{document.id}") == _stored(api, f"documents/{emptied.id}") == []

    async def test_is_finished_when_its_task_was_killed_half_way(self, emulators: Emulators) -> None:
        async with an_api(emulators, tasks_emulator_host="127.0.0.1:1") as api:
            kari = await api.person("Kari")
            document = a_stored_document(kari, "Tur", trashed=True, purging_at=clock.now(), roles={}, owner_id=None)
            await store(api.db, [document])
            made = Document(document.id, "")
            await _has_revisions(api, made, 650)
            api.wire.reset()

            running = asyncio.create_task(trash.purge_document(api.db, api.objects, document.id))
            while api.wire.rpcs.count("Commit") < 2:  # noqa: ASYNC110  the wire has no event to wait for
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            left = _stored(api, f"documents/{document.id}")
            assert 0 < len(left) < 651
            assert f"documents/{document.id}" in left

            results = [(await _task(api, "purge-document", {"documentId": document.id}))["purged"] for _ in range(2)]
            assert results == [1, 0]
            assert _stored(api, f"documents/{document.id}") == []

    async def test_task_touches_nothing_that_is_not_marked(self, api: Api) -> None:
        kari = await api.person("Kari")
        document, trashed = await kari.writes("Tur"), await kari.trashes("Annet")
        for untouched in (document, trashed):
            answer = await _task(api, "purge-document", {"documentId": untouched.id})
            assert (answer.status, answer["purged"]) == (200, 0)
            assert (await kari.get(untouched.path)).status == 200
        assert (await _task(api, "purge-marked", {}))["purged"] == 0

    async def test_has_one_effect_when_it_comes_twice_at_once(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.trashes("Tur")
        answers = await asyncio.gather(*(kari.post(f"{document.path}/purge") for _ in range(5)))
        assert sorted(answer.status for answer in answers) == [204, 404, 404, 404, 404]
        await api.tasks.idle()
        assert (api.tasks.tasks(), api.tasks.dead()) == ([], [])
        assert _stored(api, "documents") == []


class TestEmptyTrash:
    async def test_takes_all_of_the_callers_and_nobody_elses(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        kept, his = await kari.writes("Behold"), await ola.trashes("Olas")
        await store(api.db, [a_stored_document(kari, f"Notat {n}", trashed=True) for n in range(230)])

        assert (await kari.post("/v1/documents/empty-trash"))["purged"] == 230

        assert await kari.listed(trashed="true") == []
        await api.tasks.idle(seconds=20)
        assert {path.split("/")[1] for path in _stored(api, "documents")} == {kept.id, his.id}
        assert (await ola.listed(trashed="true"), await kari.listed()) == ([his.id], [kept.id])
        assert (await kari.post("/v1/documents/empty-trash"))["purged"] == 0


class TestSchedule:
    async def test_purges_after_thirty_days_to_the_moment(self, api: Api) -> None:
        kari = await api.person("Kari")
        first, second = await kari.trashes("Først"), await kari.trashes("Så")
        kept = await kari.writes("Behold")
        stored = await api.db.get(documents.at(first.id))
        assert stored and stored.purge_at and stored.trashed_at
        assert stored.purge_at - stored.trashed_at == timedelta(days=30)

        tick = timedelta(microseconds=1)
        assert await trash.purge_due(api.db, stored.purge_at - tick) == 0
        assert await trash.purge_due(api.db, stored.purge_at) == 1
        assert (await kari.get(first.path)).problem == (404, "not_found")
        assert await kari.listed(trashed="true") == [second.id]

        api.advance(days=29, hours=23)
        assert (await api.runs("purge-trash")).json == {"marked": 0, "purged": 1}
        api.advance(hours=2)
        assert (await api.runs("purge-trash")).json == {"marked": 1, "purged": 1}
        assert (await api.runs("purge-trash")).json == {"marked": 0, "purged": 0}
        assert await kari.listed() == [kept.id]
        assert {path.split("/")[1] for path in _stored(api, "documents")} == {kept.id}

    async def test_leaves_what_came_back_in_time(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.trashes("Tur")
        await kari.post(f"{document.path}/restore")
        api.advance(days=31)
        assert (await api.runs("purge-trash")).json == {"marked": 0, "purged": 0}
        assert (await kari.get(document.path)).status == 200

    async def test_takes_more_than_one_commit_holds(self, api: Api) -> None:
        kari = await api.person("Kari")
        due = clock.now() - timedelta(days=1)
        await store(api.db, [a_stored_document(kari, "Gammelt", trashed=True, purge_at=due) for _ in range(250)])
        assert (await api.runs("purge-trash")).json == {"marked": 250, "purged": 250}
        assert _stored(api, "documents") == []


async def _has_revisions(api: Api, document: Document, count: int) -> None:
    plain: dict[str, Any] = {"author_id": "kari", "title": "", "body": "", "tags": [], "language": "nb"}
    now = clock.now()
    made = [
        RevisionRecord(document_id=document.id, slot=f"plass-{n}", revision=n + 2, saved_at=now, **plain)
        for n in range(count)
    ]
    for start in range(0, count, 500):
        await api.db.commit(*map(revisions.put, made[start : start + 500]))


async def _task(api: Api, handler: str, payload: dict[str, str]) -> Answer:
    """Deliver a task as Cloud Tasks does, once more or for the first time."""
    settings = api.clients.settings
    token = machine_token(settings.account("tasks-invoker"), settings.address_of("authoring-tasks"), clock.wall())
    path = f"/__local/functions/authoring-tasks/tasks/{handler}"
    return await api.post(path, payload, authorization=f"Bearer {token}")


def _stored(api: Api, path: str) -> list[str]:
    """Every path of Firestore at and below this one, also below documents that are not there themselves."""
    root = f"projects/{api.project_id}/databases/(default)/documents"
    url = f"http://{api.clients.settings.firestore_emulator_host}/v1/{root}"
    with httpx.Client(headers={"Authorization": "Bearer owner"}, timeout=30) as http:
        return sorted(_walk(http, url, path) if path.count("/") % 2 else _listed(http, url, path))


def _walk(http: httpx.Client, url: str, document: str) -> list[str]:
    found = [document] if http.get(f"{url}/{document}").status_code == 200 else []
    below = http.post(f"{url}/{document}:listCollectionIds", json={}).json().get("collectionIds", [])
    return found + [path for name in below for path in _listed(http, url, f"{document}/{name}")]


def _listed(http: httpx.Client, url: str, collection: str) -> list[str]:
    found: list[str] = []
    token = ""
    while True:
        asked = {"pageSize": 300, "showMissing": True, "mask.fieldPaths": "__name__", "pageToken": token}
        answer = http.get(f"{url}/{collection}", params=asked).json()
        names = [line["name"].split("/documents/", 1)[1] for line in answer.get("documents", [])]
        leaves = collection.count("/") > 0
        found += names if leaves else [path for name in names for path in _walk(http, url, name)]
        if not (token := answer.get("nextPageToken", "")):
            return found
