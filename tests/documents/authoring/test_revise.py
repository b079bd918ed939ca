"""Changing a document: only by who has read it as it is, and what is not named stays."""

import asyncio

import pytest

from tests.support.api import Api


class TestRevise:
    @pytest.mark.promise("P43")
    async def test_of_anothers_document_reads_as_missing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Dagbok", "Mitt")

        for condition in ("*", document.etag, '"9-owner"'):
            answer = await ola.patch(document.path, {"body": "Ola var her"}, if_match=condition)
            assert answer.problem == (404, "not_found")
        assert (await api.patch(document.path, {}, if_match="*")).problem == (401, "unauthenticated")
        assert (await kari.get(document.path)).etag == document.etag

    @pytest.mark.promise("P42")
    async def test_wants_the_etag_that_was_read(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "Utkast")

        assert (await kari.patch(document.path, {"body": "A"})).problem == (428, "if_match_required")
        changed = await kari.patch(document.path, {"body": "A"}, if_match=document.etag)
        assert (changed.status, changed.etag, changed["revision"]) == (200, '"2-owner"', 2)
        for stale in (document.etag, f"W/{changed.etag}", '"2"', '"2-editor"'):
            assert (await kari.patch(document.path, {"body": "B"}, if_match=stale)).problem == (412, "stale_etag")
        assert (await kari.patch(document.path, {"body": "B"}, if_match="2-owner")).problem == (
            400,
            "malformed_request",
        )

        assert (await kari.get(document.path))["body"] == "A"
        one_of = await kari.patch(document.path, {"body": "C"}, if_match=f"{document.etag}, {changed.etag}")
        assert (one_of.status, one_of["body"]) == (200, "C")

    @pytest.mark.promise("P42")
    async def test_has_one_winner_of_fifty_who_read_the_same(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Felles notat")

        answers = await asyncio.gather(
            *(kari.patch(document.path, {"body": f"Forfatter {n}"}, if_match=document.etag) for n in range(50))
        )

        assert sorted(answer.status for answer in answers) == [200] + [412] * 49
        winner = next(answer for answer in answers if answer.status == 200)
        read = await kari.get(document.path)
        assert (read["body"], read["revision"]) == (winner["body"], 2)
        assert (await kari.get(f"{document.path}/revisions/2"))["body"] == winner["body"]

    @pytest.mark.promise("P42")
    async def test_with_any_version_is_saved_or_says_that_it_was_not(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Felles notat")

        answers = await asyncio.gather(
            *(kari.patch(document.path, {"body": f"Forfatter {n}"}, if_match="*") for n in range(12))
        )

        saved = [answer for answer in answers if answer.status == 200]
        assert {answer.problem for answer in answers if answer.status != 200} <= {(503, "unavailable")}
        assert sorted(answer["revision"] for answer in saved) == list(range(2, len(saved) + 2))
        last = max(saved, key=lambda answer: answer["revision"])
        assert (await kari.get(document.path)).json == last.json

    async def test_of_nothing_keeps_the_revision(self, api: Api) -> None:
        kari = await api.person("Kari")
        fields = {"title": "Tur", "body": "Vi gikk", "tags": ["tur"], "language": "en"}
        document = await kari.writes(**fields)
        api.wire.reset()
        for nothing in ({}, fields, {"title": "Tur"}, {"tags": ["TUR", " tur "]}):
            answer = await kari.patch(document.path, nothing, if_match=document.etag)
            assert (answer.etag, answer["revision"]) == (document.etag, 1)
        assert api.wire.writes == 0

    @pytest.mark.promise("P08")
    async def test_leaves_what_is_not_named(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "We went up the hill and it rained.", tags=["tur"], language="nb")
        before = await kari.get(document.path)

        for changes in (
            {"title": "Lang tur"},
            {"body": "The weather was what it was."},
            {"tags": []},
            {"language": "en"},
        ):
            answer = await kari.patch(document.path, changes, if_match=before.etag)
            assert answer.json == {
                **before.json,
                **changes,
                "revision": before["revision"] + 1,
                "updatedAt": answer["updatedAt"],
            }
            assert answer["updatedAt"] >= before["updatedAt"]
            assert (await kari.get(document.path)).json == answer.json
            before = answer

    async def test_empties_what_is_emptied(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "Vi gikk", tags=["tur"])
        answer = await kari.patch(document.path, {"title": "", "body": "", "tags": []}, if_match="*")
        assert (answer["title"], answer["body"], answer["tags"]) == ("", "", [])

    async def test_refuses_what_no_document_has(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        wrong = {
            "title": None,
            "body": "\x01",
            "tags": ["a", "x" * 51],
            "language": "sv",
            "ownerId": "ola",
            "trashedAt": None,
        }
        answer = await kari.patch(document.path, wrong, if_match="*")
        assert answer.problem == (422, "validation_failed")
        assert sorted(answer.pointers) == ["/body", "/language", "/ownerId", "/tags/1", "/title", "/trashedAt"]
        tag = await kari.patch(document.path, {"tags": ["a", "x" * 51]}, if_match="*")
        assert (tag.problem, tag.pointers) == ((422, "validation_failed"), ["/tags/1"])

    async def test_in_the_trash_waits_for_its_return(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.trashes("Tur")
        assert (await kari.patch(document.path, {"title": "Ny"}, if_match=document.etag)).problem == (409, "conflict")
        back = await kari.post(f"{document.path}/restore")
        assert (await kari.patch(document.path, {"title": "Ny"}, if_match=back.etag)).status == 200

    async def test_never_turns_time_back(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.advance(hours=2)
        document = await kari.writes("Tur")
        written = (await kari.get(document.path))["updatedAt"]
        api.advance(hours=-1)
        assert (await kari.patch(document.path, {"title": "Ny"}, if_match="*"))["updatedAt"] == written
