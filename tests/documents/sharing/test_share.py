"""Sharing a document with people, groups and Customers: who may, with whom, and what comes of it."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from core import clock
from core.services.outbox import NoticeKind
from documents import access
from documents.sharing.principals import share_id
from documents.sharing.records import shares as share_records
from tests.documents.authoring.stored import a_stored_document, store
from tests.documents.sharing.stage import a_customer, a_group, classmates, shares, stored
from tests.support.api import Api, Document
from tests.support.belonging import enters, joins, leaves, told


class TestShare:
    @pytest.mark.promise("P43")
    async def test_of_anothers_document_reads_as_missing(self, api: Api) -> None:
        kari, ola, mallory = await classmates(api, "Kari", "Ola", "Mallory")
        document = await kari.writes("Hemmelig")
        share = (await shares(kari, document, ola))["id"]

        answers = [
            await shares(mallory, document, mallory),
            await shares(mallory, document, ola),
            await mallory.get(f"{document.path}/shares"),
            await mallory.get(f"{document.path}/readers"),
            await mallory.patch(f"{document.path}/shares/{share}", {"role": "editor"}),
            await mallory.delete(f"{document.path}/shares/{share}"),
            await mallory.post(f"{document.path}/leave"),
            await mallory.post(f"{document.path}/transfer", {"principal": f"user:{mallory.uid}"}),
            await mallory.post(f"{document.path}/transfer/accept"),
            await mallory.get(f"{document.path}/transfer"),
        ]

        assert {answer.problem for answer in answers} == {(404, "not_found")}
        assert set((await stored(api, document)).roles) == {f"user:{kari.uid}", f"user:{ola.uid}"}

    @pytest.mark.parametrize("role", ["viewer", "commenter"])
    async def test_is_not_for_those_who_only_read_or_comment(self, api: Api, role: str) -> None:
        kari, ola, sara = await classmates(api, "Kari", "Ola", "Sara")
        document = await kari.writes("Tur")
        share = (await shares(kari, document, ola, role))["id"]

        answers = [
            await shares(ola, document, sara),
            await ola.post(f"{document.path}/shares", {"email": "sara@example.com", "role": "viewer"}),
            await ola.patch(f"{document.path}/shares/{share}", {"role": "editor"}),
            await ola.delete(f"{document.path}/shares/{share}"),
            await ola.get(f"{document.path}/readers"),
            await ola.post(f"{document.path}/transfer", {"principal": f"user:{ola.uid}"}),
        ]

        assert {answer.problem for answer in answers} == {(403, "forbidden")}
        assert (await ola.get(document.path))["role"] == role

    @pytest.mark.promise("P08")
    async def test_opens_a_document_to_a_person_and_tells_them(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document = await kari.writes("Tur etter blåbær", tags=["tur"])

        answer = await shares(kari, document, ola, "commenter")

        assert answer.status == 201
        assert answer.json.items() >= {"principal": f"user:{ola.uid}", "name": "Ola", "role": "commenter"}.items()
        assert answer["grantedBy"] == kari.uid
        assert answer.response.headers["location"] == f"{document.path}/shares/{answer['id']}"
        assert (await ola.get(document.path))["role"] == "commenter"
        for parameters in ({}, {"q": "blåbær"}, {"tag": "tur"}, {"sharedWithMe": "true"}):
            assert await ola.listed(**parameters) == [document.id]
        assert (await kari.get(document.path)).etag == document.etag
        (notice,) = await told(api)
        assert (notice.kind, notice.uid, notice.actor_id) == (NoticeKind.SHARED, ola.uid, kari.uid)
        assert notice.about == {"documentId": document.id}

    async def test_with_somebody_unknown_and_with_a_stranger_answer_alike(self, api: Api) -> None:
        kari, mallory = await api.people("Kari", "Mallory")
        document = await kari.writes("Tur")
        refused = [
            await shares(kari, document, mallory),
            await shares(kari, document, "user:nobody-at-all"),
            await shares(kari, document, "group:fjerde-b"),
            await shares(kari, document, "helpers:fjerde-b"),
            await shares(kari, document, "customer:en-annen-skole"),
        ]
        said = [{k: v for k, v in one.json.items() if k not in ("requestId", "instance")} for one in refused]

        assert {one.problem for one in refused} == {(422, "validation_failed")}
        assert refused[0].pointers == ["/principal"]
        assert all(one == said[0] for one in said)

    async def test_is_with_others_than_oneself_and_the_owner(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document = await kari.writes("Tur")
        await shares(kari, document, ola, "editor")

        for answer in [await shares(kari, document, kari), await shares(ola, document, kari)]:
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/principal"])
        assert (await kari.get(document.path))["role"] == "owner"

    @pytest.mark.parametrize(
        "body",
        [
            {"role": "viewer"},
            {"principal": "user:ola", "email": "ola@example.com", "role": "viewer"},
            {"principal": "user:ola", "role": "owner"},
            {"principal": "user:ola"},
            {"principal": "member:abc", "role": "viewer"},
            {"principal": "admins:skolen", "role": "viewer"},
            {"principal": "group:__all__", "role": "viewer"},
            {"principal": "user:a/b", "role": "viewer"},
            {"principal": 7, "role": "viewer"},
            {"principal": None, "role": "viewer"},
            {"email": "ola@skolen", "role": "viewer"},
            {"email": "Ola <ola@example.com>\r\nBcc: alle@example.com", "role": "viewer"},
            {"email": "ola@example.com", "role": "viewer", "expiresAt": "2027-06-18"},
            {"email": "ola@example.com", "role": "viewer", "expiresAt": 4102444800},
            {"email": "ola@example.com", "role": "viewer", "expiresAt": "9999-12-31T23:59:59-01:00"},
            {"email": "ola@example.com", "role": "viewer", "expiresAt": "2020-01-01T00:00:00Z"},
            {"email": "ola@example.com", "role": "viewer", "note": "hei"},
        ],
    )
    async def test_refuses_what_is_no_share(self, api: Api, body: dict[str, object]) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        assert (await kari.post(f"{document.path}/shares", body)).problem == (422, "validation_failed")
        assert list((await stored(api, document)).roles) == [f"user:{kari.uid}"]

    @pytest.mark.promise("P08")
    async def test_with_a_group_its_helpers_or_a_customer_is_for_their_people(self, api: Api) -> None:
        kari, lise, per = await api.people("Kari", "Lise", "Per")
        await a_customer(api, "skolen", name="Ås skole")
        await a_group(api, "klasse-8b", kari, helpers=(lise,), name="Klasse 8B")
        for person in (kari, lise, per):
            await joins(person, "skolen")
        document = await kari.writes("Tur")

        helpers = await shares(kari, document, "helpers:klasse-8b", "editor")
        customer = await shares(kari, document, "customer:skolen")

        assert (helpers["name"], customer["name"]) == ("Klasse 8B", "Ås skole")
        assert (await lise.get(document.path))["role"] == "editor"
        assert (await per.get(document.path))["role"] == "viewer"
        await leaves(per, "skolen")
        assert (await per.get(document.path)).problem == (404, "not_found")
        assert await told(api) == []

    async def test_with_the_same_person_again_changes_the_one_share(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document = await kari.writes("Tur")
        first = await shares(kari, document, ola, expiresAt=(clock.now() + timedelta(days=7)).isoformat())
        api.advance(days=1)

        second = await shares(kari, document, ola, "editor")

        assert (second["id"], second["createdAt"], second["role"]) == (first["id"], first["createdAt"], "editor")
        assert "expiresAt" in first.json and "expiresAt" not in second.json
        assert await kari.listed(f"{document.path}/shares") == [first["id"]]
        assert len(await told(api)) == 1

    async def test_with_an_idempotency_key_is_done_once(self, api: Api) -> None:
        kari, ola, sara = await classmates(api, "Kari", "Ola", "Sara")
        document = await kari.writes("Tur")
        body = {"principal": f"user:{ola.uid}", "role": "viewer"}
        first = await kari.post(f"{document.path}/shares", body, idempotency_key="a")
        await kari.patch(f"{document.path}/shares/{first['id']}", {"role": "editor"})

        again = await kari.post(f"{document.path}/shares", body, idempotency_key="a")
        others = [{**body, "role": "commenter"}, {**body, "principal": f"user:{sara.uid}"}]
        refused = [await kari.post(f"{document.path}/shares", other, idempotency_key="a") for other in others]

        assert (again["role"], again.response.headers["idempotent-replayed"]) == ("editor", "true")
        assert {answer.problem for answer in refused} == {(422, "idempotency_key_reused")}
        assert (await shares(kari, document, ola)).response.headers.get("idempotent-replayed") is None
        assert len(await told(api)) == 1

    async def test_goes_up_to_a_hundred(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        roles = {f"group:g{n}": access.Role.VIEWER for n in range(100)} | {f"user:{kari.uid}": access.Role.OWNER}
        full = a_stored_document(kari, "Alle", roles=roles)
        await store(api.db, [full])
        document = Document(full.id, "")

        assert (await shares(kari, document, ola)).problem == (409, "conflict")
        share = (await kari.get(f"{document.path}/shares"))["items"][0]["id"]
        await kari.delete(f"{document.path}/shares/{share}")
        assert (await shares(kari, document, ola)).status == 201
        assert len(await kari.listed(f"{document.path}/shares")) == 100

    async def test_of_a_document_in_the_trash_waits(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document = await kari.trashes("Tur")
        assert (await shares(kari, document, ola)).problem == (409, "conflict")

    async def test_gives_nobody_more_than_its_giver_holds(self, api: Api) -> None:
        kari, ola, sara = await classmates(api, "Kari", "Ola", "Sara")
        document = await kari.writes("Tur")
        week, day = (clock.now() + timedelta(days=days) for days in (7, 1))
        share = await shares(kari, document, ola, "editor", expiresAt=week.isoformat())
        of_sara = await shares(kari, document, sara, "viewer")
        own, other = (f"{document.path}/shares/{one['id']}" for one in (share, of_sara))

        refused = [
            await ola.patch(own, {"expiresAt": None}),
            await ola.patch(own, {"expiresAt": (week + timedelta(seconds=1)).isoformat()}),
            await ola.patch(other, {"role": "editor"}),
            await shares(ola, document, "group:klasse-8b"),
        ]
        assert {answer.problem for answer in refused} == {(403, "forbidden")}
        assert (await ola.patch(other, {"role": "editor", "expiresAt": day.isoformat()})).status == 200
        assert (await shares(ola, document, "group:klasse-8b", expiresAt=day.isoformat())).status == 201
        assert (await ola.delete(own)).status == 204


class TestChangeAndRevoke:
    @pytest.mark.promise("P43")
    async def test_take_effect_on_the_next_request(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document = await kari.writes("Tur", tags=["tur"])
        path = f"{document.path}/shares/{(await shares(kari, document, ola, 'editor'))['id']}"
        assert (await ola.patch(document.path, {"title": "Min"}, if_match="*")).status == 200

        changed = await kari.patch(path, {"role": "viewer"})
        assert (changed["role"], changed["name"]) == ("viewer", "Ola")
        assert (await ola.patch(document.path, {"title": "Din"}, if_match="*")).problem == (403, "forbidden")

        assert (await kari.delete(path)).status == 204
        assert (await ola.get(document.path)).problem == (404, "not_found")
        for parameters in ({}, {"q": "min"}, {"tag": "tur"}, {"sharedWithMe": "true"}):
            assert await ola.listed(**parameters) == []
        assert await api.db.query(share_records.under(document.id)) == []
        assert (await kari.delete(path)).problem == (404, "not_found")
        assert (await kari.patch(path, {"role": "editor"})).problem == (404, "not_found")

    async def test_know_no_owner(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document = await kari.writes("Tur")
        await shares(kari, document, ola, "editor")
        path = f"{document.path}/shares/{share_id(f'user:{kari.uid}')}"
        assert (await ola.delete(path)).problem == (await ola.patch(path, {"role": "viewer"})).problem
        assert (await kari.get(document.path))["role"] == "owner"

    async def test_and_grant_at_once_leave_what_one_order_would(self, api: Api) -> None:
        kari, ola, sara, per = await classmates(api, "Kari", "Ola", "Sara", "Per")
        document = await kari.writes("Tur")
        share = await shares(kari, document, ola, "editor")

        answers = await asyncio.gather(
            shares(kari, document, sara),
            kari.delete(f"{document.path}/shares/{share['id']}"),
            shares(ola, document, per),
            kari.patch(document.path, {"title": "Lang tur"}, if_match=document.etag),
        )

        assert [answers[n].status for n in (0, 1, 3)] == [201, 204, 200]
        found = await stored(api, document)
        expected = {kari, sara, per} if answers[2].status == 201 else {kari, sara}
        assert set(found.roles) == set(found.readers) == {f"user:{one.uid}" for one in expected}
        assert len(await api.db.query(share_records.under(document.id))) == len(expected) - 1
        assert (await ola.get(document.path)).problem == (404, "not_found")

    async def test_of_two_grants_to_one_person_one_share_remains(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document = await kari.writes("Tur")

        answers = await asyncio.gather(*(shares(kari, document, ola, role) for role in ("viewer", "editor") * 3))

        assert Counter(answer.status for answer in answers) == {201: 6}
        assert len(await kari.listed(f"{document.path}/shares")) == 1
        assert len(await told(api)) == 1


class TestTheList:
    @pytest.mark.promise("P43")
    async def test_shows_a_viewer_what_concerns_them_alone(self, api: Api) -> None:
        kari, ola, sara = await classmates(api, "Kari", "Ola", "Sara")
        document = await kari.writes("Tur")
        await kari.post(f"{document.path}/shares", {"email": "hemmelig@example.com", "role": "editor"})
        await shares(kari, document, sara, "editor")
        mine = [(await shares(kari, document, who))["id"] for who in (ola, "group:klasse-8b")]

        seen = await ola.get(f"{document.path}/shares")

        assert {item["id"] for item in seen["items"]} == set(mine)
        assert "example.com" not in seen.response.text and sara.uid not in seen.response.text
        assert len((await sara.get(f"{document.path}/shares"))["items"]) == 4

    @pytest.mark.promise("P08")
    async def test_names_everybody_newest_first_page_by_page(self, api: Api) -> None:
        kari, ola, sara = await classmates(api, "Kari", "Ola", "Sara")
        document = await kari.writes("Tur")
        for who in (ola, sara, "group:klasse-8b"):
            await shares(kari, document, who)
            api.advance(seconds=1)
        path = f"{document.path}/shares"

        names = [item.get("name") for item in (await kari.get(path))["items"]]
        assert names == [None, "Sara", "Ola"]
        assert await kari.listed(path, "principal", pageSize=1) == await kari.listed(path, "principal")

    async def test_shows_the_shares_that_a_customers_document_began_with(self, api: Api) -> None:
        kari = await api.person("Kari")
        await joins(kari, "skolen")
        await enters(kari, "klasse-8b")
        found = a_stored_document(
            kari,
            "Arbeid",
            owner_id=None,
            customer_id="skolen",
            group_id="klasse-8b",
            roles={
                "admins:skolen": access.Role.OWNER,
                f"user:{kari.uid}": access.Role.OWNER,
                "helpers:klasse-8b": access.Role.EDITOR,
                "group:klasse-8b": access.Role.VIEWER,
            },
        )
        await store(api.db, [found])

        items = (await kari.get(f"/v1/documents/{found.id}/shares"))["items"]

        assert {item["principal"] for item in items} == {"helpers:klasse-8b", "group:klasse-8b"}
        assert all("grantedBy" not in item for item in items)
