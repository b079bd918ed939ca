"""Customers' documents: who may make them, who has which role, and what is left when their maker leaves."""

import asyncio
from typing import Any

import pytest

from accounts.memberships import CustomerRole
from accounts.profiles import storage
from documents.files.records import FileRecord, files
from documents.records import Role, documents
from tests.documents.files.conftest import eventually, kept
from tests.support.api import Answer, Api, Document, Person
from tests.support.belonging import enters, joins, leaves

SCHOOL, CLASS, ELSEWHERE = "skolen", "klasse-8b", "fabrikken"


def of(answer: Answer) -> Document:
    return Document(answer["id"], answer.etag)


async def sees(person: Person, document: Document) -> str:
    """The role in which somebody sees a document, or the problem that they meet."""
    answer = await person.get(document.path)
    return answer["role"] if answer.status == 200 else answer.problem[1]


async def imported(person: Person, query: str) -> Answer:
    headers = {**person.headers, "Content-Type": "text/markdown"}
    return Answer(await person.http.post(f"/v1/documents/import{query}", content="# Tur", headers=headers))


@pytest.mark.promise("P43")
class TestMaking:
    async def test_is_refused_alike_where_nothing_is_and_where_others_are(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await joins(ola, SCHOOL, CustomerRole.OWNER)
        await enters(ola, CLASS, SCHOOL)
        own = await kari.writes("Min")

        async def ways(name: str, id_: str) -> list[Answer]:
            return [
                await kari.post("/v1/documents", {"title": "Tur", name: id_}),
                await kari.post(f"{own.path}/duplicate?{name}={id_}"),
                await imported(kari, f"?{name}={id_}"),
            ]

        for name, theirs, code in (("customerId", SCHOOL, "unknown_customer"), ("groupId", CLASS, "unknown_group")):
            for foreign, unknown in zip(await ways(name, theirs), await ways(name, "ingenting"), strict=True):
                assert foreign.problem == unknown.problem == (422, "validation_failed")
                assert foreign.json["errors"] == unknown.json["errors"]
                assert foreign.json["errors"][0]["code"] == code
            pointers = [answer.pointers for answer in await ways(name, theirs)]
            assert pointers == [[f"/{name}"], [f"/query/{name}"], [f"/query/{name}"]]
        assert await kari.listed() == [own.id]

    async def test_in_a_group_of_another_customer_than_the_named_is_refused(self, api: Api) -> None:
        kari = await api.person("Kari")
        await joins(kari, SCHOOL)
        await joins(kari, ELSEWHERE)
        await enters(kari, CLASS, SCHOOL)

        answer = await kari.post("/v1/documents", {"customerId": ELSEWHERE, "groupId": CLASS})

        assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/customerId"])
        assert await kari.listed() == []

    @pytest.mark.parametrize("wrong", [7, "", "../x", "a b", "__x__", ["skolen"], "x" * 129])
    async def test_takes_no_id_that_is_none(self, api: Api, wrong: Any) -> None:
        kari = await api.person("Kari")
        for name in ("customerId", "groupId"):
            answer = await kari.post("/v1/documents", {name: wrong})
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), [f"/{name}"])


class TestInACustomer:
    async def test_belongs_to_it_and_to_its_maker_as_long_as_they_are_there(self, api: Api) -> None:
        kari, ola, rektor, stranger = await api.people("Kari", "Ola", "Rektor", "Mallory")
        membership = await joins(kari, SCHOOL)
        await joins(ola, SCHOOL)
        await joins(rektor, SCHOOL, CustomerRole.ADMIN)
        await joins(stranger, ELSEWHERE, CustomerRole.OWNER)
        api.wire.reset()

        made = await kari.post("/v1/documents", {"title": "Årsplan", "customerId": SCHOOL})

        assert api.wire.cost == (2, 1, 2)
        assert (made.status, made["customerId"], made["role"], made.json.get("ownerId")) == (201, SCHOOL, "owner", None)
        document = of(made)
        assert [await sees(one, document) for one in (stranger, ola, rektor, kari)] == [
            "not_found",
            "not_found",
            "owner",
            "owner",
        ]
        stored = await api.db.get(documents.at(document.id))
        assert stored and (stored.owner_id, stored.author_id) == (None, kari.uid)
        assert stored.roles == {f"admins:{SCHOOL}": Role.OWNER, f"member:{membership}": Role.OWNER}
        assert await rektor.listed(customerId=SCHOOL) == await kari.listed(customerId=SCHOOL) == [document.id]
        assert await kari.listed(sharedWithMe="true") == await ola.listed() == []

    async def test_is_known_again_when_the_request_comes_again(self, api: Api) -> None:
        kari = await api.person("Kari")
        await joins(kari, SCHOOL)
        draft = {"title": "Årsplan", "customerId": SCHOOL}

        answers = await asyncio.gather(*(kari.post("/v1/documents", draft, idempotency_key="plan-1") for _ in range(5)))
        personal = await kari.post("/v1/documents", {"title": "Årsplan"}, idempotency_key="plan-1")

        assert len({answer["id"] for answer in answers}) == 1
        assert {(answer["role"], answer.etag) for answer in answers} == {("owner", answers[0].etag)}
        assert sum("idempotent-replayed" in answer.response.headers for answer in answers) == 4
        assert personal.problem == (422, "idempotency_key_reused")

    @pytest.mark.promise("P35")
    @pytest.mark.promise("P43")
    async def test_is_closed_to_its_maker_from_the_moment_that_they_leave(self, api: Api) -> None:
        kari, rektor = await api.people("Kari", "Rektor")
        await joins(kari, SCHOOL)
        await joins(rektor, SCHOOL, CustomerRole.ADMIN)
        draft = {"title": "Årsplan", "body": "For skolen", "customerId": SCHOOL}
        document = of(await kari.post("/v1/documents", draft, idempotency_key="plan-1"))
        own = await kari.writes("Min egen")

        await leaves(kari, SCHOOL)

        async def doors() -> set[tuple[int, str]]:
            return {
                (await kari.get(document.path)).problem,
                (await kari.patch(document.path, {"title": "Kapret"}, if_match="*")).problem,
                (await kari.delete(document.path, if_match="*")).problem,
                (await kari.get(f"{document.path}/export")).problem,
                (await kari.get(f"{document.path}/revisions")).problem,
                (await kari.post(f"{document.path}/duplicate")).problem,
            }

        assert await doors() == {(404, "not_found")}
        again = await kari.post("/v1/documents", draft, idempotency_key="plan-1")
        assert (again.problem, again.pointers) == ((422, "validation_failed"), ["/customerId"])
        assert await kari.listed() == await kari.listed(q="plan") + [own.id] == [own.id]

        await joins(kari, SCHOOL)

        assert await doors() == {(404, "not_found")}
        again = await kari.post("/v1/documents", draft, idempotency_key="plan-1")
        assert again.problem == (409, "conflict")
        assert "skolen" not in again.response.text
        assert await kari.listed() == [own.id]
        assert await sees(rektor, document) == "owner"

    async def test_is_trashed_restored_and_purged_by_its_maker_and_admins_alone(self, api: Api) -> None:
        kari, rektor, ola = await api.people("Kari", "Rektor", "Ola")
        await joins(kari, SCHOOL)
        await joins(rektor, SCHOOL, CustomerRole.ADMIN)
        await joins(ola, SCHOOL)
        document = of(await kari.post("/v1/documents", {"title": "Årsplan", "customerId": SCHOOL}))
        assert (await ola.delete(document.path, if_match="*")).problem == (404, "not_found")

        assert (await kari.delete(document.path, if_match="*")).status == 200
        assert await kari.listed(trashed="true") == await rektor.listed(trashed="true") == [document.id]
        # Emptying one's trash is for what is one's own.
        assert [(await one.post("/v1/documents/empty-trash"))["purged"] for one in (kari, rektor)] == [0, 0]
        assert (await rektor.post(f"{document.path}/restore")).status == 200
        await rektor.patch(document.path, {"title": "Plan"}, if_match="*")
        assert await kari.listed(f"{document.path}/revisions", "authorId") == [rektor.uid, kari.uid]
        await leaves(kari, SCHOOL)
        await rektor.delete(document.path, if_match="*")
        assert (await kari.post(f"{document.path}/purge")).problem == (404, "not_found")
        assert (await rektor.post(f"{document.path}/purge")).status == 204
        await api.tasks.idle()
        assert await api.db.get(documents.at(document.id)) is None


class TestInAGroup:
    async def test_is_read_by_the_group_and_edited_by_its_helpers(self, api: Api) -> None:
        kari, ola, teacher, rektor, other = await api.people("Kari", "Ola", "Lise", "Rektor", "Per")
        membership = await joins(kari, SCHOOL)
        for person in (ola, teacher, other):
            await joins(person, SCHOOL)
        await joins(rektor, SCHOOL, CustomerRole.OWNER)
        for person in (kari, ola):
            await enters(person, CLASS, SCHOOL)
        await enters(teacher, CLASS, SCHOOL, helper=True)
        await enters(other, "klasse-9a", SCHOOL)

        made = await kari.post("/v1/documents", {"title": "Gruppearbeid", "groupId": CLASS, "tags": ["natur"]})

        assert (made["groupId"], made["customerId"], made["role"]) == (CLASS, SCHOOL, "owner")
        document = of(made)
        people = (other, ola, teacher, rektor, kari)
        roles = [await sees(person, document) for person in people]
        assert roles == ["not_found", "viewer", "editor", "owner", "owner"]
        stored = await api.db.get(documents.at(document.id))
        assert stored and stored.roles == {
            f"admins:{SCHOOL}": Role.OWNER,
            f"member:{membership}": Role.OWNER,
            f"helpers:{CLASS}": Role.EDITOR,
            f"group:{CLASS}": Role.VIEWER,
        }
        assert (await ola.patch(document.path, {"title": "Mitt"}, if_match="*")).problem == (403, "forbidden")
        assert (await teacher.patch(document.path, {"title": "Vårt"}, if_match="*")).status == 200
        assert (
            await ola.listed(groupId=CLASS) == await teacher.listed(sharedWithMe="true", tag="natur") == [document.id]
        )
        assert await other.listed(groupId=CLASS) == await kari.listed(sharedWithMe="true") == []

    async def test_of_another_customer_now_is_written_by_who_came_along(self, api: Api) -> None:
        """Kari's group has gone to a Customer of which she is no member."""
        kari, chief = await api.people("Kari", "Sjef")
        await joins(kari, SCHOOL)
        await joins(chief, ELSEWHERE, CustomerRole.ADMIN)
        await enters(kari, CLASS, ELSEWHERE)
        draft = {"title": "Utplassering", "customerId": ELSEWHERE, "groupId": CLASS}

        made = await kari.post("/v1/documents", draft, idempotency_key="u-1")
        again = await kari.post("/v1/documents", draft, idempotency_key="u-1")

        document = of(made)
        assert (made["role"], again["role"]) == ("editor", "editor")
        assert made.etag == again.etag == (await kari.get(document.path)).etag
        assert (await kari.patch(document.path, {"title": "Uke 1"}, if_match=made.etag)).status == 200
        assert (await kari.delete(document.path, if_match="*")).problem == (403, "forbidden")
        assert await sees(chief, document) == "owner"


class TestBroughtIn:
    async def test_by_import_belongs_where_it_is_wanted(self, api: Api) -> None:
        kari = await api.person("Kari")
        await joins(kari, SCHOOL)
        await enters(kari, CLASS, SCHOOL)

        made = await imported(kari, f"?groupId={CLASS}&customerId={SCHOOL}")

        assert (made["groupId"], made["customerId"], made.json.get("ownerId")) == (CLASS, SCHOOL, None)

    async def test_by_copying_is_personal_unless_wanted_elsewhere(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        for person in (kari, ola):
            await joins(person, SCHOOL)
            await enters(person, CLASS, SCHOOL)
        original = of(await kari.post("/v1/documents", {"title": "Oppgave", "groupId": CLASS}))
        file = await kept(kari, original, b"hei", "text/plain", "notat.txt")
        assert await storage.used(api.db, f"customer:{SCHOOL}") == 3

        personal = await ola.post(f"{original.path}/duplicate")
        shared = await ola.post(f"{original.path}/duplicate?groupId={CLASS}")

        assert (personal["ownerId"], personal["role"], personal.json.get("customerId")) == (ola.uid, "owner", None)
        assert (shared["groupId"], shared["customerId"], shared.json.get("ownerId")) == (CLASS, SCHOOL, None)
        assert [await sees(kari, of(copy)) for copy in (personal, shared)] == ["not_found", "viewer"]
        twins = [await _arrived(api, of(copy), file["id"]) for copy in (personal, shared)]
        assert [twin.holder for twin in twins] == [f"user:{ola.uid}", f"customer:{SCHOOL}"]
        assert {twin.uploader_id for twin in twins} == {ola.uid}
        assert await storage.used(api.db, f"customer:{SCHOOL}") == 6


async def _arrived(api: Api, document: Document, file_id: str) -> FileRecord:
    async def is_complete() -> bool:
        found = await api.db.get(documents.at(document.id))
        return found is not None and found.files_from is None

    await eventually(is_complete)
    found = await api.db.get(files.at(document.id, file_id))
    assert found
    return found
