"""Following a group: its documents go where it goes, and let go of it when it is no more, whatever comes between."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from accounts.memberships import CustomerRole
from accounts.records import GroupRecord, groups
from core import clock
from core.failures import Unavailable
from core.ids import random_id
from documents.authoring import following, triggers
from documents.records import DocumentRecord, Role, documents
from infra.local.machine_tokens import machine_token
from tests.documents.authoring.stored import a_stored_document, store
from tests.support.api import Answer, Api, Person, an_api
from tests.support.belonging import enters, joins
from tests.support.emulators import Emulators
from tests.support.faults import ABORTED, UNAVAILABLE, Bad, faulty

SCHOOL, FACTORY, CLASS = "skolen", "fabrikken", "klasse-8b"
OWNER, EDITOR, COMMENTER, VIEWER = Role.OWNER, Role.EDITOR, Role.COMMENTER, Role.VIEWER
HEAVY = ("readers", "shared_with", "tagged", "can_read")


async def is_in(api: Api, customer_id: str, *, deleted: bool = False) -> None:
    """Let the group be in this Customer, or have been."""
    group = GroupRecord(
        id=CLASS,
        customer_id=customer_id,
        name="8B",
        member_count=0,
        created_by=None,
        deleted=deleted,
        fingerprint="",
        created_at=clock.now(),
    )
    await api.db.commit(groups.put(group))


def of_the_class(maker: Person, customer_id: str = SCHOOL, **fields: Any) -> DocumentRecord:
    roles: dict[str, Role] = {
        f"admins:{customer_id}": OWNER,
        "member:i-kari": OWNER,
        f"helpers:{CLASS}": EDITOR,
        f"group:{CLASS}": VIEWER,
        "user:foresatt": COMMENTER,
    }
    given = {"owner_id": None, "customer_id": customer_id, "group_id": CLASS, "tags": ["natur"], "roles": roles}
    return a_stored_document(maker, "Gruppearbeid", "Tekst", **(given | fields))


async def follows(api: Api, group_id: str = CLASS) -> Answer:
    """Call the task as Cloud Tasks does."""
    settings, function = api.clients.settings, "authoring-tasks"
    token = machine_token(settings.account("tasks-invoker"), settings.address_of(function), clock.wall())
    path = f"/__local/functions/{function}/tasks/follow-group"
    return await api.post(path, {"groupId": group_id}, authorization=f"Bearer {token}")


async def delivered(api: Api, most: int) -> None:
    """Do as the task does, and again as long as others are quicker, as Cloud Tasks would."""
    while True:
        with suppress(Unavailable):
            await following.follow(api.db, CLASS, most)
            return


async def stored(api: Api, document: DocumentRecord) -> DocumentRecord:
    found = await api.db.get(documents.at(document.id), heavy=HEAVY)
    assert found
    return found


class TestAGroupThatMoved:
    async def test_takes_its_documents_along(self, api: Api) -> None:
        kari, rektor, chief = await api.people("Kari", "Rektor", "Sjef")
        await joins(rektor, SCHOOL, CustomerRole.ADMIN)
        await joins(chief, FACTORY, CustomerRole.ADMIN)
        end = clock.now()
        document = of_the_class(kari, expires={"user:foresatt": end}, next_expiry=end, offered_to="user:foresatt")
        await store(api.db, [document])
        await is_in(api, FACTORY)
        assert [(await one.get(f"/v1/documents/{document.id}")).status for one in (rektor, chief)] == [200, 404]
        before = await stored(api, document)

        assert (await follows(api)).json == {"followed": 1}

        found = await stored(api, document)
        assert (found.customer_id, found.group_id, found.owner_id) == (FACTORY, CLASS, None)
        assert found.roles == {
            f"admins:{FACTORY}": OWNER,
            "member:i-kari": EDITOR,
            f"helpers:{CLASS}": EDITOR,
            f"group:{CLASS}": VIEWER,
            "user:foresatt": COMMENTER,
        }
        assert found.readers == sorted(found.roles) == sorted(found.can_read)
        assert f"admins:{FACTORY}" not in found.shared_with and "member:i-kari" in found.shared_with
        assert (found.expires, found.next_expiry) == (before.expires, before.next_expiry)
        assert found.offered_to is None
        # Nothing was written in it, so it stays where it is in the order of change.
        assert (found.revision, found.updated_at) == (before.revision, before.updated_at)
        assert [(await one.get(f"/v1/documents/{document.id}")).status for one in (rektor, chief)] == [404, 200]
        assert await chief.listed(tag="natur") == await chief.listed(groupId=CLASS, q="gruppearbeid") == [document.id]
        assert await rektor.listed() == []

    async def test_leaves_alone_what_is_not_its_own_or_there_already(self, api: Api) -> None:
        kari = await api.person("Kari")
        shared = a_stored_document(kari, roles={f"user:{kari.uid}": OWNER, f"group:{CLASS}": VIEWER})
        personal = a_stored_document(kari, group_id=CLASS)
        others = of_the_class(kari, group_id="klasse-9a")
        there = of_the_class(kari, FACTORY)
        untouched = [shared, personal, others, there]
        await store(api.db, untouched)
        await is_in(api, FACTORY)
        before = [await stored(api, document) for document in untouched]

        assert (await follows(api)).json == {"followed": 0}

        after = [await stored(api, document) for document in untouched]
        assert after == before
        assert [one.version for one in after] == [one.version for one in before]

    async def test_takes_along_what_lies_in_the_trash_and_nothing_that_is_purged(self, api: Api) -> None:
        kari, rektor, chief = await api.people("Kari", "Rektor", "Sjef")
        await joins(rektor, SCHOOL, CustomerRole.ADMIN)
        await joins(chief, FACTORY, CustomerRole.ADMIN)
        trashed, purged = of_the_class(kari, trashed=True), of_the_class(kari, trashed=True)
        await store(api.db, [trashed, purged])
        assert (await rektor.post(f"/v1/documents/{purged.id}/purge")).status == 204
        await is_in(api, FACTORY)

        await follows(api)

        assert await chief.listed(trashed="true") == [trashed.id]
        assert await rektor.listed(trashed="true") == []


class TestAGroupThatIsNoMore:
    @pytest.mark.parametrize("deleted", [True, False])
    async def test_is_let_go_by_its_documents_and_by_what_was_shared_with_it(self, api: Api, *, deleted: bool) -> None:
        """Marked as deleted, or gone altogether."""
        kari, ola, rektor = await api.people("Kari", "Ola", "Rektor")
        await joins(rektor, SCHOOL, CustomerRole.ADMIN)
        await enters(ola, CLASS, SCHOOL)
        end = clock.now().replace(year=2099)
        its = of_the_class(kari, expires={f"group:{CLASS}": end, "user:foresatt": end}, next_expiry=end)
        roles = {f"user:{kari.uid}": OWNER, f"group:{CLASS}": VIEWER, f"helpers:{CLASS}": EDITOR}
        shared = a_stored_document(kari, "Delt", roles=roles, expires={f"group:{CLASS}": end}, next_expiry=end)
        kept = a_stored_document(kari, "Annen", roles={f"user:{kari.uid}": OWNER, f"group:{CLASS}b": VIEWER})
        await store(api.db, [its, shared, kept])
        if deleted:
            await is_in(api, SCHOOL, deleted=True)
        assert sorted(await ola.listed()) == sorted([its.id, shared.id])

        assert (await follows(api)).json == {"followed": 2}

        found = await stored(api, its)
        assert (found.group_id, found.customer_id) == (None, SCHOOL)
        assert found.roles == {f"admins:{SCHOOL}": OWNER, "member:i-kari": OWNER, "user:foresatt": COMMENTER}
        assert (found.expires, found.next_expiry) == ({"user:foresatt": end}, end)
        found = await stored(api, shared)
        assert (found.owner_id, found.roles, found.shared_with) == (kari.uid, {f"user:{kari.uid}": OWNER}, [])
        assert (found.expires, found.next_expiry) == ({}, None)
        assert (await stored(api, kept)).roles == kept.roles
        assert await ola.listed() == []
        assert await rektor.listed() == [its.id]


class TestTheWay:
    async def test_is_gone_in_parts_and_may_be_gone_again(self, api: Api) -> None:
        kari = await api.person("Kari")
        made = [of_the_class(kari) for _ in range(7)]
        await store(api.db, made)
        await is_in(api, FACTORY)

        assert [await following.follow(api.db, CLASS, 3) for _ in range(5)] == [3, 3, 1, 0, 0]

        assert {(await stored(api, document)).customer_id for document in made} == {FACTORY}
        api.wire.reset()
        assert (await follows(api)).json == {"followed": 0}
        assert api.wire.writes == 0

    async def test_goes_on_by_another_task_when_it_is_long(self, api: Api) -> None:
        kari = await api.person("Kari")
        made = [of_the_class(kari) for _ in range(triggers.MOST_FOLLOWING + 5)]
        await store(api.db, made)
        await is_in(api, FACTORY)

        assert (await follows(api)).json == {"followed": triggers.MOST_FOLLOWING}
        await api.tasks.idle(seconds=30)

        query = documents.under().where("group_id", "==", CLASS).where("customer_id", "==", FACTORY)
        assert await api.db.count(query) == len(made)

    async def test_is_the_same_wherever_it_was_cut_off(self, emulators: Emulators) -> None:
        async with faulty(emulators.firestore) as faults, an_api(emulators, firestore_emulator_host=faults.host) as api:
            kari = await api.person("Kari")
            made = [of_the_class(kari) for _ in range(4)]
            await store(api.db, made)
            await is_in(api, FACTORY)
            for fate in (UNAVAILABLE, ABORTED, Bad.REPLY_LOST):
                faults.plan("Commit", fate)
                await following.follow(api.db, CLASS, 1)
            running = asyncio.create_task(following.follow(api.db, CLASS, 1))
            faults.seen.clear()
            await faults.reached("Commit")
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

            await asyncio.gather(*(delivered(api, 100) for _ in range(3)))

            found = [await stored(api, document) for document in made]
            assert {one.customer_id for one in found} == {FACTORY}
            assert {tuple(sorted(one.roles.items())) for one in found} == {tuple(sorted(found[0].roles.items()))}
            assert found[0].roles["member:i-kari"] is EDITOR

    async def test_ends_where_the_group_is_however_often_it_moves(self, api: Api) -> None:
        """Each move brings a task, and they overtake each other."""
        kari = await api.person("Kari")
        made = [of_the_class(kari) for _ in range(30)]
        await store(api.db, made)
        running: list[asyncio.Task[None]] = []
        for customer_id in (FACTORY, SCHOOL, "lauget", SCHOOL, FACTORY, "lauget"):
            await is_in(api, customer_id)
            running += [asyncio.create_task(delivered(api, most)) for most in (10, 100)]
            await asyncio.sleep(0.005)

        await asyncio.gather(*running)

        found = [await stored(api, document) for document in made]
        assert {one.customer_id for one in found} == {"lauget"}
        assert {name for one in found for name in one.roles if name.startswith("admins:")} == {"admins:lauget"}

    async def test_yields_to_people_who_write_meanwhile(self, api: Api) -> None:
        kari = await api.person("Kari")
        await joins(kari, SCHOOL)
        await enters(kari, CLASS, SCHOOL)
        document = await kari.post("/v1/documents", {"title": "Felles", "groupId": CLASS})
        path = f"/v1/documents/{document['id']}"
        await is_in(api, FACTORY)

        async def writes() -> list[Answer]:
            return [await kari.patch(path, {"body": f"Linje {n}"}, if_match="*") for n in range(5)]

        answers, _ = await asyncio.gather(writes(), delivered(api, 100))

        assert {answer.status for answer in answers} == {200}
        assert ((await kari.get(path))["body"], (await kari.get(path))["customerId"]) == ("Linje 4", FACTORY)
        assert (await kari.get(path))["role"] == "editor"

    async def test_of_a_group_that_nobody_knows_is_none(self, api: Api) -> None:
        assert (await follows(api, random_id())).json == {"followed": 0}
