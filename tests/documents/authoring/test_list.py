"""Lists: the last changed first, each page exact, narrowed as asked and to the end."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from documents.records import DocumentRecord, Role, documents
from tests.documents.authoring.stored import a_stored_document, store
from tests.support.api import Api, Person


class TestOrder:
    async def test_is_by_the_last_change(self, api: Api) -> None:
        kari = await api.person("Kari")
        first, second, third = [await kari.writes(title) for title in ("Første", "Andre", "Tredje")]
        assert await kari.listed() == [third.id, second.id, first.id]

        await kari.patch(first.path, {"body": "Mer"}, if_match=first.etag)

        assert await kari.listed() == [first.id, third.id, second.id]
        card = (await kari.get("/v1/documents"))["items"][0]
        assert "body" not in card
        assert (card["title"], card["role"], card["revision"]) == ("Første", "owner", 2)

    async def test_tells_apart_what_was_written_at_one_moment(self, api: Api) -> None:
        kari = await api.person("Kari")
        now = clock.now()
        made = [a_stored_document(kari, f"Notat {n}", updated_at=now) for n in range(7)]
        await store(api.db, made)
        found = await kari.listed(pageSize=2)
        assert sorted(found) == sorted(document.id for document in made)
        assert found == sorted(found, reverse=True)


class TestPaging:
    @pytest.mark.parametrize("count", [0, 1, 25, 26, 100])
    async def test_is_exact(self, api: Api, count: int) -> None:
        kari, ola = await api.people("Kari", "Ola")
        now = clock.now()
        made = [a_stored_document(kari, f"Notat {n}", updated_at=now - timedelta(seconds=n)) for n in range(count)]
        await store(api.db, [*made, *(a_stored_document(ola, f"Ola {n}") for n in range(3))])
        ids = [document.id for document in made]

        sizes = [
            ("", 25),
            ("?pageSize=1", 1),
            ("?pageSize=99", 99),
            ("?pageSize=100", 100),
            ("?pageSize=10000000", 100),
        ]
        for query, size in sizes:
            page = await kari.get(f"/v1/documents{query}")
            assert [item["id"] for item in page["items"]] == ids[:size]
            assert ("nextPageToken" in page.json) == (count > size)
        assert await kari.listed() == await kari.listed(pageSize=13) == ids

    async def test_refuses_a_size_that_is_none(self, api: Api) -> None:
        kari = await api.person("Kari")
        for wrong in ("0", "-1", "1.5", "mange", ""):
            answer = await kari.get(f"/v1/documents?pageSize={wrong}")
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/query/pageSize"]), wrong

    @pytest.mark.promise("P43")
    async def test_takes_a_token_only_where_it_was_given(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await asyncio.gather(*(person.writes(f"Tur {n}", tags=["tur"]) for n in range(3) for person in (kari, ola)))
        token = (await kari.get("/v1/documents?pageSize=1&tag=tur"))["nextPageToken"]
        # Another size is the same list.
        assert len((await kari.get(f"/v1/documents?tag=tur&pageSize=50&pageToken={token}"))["items"]) == 2

        middle = len(token) // 2
        tampered = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
        refused = [
            (kari, f"?tag=tur&pageToken={tampered}"),
            (kari, f"?pageToken={token}"),
            (kari, f"?tag=t%C3%B8r&pageToken={token}"),
            (kari, f"?tag=tur&trashed=true&pageToken={token}"),
            (kari, f"?tag=tur&q=tur&pageToken={token}"),
            (ola, f"?tag=tur&pageToken={token}"),
            *(
                (kari, f"?tag=tur&pageToken={wrong}")
                for wrong in ("", "x", "ikke%20ett", "%C3%A6", "A" * 1500, token[:-4])
            ),
        ]
        for person, query in refused:
            answer = await person.get(f"/v1/documents{query}")
            assert (answer.problem, answer.pointers) == ((400, "malformed_request"), ["/query/pageToken"]), query

    async def test_goes_on_while_others_write(self, api: Api) -> None:
        kari = await api.person("Kari")
        made = [await kari.writes(f"Notat {n}") for n in range(4)]
        page = await kari.get("/v1/documents?pageSize=2")
        await kari.writes("Ny på toppen")
        rest = await kari.get(f"/v1/documents?pageSize=2&pageToken={page['nextPageToken']}")
        assert [item["id"] for item in rest["items"]] == [made[1].id, made[0].id]


class TestFilters:
    @pytest.mark.promise("P43")
    async def test_show_nothing_of_others(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await kari.writes("Hemmelig tur", "Bare mitt", tags=["tur"])
        await kari.trashes("Hemmelig og kastet", tags=["tur"])
        every = [
            {},
            {"q": "hemmelig"},
            {"tag": "tur"},
            {"owner": kari.uid},
            {"q": "tur", "tag": "tur", "owner": kari.uid},
        ]
        for parameters in every:
            for more in ({}, {"trashed": "true"}, {"sharedWithMe": "true"}):
                assert await ola.listed(**parameters, **more) == []

    async def test_work_alone_and_together(self, api: Api) -> None:
        kari = await api.person("Kari")
        made = await _a_mixed_shelf(api, kari)
        asked: list[tuple[dict[str, Any], str]] = [
            ({}, "hers tagged his group customer shared-tagged"),
            ({"tag": "tur"}, "tagged shared-tagged"),
            ({"tag": "  TUR "}, "tagged shared-tagged"),
            ({"owner": kari.uid}, "hers tagged group"),
            ({"owner": "ola"}, "his customer shared-tagged"),
            ({"groupId": "klasse-8b"}, "group"),
            ({"customerId": "ruseløkka"}, ""),
            ({"customerId": "ruselokka"}, "customer"),
            ({"sharedWithMe": "true"}, "his customer shared-tagged"),
            ({"sharedWithMe": "false"}, "hers tagged his group customer shared-tagged"),
            ({"trashed": "true"}, "trashed"),
            ({"trashed": "true", "tag": "tur"}, "trashed"),
            ({"trashed": "true", "owner": kari.uid}, "trashed"),
            ({"tag": "tur", "owner": kari.uid}, "tagged"),
            ({"tag": "tur", "sharedWithMe": "true"}, "shared-tagged"),
            ({"tag": "tur", "owner": "ola", "sharedWithMe": "true"}, "shared-tagged"),
            ({"owner": kari.uid, "groupId": "klasse-8b"}, "group"),
            ({"owner": "ola", "groupId": "klasse-8b"}, ""),
            ({"owner": "ola", "customerId": "ruselokka", "sharedWithMe": "true"}, "customer"),
            ({"q": "notat"}, "hers tagged his group customer shared-tagged"),
            ({"q": "notat", "tag": "tur"}, "tagged shared-tagged"),
            ({"q": "notat", "owner": kari.uid, "tag": "tur"}, "tagged"),
            ({"q": "notat", "groupId": "klasse-8b"}, "group"),
            ({"q": "notat", "sharedWithMe": "true", "customerId": "ruselokka"}, "customer"),
            ({"q": "notat", "trashed": "true"}, "trashed"),
            ({"tag": "ukjent"}, ""),
            ({"tag": " "}, ""),
        ]
        for parameters, names in asked:
            if parameters.get("customerId") == "ruseløkka":
                answer = await kari.get("/v1/documents?customerId=rusel%C3%B8kka")
                assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/query/customerId"])
                continue
            expected = [made[name].id for name in reversed(names.split())]
            assert await kari.listed(**parameters) == expected, parameters
            if len(expected) > 2:
                assert await kari.listed(**parameters, pageSize=2) == expected, parameters

    async def test_by_tag_go_on_to_the_end(self, api: Api) -> None:
        """A tag is served in order by its index, however many documents bear it."""
        kari = await api.person("Kari")
        now = clock.now()
        made = [
            a_stored_document(kari, "Notat", updated_at=now - timedelta(seconds=n), tags=["skole"]) for n in range(230)
        ]
        await store(api.db, [*made, *(a_stored_document(kari, "Annet") for _ in range(5))])

        assert await kari.listed(tag="Skole", pageSize=100) == [document.id for document in made]
        api.wire.reset()
        assert "truncated" not in (await kari.get("/v1/documents?tag=skole&pageSize=10")).json
        assert api.wire.cost == (2, 12, 0)

    async def test_refuse_what_is_no_filter(self, api: Api) -> None:
        kari = await api.person("Kari")
        wrong = {
            "tag=" + "x" * 51: "/query/tag",
            "tag=" + "x" * 201: "/query/tag",
            "tag=a%0Ab": "/query/tag",
            "owner=": "/query/owner",
            "owner=..": "/query/owner",
            "groupId=a%20b": "/query/groupId",
            "groupId=__x__": "/query/groupId",
            "trashed=kanskje": "/query/trashed",
            "sharedWithMe=2": "/query/sharedWithMe",
            "q=" + "x" * 501: "/query/q",
        }
        for query, pointer in wrong.items():
            answer = await kari.get(f"/v1/documents?{query}")
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), [pointer]), query


async def _a_mixed_shelf(api: Api, kari: Person) -> dict[str, DocumentRecord]:
    """Documents of Kari's and of Ola's that she can read, each a second older than the one after it."""
    now = clock.now()
    shared = {f"user:{kari.uid}": Role.VIEWER, "user:ola": Role.OWNER}
    lines: dict[str, dict[str, Any]] = {
        "hers": {},
        "tagged": {"tags": ["tur"]},
        "his": {"owner_id": "ola", "roles": shared},
        "group": {"group_id": "klasse-8b"},
        "customer": {"owner_id": "ola", "roles": shared, "customer_id": "ruselokka"},
        "shared-tagged": {"owner_id": "ola", "roles": shared, "tags": ["tur"]},
        "trashed": {"tags": ["tur"], "trashed": True},
        "others": {"owner_id": "ola", "roles": {"user:ola": Role.OWNER}, "tags": ["tur"]},
        "shared-trashed": {"owner_id": "ola", "roles": shared, "trashed": True, "tags": ["tur"]},
    }
    made = {
        name: a_stored_document(kari, "Notat", updated_at=now + timedelta(seconds=n), **fields)
        for n, (name, fields) in enumerate(lines.items())
    }
    await store(api.db, list(made.values()))
    assert len(await api.db.query(documents.under())) == len(made)
    return made
