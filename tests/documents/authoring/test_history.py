"""The history: each save is a revision, those of five minutes of one author share a place, and nothing is lost."""

from datetime import timedelta
from typing import Any

import pytest

from core import clock
from core.ids import random_id
from documents.authoring.records import RevisionRecord, revisions
from documents.records import documents
from tests.support.api import Api, Document, Person, an_api
from tests.support.emulators import Emulators


class TestSaving:
    async def test_within_five_minutes_shares_one_place(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "A")
        history = f"{document.path}/revisions"

        api.advance(minutes=2)
        await _saves(kari, document, "B")
        api.advance(minutes=2)
        await _saves(kari, document, "C")
        assert await kari.listed(history, "revision") == [3]
        # The five minutes run from the first of the saves: a person who never pauses has a history, too.
        api.advance(minutes=2)
        await _saves(kari, document, "D")
        assert await kari.listed(history, "revision") == [4, 3]
        api.advance(minutes=4)
        await _saves(kari, document, "E")
        api.advance(minutes=6)
        await _saves(kari, document, "F")

        assert await kari.listed(history, "revision") == [6, 5, 3]
        assert [(await kari.get(f"{history}/{n}"))["body"] for n in (6, 5, 3)] == ["F", "E", "C"]
        assert (await kari.get(f"{history}/4")).problem == (404, "not_found")

    async def test_of_another_author_has_a_place_of_its_own(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "A")
        stored = await api.db.get(documents.at(document.id))
        assert stored
        await api.db.commit(documents.update(stored, author_id="ola"))
        await _saves(kari, document, "B")
        assert await kari.listed(f"{document.path}/revisions", "revision") == [2, 1]

    async def test_has_a_window_that_is_a_setting(self, emulators: Emulators) -> None:
        async with an_api(emulators, revision_window_seconds=0) as api:
            kari = await api.person("Kari")
            document = await kari.writes("Tur", "A")
            for body in "BCD":
                await _saves(kari, document, body)
            assert await kari.listed(f"{document.path}/revisions", "revision") == [4, 3, 2, 1]


class TestReading:
    @pytest.mark.promise("P43")
    async def test_of_anothers_history_reads_as_missing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Hemmelig")
        for below in ("revisions", "revisions/1"):
            assert (await ola.get(f"{document.path}/{below}")).problem == (404, "not_found")
        assert (await ola.post(f"{document.path}/revisions/1/restore")).problem == (404, "not_found")

    async def test_shows_a_revision_whole_and_a_list_without_text(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "Vi gikk", tags=["tur"], language="nb")

        (card,) = (await kari.get(f"{document.path}/revisions"))["items"]
        whole = await kari.get(f"{document.path}/revisions/1")

        saved_at = (await kari.get(document.path))["updatedAt"]
        expected = {"revision": 1, "authorId": kari.uid, "authorName": "Kari", "savedAt": saved_at, "title": "Tur"}
        assert card == expected
        assert whole.json == {**expected, "tags": ["tur"], "language": "nb", "body": "Vi gikk"}

    async def test_names_authors_as_they_are_called_now(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        await kari.patch("/v1/me", {"name": "Kari Moe"}, if_match="*")
        stored = await api.db.get(documents.at(document.id))
        assert stored
        gone = _a_revision(document, 2, author_id="slettet")
        await api.db.commit(revisions.put(gone))

        shown = (await kari.get(f"{document.path}/revisions"))["items"]

        assert [item["authorName"] for item in shown] == ["", "Kari Moe"]

    async def test_of_a_number_that_is_none_reads_as_missing(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        for wrong in ("0", "-1", "2", "9" * 30, "siste", "1.5", str(2**53)):
            for method, end in (("GET", ""), ("POST", "/restore")):
                answer = await kari.send(method, f"{document.path}/revisions/{wrong}{end}")
                assert answer.problem == (404, "not_found"), wrong

    async def test_is_paged_exactly(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        await api.db.commit(*(revisions.put(_a_revision(document, n)) for n in range(2, 27)))
        history = f"{document.path}/revisions"

        first = await kari.get(history)
        assert [item["revision"] for item in first["items"]] == list(range(26, 1, -1))
        rest = await kari.get(f"{history}?pageToken={first['nextPageToken']}")
        assert [item["revision"] for item in rest["items"]] == [1]
        assert "nextPageToken" not in rest.json
        assert "nextPageToken" not in (await kari.get(f"{history}?pageSize=26")).json
        other = await kari.writes("Annet")
        answer = await kari.get(f"{other.path}/revisions?pageToken={first['nextPageToken']}")
        assert answer.problem == (400, "malformed_request")


class TestRestoring:
    @pytest.mark.promise("P42")
    async def test_makes_a_new_revision_and_loses_nothing(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Første", "Det gamle", tags=["gammel"], language="nb")
        api.advance(minutes=6)
        changes = {"title": "Andre", "body": "The new", "tags": ["ny"], "language": "en"}
        changed = await kari.patch(document.path, changes, if_match=document.etag)

        # Within the five minutes: what it goes back from must stay, too.
        restored = await kari.post(f"{document.path}/revisions/1/restore")

        names = ("title", "body", "tags", "language", "revision")
        assert [restored[name] for name in names] == ["Første", "Det gamle", ["gammel"], "nb", 3]
        assert restored.etag != changed.etag
        assert (await kari.get(document.path)).json == restored.json
        assert await kari.listed(f"{document.path}/revisions", "revision") == [3, 2, 1]
        assert (await kari.get(f"{document.path}/revisions/2"))["body"] == "The new"
        assert await kari.listed(q="gamle") == await kari.listed(tag="gammel") == [document.id]
        assert await kari.listed(q="new") == await kari.listed(tag="ny") == []

        forward = await kari.post(f"{document.path}/revisions/2/restore")
        assert (forward["title"], forward["revision"]) == ("Andre", 4)

    async def test_waits_while_the_document_is_in_the_trash(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.trashes("Tur")
        assert (await kari.post(f"{document.path}/revisions/1/restore")).problem == (409, "conflict")


class TestPruning:
    async def test_keeps_the_newest_and_a_year(self, emulators: Emulators) -> None:
        async with an_api(emulators, revisions_kept=3, revisions_kept_days=365) as api:
            kari = await api.person("Kari")
            long, short, young = [await kari.writes(title) for title in ("Lang", "Kort", "Ung")]
            await _has_history(api, long, 8, days_apart=100)
            await _has_history(api, short, 3, days_apart=1000)
            await _has_history(api, young, 8, days_apart=1)

            assert (await api.runs("prune-revisions"))["pruned"] == 4
            kept = {d.id: await kari.listed(f"{d.path}/revisions", "revision") for d in (long, short, young)}
            # Of the long one 8 to 5 are younger than a year: more than three of the newest stay.
            assert kept == {long.id: [8, 7, 6, 5], short.id: [3, 2, 1], young.id: list(range(8, 0, -1))}
            assert (await api.runs("prune-revisions"))["pruned"] == 0

            api.advance(days=365)
            assert (await api.runs("prune-revisions"))["pruned"] == 1 + 5
            assert await kari.listed(f"{long.path}/revisions", "revision") == [8, 7, 6]
            assert await kari.listed(f"{young.path}/revisions", "revision") == [8, 7, 6]
            assert (await api.runs("prune-revisions"))["pruned"] == 0


async def _saves(person: Person, document: Document, body: str) -> None:
    assert (await person.patch(document.path, {"body": body}, if_match="*")).status == 200


def _a_revision(document: Document, number: int, **fields: Any) -> RevisionRecord:
    known = {"document_id": document.id, "slot": random_id(), "revision": number, "author_id": "kari"}
    plain = {"title": f"Tur {number}", "body": "", "tags": [], "language": "nb", "saved_at": clock.now()}
    return RevisionRecord(**(known | plain | fields))


async def _has_history(api: Api, document: Document, count: int, *, days_apart: int) -> None:
    """Give a document so many revisions, the newest of now."""
    stored = await api.db.get(documents.at(document.id))
    assert stored
    old = await api.db.query(revisions.under(document.id))
    now = clock.now()
    made = [
        _a_revision(document, n, saved_at=now - timedelta(days=days_apart * (count - n))) for n in range(1, count + 1)
    ]
    await api.db.commit(
        documents.update(stored, slots=count),
        *(revisions.remove(revisions.key_of(revision)) for revision in old),
        *map(revisions.put, made),
    )
