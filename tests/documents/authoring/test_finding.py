"""Searching: the words that a document holds in any form, hits in titles first, then the last changed."""

from datetime import timedelta

from core import clock
from tests.documents.authoring.stored import a_stored_document, store
from tests.support.api import Api


class TestWords:
    async def test_find_every_form_in_both_languages(self, api: Api) -> None:
        kari = await api.person("Kari")
        trip = await kari.writes("Blåbærturer", "Barna plukket mange bær på fjellet.", tags=["Høst 2026"])
        essay = await kari.writes("Walking stories", "The children were running through the café.", language="en")

        found = {
            q: await kari.listed(q=q)
            for q in ("barn", "barnet", "fjellene", "BLÅBÆRTUR", "blåbærturen", "høsten", "host")
        }
        assert found == {q: [trip.id] for q in found}
        found = {q: await kari.listed(q=q) for q in ("run", "runs", "walked", "story", "cafe", "CAFÉS", "children")}
        assert found == {q: [essay.id] for q in found}
        assert await kari.listed(q="regnskap") == []

    async def test_must_all_be_there(self, api: Api) -> None:
        kari = await api.person("Kari")
        both = await kari.writes("Tur til fjellet", "Vi så rein.", tags=["natur"])
        await kari.writes("Tur til byen", "Vi så trikken.")
        for q in ("tur fjell", "fjell tur natur", "rein, natur!", '"tur" -fjellet', "tur og fjell"):
            assert await kari.listed(q=q) == [both.id], q
        assert await kari.listed(q="rein trikk") == []

    async def test_of_no_meaning_find_titles_alone(self, api: Api) -> None:
        kari = await api.person("Kari")
        about = await kari.writes("Om oss", "Hvem vi er.")
        await kari.writes("Notat", "Dette er om det som var og er.")
        assert await kari.listed(q="om") == [about.id]

    async def test_that_are_none_find_nothing(self, api: Api) -> None:
        kari = await api.person("Kari")
        await kari.writes("Notat")
        for q in ("", " ", "!?", "—", "*"):
            assert await kari.listed(q=q) == [], q

    async def test_may_be_twenty(self, api: Api) -> None:
        kari = await api.person("Kari")
        words = [f"ord{n}" for n in range(20)]
        document = await kari.writes("Mange", " ".join(words))

        assert await kari.listed(q=" ".join(words)) == [document.id]
        assert await kari.listed(q=" ".join([*words, *words])) == [document.id]
        answer = await kari.get(f"/v1/documents?q={'+'.join([*words, 'ord20'])}")
        assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/query/q"])
        assert answer.json["errors"][0]["code"] == "too_many_words"

    async def test_follow_the_document(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Blåbær", "modne", tags=["sommer"])
        await kari.patch(document.path, {"title": "Tyttebær", "body": "røde", "tags": ["høst"]}, if_match="*")
        assert [await kari.listed(q=q) for q in ("blåbær", "modne", "sommer")] == [[], [], []]
        assert [await kari.listed(tag=tag) for tag in ("sommer", "høst")] == [[], [document.id]]
        assert await kari.listed(q="tyttebær røde høst") == [document.id]

        await kari.delete(document.path, if_match="*")
        assert await kari.listed(q="tyttebær") == await kari.listed(tag="høst") == []
        assert await kari.listed(q="tyttebær", trashed="true") == [document.id]

    async def test_may_look_like_anything(self, api: Api) -> None:
        """What a person types is data: no field path, no operator, no wildcard."""
        kari = await api.person("Kari")
        await kari.writes("Notat")
        for q in ("`", "terms.x", "a`b", "__name__", "\\", "😀", "ﬁ", "İstanbul", "x" * 500, "%2500", "../..", "ß ẞ"):
            assert await kari.listed(q=q) == [], q


class TestRanking:
    async def test_puts_titles_first_and_then_the_last_changed(self, api: Api) -> None:
        kari = await api.person("Kari")
        now = clock.now()
        made = [
            a_stored_document(kari, title, body, updated_at=now - timedelta(minutes=n))
            for n, (title, body) in enumerate(
                [
                    ("Notat", "bær på tur"),
                    ("Bær", "vi gikk på tur"),
                    ("Bær på tur", "langt"),
                    ("Turen", "fant bær"),
                    ("Bærtur, bær, tur", "og mer"),
                    ("Dagbok", "tur etter bær"),
                ]
            )
        ]
        await store(api.db, made)
        expected = [made[place].id for place in (2, 4, 1, 3, 0, 5)]

        for size in (25, 1, 2, 5, 6):
            assert await kari.listed(q="bær tur", pageSize=size) == expected

    async def test_costs_two_calls_and_a_read_for_each_match(self, api: Api) -> None:
        kari = await api.person("Kari")
        await store(api.db, [a_stored_document(kari, "Bær", "x" * 1000) for _ in range(30)])
        api.wire.reset()
        page = await kari.get("/v1/documents?q=b%C3%A6r&pageSize=5")
        assert api.wire.cost == (2, 31, 0)
        assert "truncated" not in page.json

    async def test_looks_at_a_thousand_matches_and_says_so(self, api: Api) -> None:
        kari = await api.person("Kari")
        first = a_stored_document(kari, "Bær")
        await store(api.db, [first.model_copy(update={"id": f"tur-{n}"}) for n in range(1_010)])
        api.wire.reset()

        page = await kari.get("/v1/documents?q=b%C3%A6r&pageSize=100")

        assert api.wire.cost == (2, 1_001, 0)
        assert (len(page["items"]), page["truncated"]) == (100, True)
        last = page
        seen = [item["id"] for item in page["items"]]
        while "nextPageToken" in last.json:
            last = await kari.get(f"/v1/documents?q=b%C3%A6r&pageSize=100&pageToken={last['nextPageToken']}")
            seen += [item["id"] for item in last["items"]]
        assert len(seen) == len(set(seen)) == 1_000
