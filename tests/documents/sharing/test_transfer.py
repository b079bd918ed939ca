"""Passing a document on: offered, and then accepted; to a person, into a Customer and out of it."""

import asyncio
from collections import Counter

import pytest

from accounts.memberships import CustomerRole
from core.services.outbox import NoticeKind
from documents.records import Role
from tests.documents.authoring.stored import a_stored_document, store
from tests.documents.sharing.stage import a_customer, accepts, classmates, invitation_of, shares, stored
from tests.support.api import Answer, Api, Document, Person
from tests.support.belonging import joins, told


async def offers(giver: Person, document: Document, to: Person | str) -> Answer:
    principal = f"user:{to.uid}" if isinstance(to, Person) else to
    return await giver.post(f"{document.path}/transfer", {"principal": principal})


async def takes(person: Person, document: Document) -> Answer:
    return await person.post(f"{document.path}/transfer/accept")


class TestOffer:
    @pytest.mark.promise("P43")
    async def test_opens_nothing_and_is_seen_by_its_two_sides(self, api: Api) -> None:
        kari, ola, sara = await classmates(api, "Kari", "Ola", "Sara")
        document = await kari.writes("Tur")
        await shares(kari, document, sara, "editor")

        offer = await offers(kari, document, ola)

        assert (offer["principal"], offer["name"]) == (f"user:{ola.uid}", "Ola")
        assert (await ola.get(document.path)).problem == (404, "not_found")
        assert (await ola.get(f"{document.path}/shares")).problem == (404, "not_found")
        assert await ola.listed() == []
        assert {"Tur"} & {str(value) for value in (await ola.get(f"{document.path}/transfer")).json.values()} == set()
        assert (await kari.get(f"{document.path}/transfer")).json == offer.json
        assert (await sara.get(f"{document.path}/transfer")).problem == (403, "forbidden")
        assert (await takes(sara, document)).problem == (404, "not_found")
        assert (await sara.delete(f"{document.path}/transfer")).problem == (403, "forbidden")
        *_, notice = await told(api)
        assert (notice.kind, notice.uid, notice.actor_id) == (NoticeKind.OWNERSHIP_OFFERED, ola.uid, kari.uid)

    async def test_is_the_owners_to_make(self, api: Api) -> None:
        kari, ola, mallory = await api.people("Kari", "Ola", "Mallory")
        for person in (kari, ola):
            await joins(person, "skolen")
        document = await kari.writes("Tur")
        await shares(kari, document, ola, "editor")

        assert (await offers(ola, document, ola)).problem == (403, "forbidden")
        for to in (kari, mallory, "user:nobody", "customer:en-annen"):
            answer = await offers(kari, document, to)
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/principal"])
        assert (await offers(kari, document, "group:klasse-8b")).problem == (422, "validation_failed")

    async def test_stands_alone_until_it_is_withdrawn_declined_or_over(self, api: Api) -> None:
        kari, ola, sara = await classmates(api, "Kari", "Ola", "Sara")
        document = await kari.writes("Tur")
        path = f"{document.path}/transfer"
        assert (await kari.delete(path)).problem == (await kari.get(path)).problem == (404, "not_found")

        await offers(kari, document, ola)
        assert (await offers(kari, document, ola)).status == 200
        await offers(kari, document, sara)
        assert (await takes(ola, document)).problem == (404, "not_found")
        assert (await sara.delete(path)).status == 204
        assert (await takes(sara, document)).problem == (404, "not_found")
        await offers(kari, document, ola)
        assert (await kari.delete(path)).status == 204
        assert (await takes(ola, document)).problem == (404, "not_found")
        await offers(kari, document, ola)
        await kari.delete(document.path, if_match="*")
        assert (await takes(ola, document)).problem == (404, "not_found")
        await kari.post(f"{document.path}/restore")
        api.advance(days=14)
        assert (await takes(ola, document)).problem == (404, "not_found")
        assert (await kari.get(document.path))["ownerId"] == kari.uid
        assert len(await told(api)) == 4


class TestAccept:
    @pytest.mark.promise("P43")
    async def test_makes_a_person_the_owner_and_the_former_one_an_editor(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Tur")
        assert (await offers(kari, document, ola)).problem == (422, "validation_failed")
        await kari.post(f"{document.path}/shares", {"email": "ola@a.no", "role": "editor"})
        await accepts(ola, await invitation_of(api, document))
        # They share no group, but who can read a document by name is known to those who share it.
        assert (await shares(kari, document, ola)).status == 201
        assert (await offers(kari, document, ola)).status == 200

        answer = await takes(ola, document)

        assert answer.json == {"id": document.id, "title": "Tur", "ownerId": ola.uid, "role": "owner"}
        assert ((await ola.get(document.path))["role"], (await kari.get(document.path))["role"]) == ("owner", "editor")
        found = await stored(api, document)
        assert found.roles == {f"user:{ola.uid}": Role.OWNER, f"user:{kari.uid}": Role.EDITOR}
        assert (found.revision, found.offered_to, found.offered_at) == (1, None, None)
        (share,) = (await ola.get(f"{document.path}/shares"))["items"]
        assert (share["name"], share["grantedBy"]) == ("Kari", ola.uid)
        assert await ola.listed(owner=ola.uid) == await kari.listed(sharedWithMe="true") == [document.id]
        *_, notice = await told(api)
        assert (notice.kind, notice.uid) == (NoticeKind.OWNERSHIP_ACCEPTED, kari.uid)
        assert (await kari.delete(document.path, if_match="*")).problem == (403, "forbidden")

    async def test_goes_round_in_circles_as_often_as_people_want(self, api: Api) -> None:
        people = await classmates(api, "Kari", "Ola", "Sara")
        document = await people[0].writes("Tur")
        for giver, taker in zip(people, [*people[1:], people[0]], strict=True):
            await offers(giver, document, taker)
            assert (await takes(taker, document))["ownerId"] == taker.uid
        roles = (await stored(api, document)).roles
        assert roles == {f"user:{one.uid}": Role.OWNER if one is people[0] else Role.EDITOR for one in people}

    async def test_twice_at_once_or_as_it_is_withdrawn_has_one_outcome(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document, other = await kari.writes("Tur"), await kari.writes("Enda en")
        for one in (document, other):
            await offers(kari, one, ola)

        twice = await asyncio.gather(*(takes(ola, document) for _ in range(4)))
        taken, withdrawn = await asyncio.gather(takes(ola, other), kari.delete(f"{other.path}/transfer"))

        assert Counter(answer.status for answer in twice) == {200: 1, 404: 3}
        owner = (await stored(api, other)).owner_id
        assert (taken.status, withdrawn.status, owner) in {(200, 403, ola.uid), (404, 204, kari.uid)}


class TestOfACustomer:
    async def test_takes_a_members_document_which_stays_theirs_to_own(self, api: Api) -> None:
        kari, rektor, per = await api.people("Kari", "Rektor", "Per")
        membership = await joins(kari, "skolen")
        await joins(rektor, "skolen", CustomerRole.ADMIN)
        await joins(per, "skolen")
        await a_customer(api, "skolen", rektor, name="Ås skole")
        document = await kari.writes("Tur")

        offer = await offers(kari, document, "customer:skolen")
        assert offer["name"] == "Ås skole"
        assert (await takes(per, document)).problem == (404, "not_found")
        answer = await takes(rektor, document)

        assert answer.json == {"id": document.id, "title": "Tur", "customerId": "skolen", "role": "owner"}
        found = await stored(api, document)
        assert found.roles == {"admins:skolen": Role.OWNER, f"member:{membership}": Role.OWNER}
        assert (found.owner_id, found.customer_id) == (None, "skolen")
        assert (await kari.get(document.path))["role"] == "owner"
        assert [(one.kind, one.uid) for one in await told(api)] == [
            (NoticeKind.OWNERSHIP_OFFERED, rektor.uid),
            (NoticeKind.OWNERSHIP_ACCEPTED, kari.uid),
        ]

    async def test_is_brought_a_document_by_its_owner_alone_in_two_steps(self, api: Api) -> None:
        kari = await api.person("Kari")
        await joins(kari, "skolen")
        document = await kari.writes("Tur")
        await offers(kari, document, "customer:skolen")
        assert (await stored(api, document)).customer_id is None
        assert (await takes(kari, document))["customerId"] == "skolen"

    async def test_gives_a_document_away_by_its_admins_not_by_its_maker(self, api: Api) -> None:
        kari, rektor = await api.people("Kari", "Rektor")
        membership = await joins(kari, "skolen")
        await joins(rektor, "skolen", CustomerRole.OWNER)
        await a_customer(api, "skolen", rektor)
        roles = {"admins:skolen": Role.OWNER, f"member:{membership}": Role.OWNER, "group:klasse-8b": Role.VIEWER}
        owned = {"owner_id": None, "customer_id": "skolen", "group_id": "klasse-8b"}
        made = a_stored_document(kari, "Arbeid", roles=roles, **owned)
        await store(api.db, [made])
        document = Document(made.id, "")

        assert (await offers(kari, document, kari)).problem == (403, "forbidden")
        assert (await offers(rektor, document, kari)).status == 200
        assert (await takes(kari, document))["ownerId"] == kari.uid

        found = await stored(api, document)
        assert (found.customer_id, found.group_id) == (None, None)
        assert found.roles == {
            f"user:{kari.uid}": Role.OWNER,
            "admins:skolen": Role.EDITOR,
            "group:klasse-8b": Role.VIEWER,
        }
        assert (await rektor.get(document.path))["role"] == "editor"
        *_, notice = await told(api)
        assert (notice.kind, notice.uid) == (NoticeKind.OWNERSHIP_ACCEPTED, rektor.uid)
        assert {one.get("name") for one in (await kari.get(f"{document.path}/shares"))["items"]} == {"Skolen", None}
