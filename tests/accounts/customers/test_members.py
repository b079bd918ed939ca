"""Members of a Customer: who sees them, who changes their roles, and how a membership ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from accounts.customers import departures
from accounts.customers.departures import UNTOUCHED
from accounts.customers.records import departures as marks
from accounts.memberships import HEAVY, Belonging, GroupRole, Place
from accounts.profiles.records import profiles
from accounts.records import groups, participants
from core import clock
from tests.support.api import Answer, Api, Person, an_api
from tests.support.belonging import enters, told
from tests.support.customers import Customer, a_customer, a_group
from tests.support.emulators import Emulators

ROLES: tuple[str, ...] = ("member", "helper", "admin", "owner")


async def a_school(api: Api) -> tuple[Customer, dict[str, Person]]:
    """A school with somebody of each role, by role."""
    people = dict(zip(ROLES, await api.people("Mia", "Hans", "Anne", "Odd"), strict=True))
    school = await a_customer(people["owner"])
    for role in ROLES[:3]:
        await school.takes(people[role], role=role)
    return school, people


async def gives(who: Person, school: Customer, to: Person, role: str) -> Answer:
    return await who.patch(f"{school.path}/members/{to.uid}", {"role": role})


async def belonging(person: Person) -> Belonging:
    found = await person.api.db.get(profiles.at(person.uid), heavy=HEAVY)
    assert found
    return Belonging.of(found)


class TestList:
    async def test_is_for_helpers_and_up(self, api: Api) -> None:
        school, people = await a_school(api)
        stranger = await api.person("Mallory")
        path = f"{school.path}/members"
        assert (await stranger.get(path)).problem == (404, "not_found")
        assert (await people["member"].get(path)).problem == (403, "forbidden")
        assert (await people["member"].get(f"{path}/{people['owner'].uid}")).problem == (403, "forbidden")
        assert (await people["member"].get(f"{path}/{people['member'].uid}"))["role"] == "member"
        assert (await people["helper"].get(f"{path}/{stranger.uid}")).problem == (404, "not_found")

        found = (await people["helper"].get(path))["items"]

        assert [(one["uid"], one["name"], one["role"]) for one in found] == [
            (people[role].uid, people[role].name, role) for role in ("admin", "helper", "member", "owner")
        ]
        assert await people["helper"].listed(path, "uid", pageSize=1) == [one["uid"] for one in found]
        assert await people["helper"].listed(path, "uid", role="admin") == [people["admin"].uid]
        assert (await people["helper"].get(f"{path}?role=boss")).problem == (422, "validation_failed")


class TestRoles:
    @pytest.mark.promise("P37")
    async def test_are_given_as_the_table_says(self, api: Api) -> None:
        """Everybody tries to give everybody every role; what comes of it is said here once, by another rule."""
        school, people = await a_school(api)
        rank: Callable[[str], int] = ROLES.index

        def allowed(by: str, held: str, wanted: str) -> bool:
            return by == "owner" or (by == "admin" and "owner" not in (held, wanted))

        for by in ROLES:
            for held in ROLES:
                for wanted in ROLES:
                    last = (held, by) == ("owner", "owner") and wanted != "owner"
                    if not allowed(by, held, wanted):
                        answer = await gives(people[by], school, people[held], wanted)
                        assert answer.problem == (403, "forbidden"), (by, held, wanted)
                    elif last:
                        answer = await gives(people[by], school, people[held], wanted)
                        assert answer.problem == (409, "conflict")
                    elif held == by and rank(wanted) < rank(held):
                        continue  # they would be somebody else for the rest of the table
                    else:
                        assert (await gives(people[by], school, people[held], wanted))["role"] == wanted
                        await gives(people["owner"], school, people[held], held)
        assert await school.roster() == {people[role].uid: role for role in ROLES}

    async def test_open_and_close_doors_with_the_next_request(self, api: Api) -> None:
        school, people = await a_school(api)
        before = (await belonging(people["member"])).memberships[school.id]
        assert (await gives(people["admin"], school, people["member"], "admin"))["role"] == "admin"
        after = (await belonging(people["member"])).memberships[school.id]
        assert after.id == before.id
        assert (await people["member"].get(f"{school.path}/invitations")).status == 200
        await gives(people["admin"], school, people["member"], "member")
        assert (await people["member"].get(f"{school.path}/invitations")).problem == (403, "forbidden")
        principals = (await belonging(people["member"])).principals(people["member"].uid)
        assert f"admins:{school.id}" not in principals

    async def test_are_no_business_of_others_admins(self, api: Api) -> None:
        school, people = await a_school(api)
        other = await a_customer(await api.person("Rival"))
        assert (await gives(other.owner, school, people["member"], "owner")).problem == (404, "not_found")
        path = f"{other.path}/members/{people['member'].uid}"
        assert (await other.owner.patch(path, {"role": "owner"})).problem == (404, "not_found")

    @pytest.mark.parametrize("body", [{"role": "boss"}, {}, {"role": "admin", "uid": "x"}, {"role": None}])
    async def test_are_four(self, api: Api, body: dict[str, str]) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari)
        answer = await kari.patch(f"{school.path}/members/{kari.uid}", body)
        assert answer.problem == (422, "validation_failed")

    async def test_leave_an_individual_with_one_owner(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        own = await a_customer(kari, kind="individual")
        assert (await own.invites("ola@example.com", role="owner")).problem == (403, "forbidden")
        await own.takes(ola)
        assert (await gives(kari, own, ola, "owner")).problem == (409, "conflict")


class TestLeaving:
    async def test_is_for_oneself_and_for_admins(self, api: Api) -> None:
        school, people = await a_school(api)
        stranger = await api.person("Mallory")
        path = f"{school.path}/members"
        assert (await stranger.delete(f"{path}/{people['member'].uid}")).problem == (404, "not_found")
        for role in ("member", "helper"):
            assert (await people[role].delete(f"{path}/{people['admin'].uid}")).problem == (403, "forbidden")
        assert (await people["admin"].delete(f"{path}/{people['owner'].uid}")).problem == (403, "forbidden")
        assert (await people["admin"].delete(f"{path}/{stranger.uid}")).problem == (404, "not_found")
        assert await school.roster() == {people[role].uid: role for role in ROLES}
        assert (await people["owner"].delete(f"{path}/{people['owner'].uid}")).problem == (409, "conflict")

        assert (await people["admin"].delete(f"{path}/{people['helper'].uid}")).status == 204
        assert (await people["member"].delete(f"{path}/{people['member'].uid}")).status == 204

        assert set(await school.roster()) == {people["admin"].uid, people["owner"].uid}
        assert (await school.stored()).seats_taken == 2
        removed = [
            (notice.uid, notice.actor_id, notice.about) for notice in await told(api) if notice.kind == "removed"
        ]
        assert removed == [(people["helper"].uid, people["admin"].uid, {"customerId": school.id})]

    @pytest.mark.promise("P35")
    async def test_ends_access_at_once_and_for_good(self, api: Api) -> None:
        school, people = await a_school(api)
        mia = people["member"]
        await enters(mia, "7b", school.id)
        await enters(mia, "koret", "kulturskolen")
        own = await mia.writes("Min egen")
        before = (await belonging(mia)).memberships[school.id].id

        assert (await people["admin"].delete(f"{school.path}/members/{mia.uid}")).status == 204

        assert (await mia.get(school.path)).problem == (404, "not_found")
        assert (await mia.delete(f"{school.path}/members/{mia.uid}")).problem == (404, "not_found")
        assert (await belonging(mia)).principals(mia.uid) == [f"user:{mia.uid}", "group:koret"]
        assert (await mia.get(own.path)).status == 200

        await school.takes(mia)
        after = await belonging(mia)
        assert after.memberships[school.id].id != before and list(after.groups) == ["koret"]

    async def test_is_one_commit_of_few_writes_in_a_thousand_groups(self, api: Api) -> None:
        school, people = await a_school(api)
        mia = people["member"]
        profile = await api.db.get(profiles.at(mia.uid), heavy=HEAVY)
        assert profile
        held = Belonging.of(profile)
        for number in range(1_000):
            held = held.entering(f"gruppe-{number}", Place(customer_id=school.id, role=GroupRole.MEMBER))
        await api.db.commit(profiles.update(profile, **held.fields(mia.uid)))
        api.wire.reset()
        assert (await people["admin"].delete(f"{school.path}/members/{mia.uid}")).status == 204
        assert api.wire.rpcs.count("Commit") >= 1 and api.wire.writes <= 8
        assert (await belonging(mia)).groups == {}

    async def test_keeps_an_owner_when_all_leave_at_once(self, api: Api) -> None:
        people = await api.people("Kari", "Ola", "Sara", "Per")
        school = await a_customer(people[0])
        await school.takes(*people[1:], role="owner")
        answers = await asyncio.gather(*(one.delete(f"{school.path}/members/{one.uid}") for one in people))
        assert sorted(answer.status for answer in answers) == [204, 204, 204, 409]
        customer = await school.stored()
        assert (len(customer.owners), customer.seats_taken) == (1, 1)
        assert await school.roster() == {customer.owners[0]: "owner"}

    async def test_keeps_an_owner_when_two_unmake_each_other(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        await school.takes(ola, role="owner")
        answers = await asyncio.gather(gives(kari, school, ola, "member"), gives(ola, school, kari, "member"))
        assert sorted(answer.status for answer in answers) in ([200, 403], [200, 409])
        customer = await school.stored()
        assert [uid for uid, role in (await school.roster()).items() if role == "owner"] == customer.owners

    async def test_of_thirty_at_once_gives_back_thirty_seats(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari, seats=40)
        class_ = await api.people(*(f"Elev{number}" for number in range(12)))
        await school.takes(*class_)
        answers = await asyncio.gather(*(kari.delete(f"{school.path}/members/{one.uid}") for one in class_))
        assert {answer.status for answer in answers} == {204}
        assert (await school.stored()).seats_taken == 1


class TestDepartures:
    async def test_are_found_again_when_their_task_was_lost(self, emulators: Emulators) -> None:
        async with an_api(emulators, tasks_emulator_host="127.0.0.1:1") as api:
            kari, ola = await api.people("Kari", "Ola")
            school = await a_customer(kari)
            group_id = await a_group(school)
            await school.takes(ola, group_ids=(group_id,))
            membership = (await belonging(ola)).memberships[school.id].id

            assert (await ola.delete(f"{school.path}/members/{ola.uid}")).status == 204

            (mark,) = await api.db.query(marks.under())
            assert mark.membership_id == membership
            assert (await api.db.get(participants.at(group_id, ola.uid))) is not None
            assert await departures.sweep(api.db, api.clients.tasks, clock.now()) == (0, 0)
            with pytest.raises(Exception, match="does not answer"):
                await departures.sweep(api.db, api.clients.tasks, clock.now() + UNTOUCHED)

            mended = await api.db.get(groups.at(group_id))
            assert mended
            shorter = groups.update(mended, name="7C", member_count=mended.member_count - 1)
            await api.db.commit(shorter, participants.remove(participants.at(group_id, ola.uid)))
            api.advance(hours=2)
            assert (await api.runs("sweep-departures", "customers-schedules")).json == {"again": 0, "done": 1}
            assert await api.db.query(marks.under()) == []
