"""Transfer: a group changes hands in one commit, and its people and documents follow, whatever comes in between."""

from __future__ import annotations

import asyncio

import pytest

from accounts import rosters
from accounts.groups import upkeep
from accounts.memberships import Belonging, CustomerRole, GroupRole, Place
from accounts.profiles.records import profiles
from accounts.records import individual_id
from core import clock
from core.services.outbox import NoticeKind
from tests.accounts.groups.conftest import (
    LIBRARY,
    SCHOOL,
    Class,
    a_class,
    a_customer,
    asked,
    crowd,
    group_of,
    in_step,
    profile_of,
    roster,
    task,
)
from tests.support.api import Api, an_api
from tests.support.belonging import joins, leaves, told
from tests.support.emulators import Emulators

OTHERS = f"/v1/customers/{LIBRARY}/groups"


async def settles(api: Api, room: Class) -> None:
    """Let the time pass after which nothing of before the transfer can come any more."""
    api.advance(minutes=3)
    await task(api, "move-group", {"groupId": room.id})


async def moved_at_once(room: Class, to: str = LIBRARY) -> None:
    """Anne, who decides on both sides, gives the group away."""
    await joins(room.anne, to, CustomerRole.ADMIN)
    answer = await room.anne.post(f"{room.path}/transfer", {"customerId": to})
    assert (answer.status, answer["state"], answer["customerId"]) == (202, "moving", to)


class TestOffering:
    @pytest.mark.promise("P38")
    async def test_is_for_those_who_decide_for_the_customer(self, api: Api) -> None:
        room = await a_class(api)
        mallory = await api.person("Mallory")
        await joins(mallory, LIBRARY, CustomerRole.OWNER)
        body = {"customerId": LIBRARY}
        assert (await mallory.post(f"{room.path}/transfer", body)).problem == (404, "not_found")
        for person in (room.tor, room.kari):
            assert (await person.post(f"{room.path}/transfer", body)).problem == (403, "forbidden")
            assert (await person.delete(f"{room.path}/transfer")).problem == (403, "forbidden")
        assert (await room.anne.delete(f"{room.path}/transfer")).problem == (404, "not_found")
        assert (await mallory.post(f"{room.at(LIBRARY)}/transfer/accept")).problem == (404, "not_found")
        assert (await room.anne.post(f"{room.path}/transfer", {"customerId": SCHOOL})).problem == (409, "conflict")
        for wrong in ({}, {"customerId": LIBRARY, "ownerId": "kari"}, {"customerId": None}, {"customerId": "a/b"}):
            assert (await room.anne.post(f"{room.path}/transfer", wrong)).problem == (422, "validation_failed"), wrong
        assert await told(api) == []
        assert (await group_of(api, room.id)).revision == 1

    async def test_tells_the_owners_and_looks_the_same_where_there_are_none(self, api: Api) -> None:
        room = await a_class(api)
        leif = await api.person("Leif")
        await a_customer(api, LIBRARY, leif)

        there = await room.anne.post(f"{room.path}/transfer", {"customerId": LIBRARY})
        again = await room.anne.post(f"{room.path}/transfer", {"customerId": LIBRARY})
        nowhere = await room.anne.post(f"{room.path}/transfer", {"customerId": "finnes-ikke"})

        assert [(one.status, one["state"]) for one in (there, again, nowhere)] == [(202, "offered")] * 3
        assert there.json.keys() == nowhere.json.keys()
        assert again.etag == there.etag
        assert [(note.kind, note.uid, note.actor_id) for note in await told(api)] == [
            (NoticeKind.GROUP_OFFERED, leif.uid, room.anne.uid)
        ]
        assert "offeredTo" not in (await room.tor.get(room.path)).json
        assert (await room.anne.get(room.path))["offeredTo"] == "finnes-ikke"
        # The later offer has taken the place of the earlier one.
        assert await leif.listed(OTHERS, offered="true") == []
        assert (await leif.post(f"{room.at(LIBRARY)}/transfer/accept")).problem == (404, "not_found")

    async def test_is_seen_taken_and_declined_by_those_who_decide_there(self, api: Api) -> None:
        room = await a_class(api)
        leif, lise = await api.people("Leif", "Lise")
        await joins(leif, LIBRARY, CustomerRole.OWNER)
        await joins(lise, LIBRARY, CustomerRole.HELPER)
        await room.anne.post(f"{room.path}/transfer", {"customerId": LIBRARY})

        assert (await lise.get(f"{OTHERS}?offered=true")).problem == (403, "forbidden")
        for call in (lise.get(room.at(LIBRARY)), lise.post(f"{room.at(LIBRARY)}/transfer/accept")):
            assert (await call).problem == (404, "not_found")
        assert (await leif.get(f"{room.at(LIBRARY)}/members")).problem == (404, "not_found")
        assert await leif.listed(OTHERS, offered="true") == [room.id]
        assert (await leif.get(room.at(LIBRARY)))["offeredTo"] == LIBRARY
        assert (await leif.delete(f"{room.at(LIBRARY)}/transfer")).status == 204
        assert await leif.listed(OTHERS, offered="true") == []
        assert "offeredTo" not in (await room.anne.get(room.path)).json

        await room.anne.post(f"{room.path}/transfer", {"customerId": LIBRARY})
        assert (await room.anne.delete(f"{room.path}/transfer")).status == 204
        assert (await leif.post(f"{room.at(LIBRARY)}/transfer/accept")).problem == (404, "not_found")

    async def test_is_over_after_seven_days(self, api: Api) -> None:
        room = await a_class(api)
        leif = await api.person("Leif")
        await joins(leif, LIBRARY, CustomerRole.OWNER)
        await room.anne.post(f"{room.path}/transfer", {"customerId": LIBRARY})
        api.advance(days=6, hours=23)
        assert await leif.listed(OTHERS, offered="true") == [room.id]
        api.advance(hours=2)

        assert await leif.listed(OTHERS, offered="true") == []
        assert (await leif.post(f"{room.at(LIBRARY)}/transfer/accept")).problem == (404, "not_found")
        swept = [(await api.runs("sweep-groups", "groups-schedules"))["expired"] for _ in range(2)]
        assert swept == [1, 0]
        assert (await group_of(api, room.id)).offered_to is None

    async def test_is_not_done_all_day(self, api: Api) -> None:
        room = await a_class(api)
        for number in range(50):
            answer = await room.anne.post(f"{room.path}/transfer", {"customerId": f"c{number}"})
            assert answer.status == 202
        answer = await room.anne.post(f"{room.path}/transfer", {"customerId": "en-til"})
        assert answer.problem == (429, "rate_limited")
        assert int(answer.response.headers["retry-after"]) > 0


class TestAccepting:
    @pytest.mark.promise("P38")
    async def test_by_two_at_once_takes_the_group_once(self, api: Api) -> None:
        room = await a_class(api)
        leif, lars = await api.people("Leif", "Lars")
        for person in (leif, lars):
            await joins(person, LIBRARY, CustomerRole.ADMIN)
        await room.anne.post(f"{room.path}/transfer", {"customerId": LIBRARY})
        before = (await group_of(api, room.id)).revision

        answers = await asyncio.gather(*(one.post(f"{room.at(LIBRARY)}/transfer/accept") for one in (leif, lars, leif)))

        assert [(one.status, one["state"], one["customerId"]) for one in answers] == [(202, "moving", LIBRARY)] * 3
        assert (await group_of(api, room.id)).revision == before + 1
        await api.tasks.idle()
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid])

    @pytest.mark.promise("P38")
    async def test_lets_people_keep_the_group_and_makes_them_no_members(self, api: Api) -> None:
        room = await a_class(api)
        leif = await api.person("Leif")
        await joins(leif, LIBRARY, CustomerRole.ADMIN)
        await joins(room.ola, LIBRARY)
        await room.anne.post(f"{room.path}/transfer", {"customerId": LIBRARY})
        await leif.post(f"{room.at(LIBRARY)}/transfer/accept")
        await api.tasks.idle()

        assert (await room.kari.get(room.path)).problem == (404, "not_found")
        assert (await room.kari.get(room.at(LIBRARY)))["role"] == "member"
        assert await room.kari.listed("/v1/me/groups", key="customerId") == [LIBRARY]
        assert LIBRARY not in (await profile_of(api, room.kari.uid)).memberships
        assert (await room.anne.get(room.path)).problem == (404, "not_found")
        assert await leif.listed(OTHERS) == [room.id]
        lines = await roster(api, room.id)
        assert lines[room.kari.uid].membership_id is None
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid])
        # Leaving the school takes nothing of it, leaving the library does.
        await leaves(room.kari, SCHOOL)
        await leaves(room.ola, LIBRARY)
        assert (await room.kari.get(room.at(LIBRARY))).status == 200
        assert (await room.ola.get(room.at(LIBRARY))).problem == (404, "not_found")

    @pytest.mark.usefixtures("queues_at_rest")
    async def test_lets_the_documents_follow_and_then_rests(self, api: Api) -> None:
        room = await a_class(api)
        await moved_at_once(room)
        assert (await task(api, "move-group", {"groupId": room.id}))["changed"] == 3
        assert (asked(api, "follow-group"), asked(api, "move-group")) == (1, 2)
        arrived = await group_of(api, room.id)
        assert arrived.moving_from is None and arrived.moved_at

        await settles(api, room)

        rested = await group_of(api, room.id)
        assert (rested.customer_id, rested.moving_from, rested.moved_at) == (LIBRARY, None, None)
        assert asked(api, "follow-group") == 2
        assert (await task(api, "move-group", {"groupId": room.id}))["changed"] == 0

    @pytest.mark.usefixtures("queues_at_rest")
    async def test_waits_for_the_move_before(self, api: Api) -> None:
        """So that a group can go round in a circle, one step after the other."""
        room = await a_class(api)
        await moved_at_once(room)
        back = {"customerId": SCHOOL}
        assert (await room.anne.post(f"{room.at(LIBRARY)}/transfer", back)).problem == (409, "conflict")
        await task(api, "move-group", {"groupId": room.id})

        assert (await room.anne.post(f"{room.at(LIBRARY)}/transfer", back))["state"] == "moving"
        await asyncio.gather(*(task(api, "move-group", {"groupId": room.id}) for _ in range(3)))
        await settles(api, room)
        assert (await group_of(api, room.id)).moved_at is None
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid])

    async def test_by_a_person_puts_it_into_their_own_customer(self, api: Api) -> None:
        room = await a_class(api)
        own = individual_id(api.clients.settings.key, room.tor.uid)
        await a_customer(api, own, room.tor)
        answer = await room.anne.post(f"{room.path}/transfer", {"ownerId": room.tor.uid})
        assert (answer["state"], answer["offeredTo"]) == ("offered", own)
        assert [note.uid for note in await told(api)] == [room.tor.uid]

        assert (await room.tor.post(f"{room.at(own)}/transfer/accept"))["customerId"] == own
        await api.tasks.idle()
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid])
        assert (await room.tor.patch(room.at(own), {"name": "Mitt turlag"}, if_match="*")).status == 200


@pytest.mark.usefixtures("queues_at_rest")
class TestInTheMiddleOfAMove:
    """The group has changed hands, and the task that tells its people has not run yet, or only half."""

    async def test_who_leaves_the_old_customer_has_left_the_group(self, api: Api) -> None:
        """Their place was still the school's, so the one commit that removed them took it, and it stays taken."""
        room = await a_class(api)
        membership_id = (await roster(api, room.id))[room.kari.uid].membership_id
        await moved_at_once(room)
        await leaves(room.kari, SCHOOL)
        assert (await room.kari.get(room.at(LIBRARY))).problem == (404, "not_found")

        deliveries = [task(api, "tidy-membership", {"membershipId": str(membership_id)}) for _ in range(2)]
        answers = await asyncio.gather(task(api, "move-group", {"groupId": room.id}), *deliveries)

        assert {answer.status for answer in answers} == {200}
        await in_step(api, room.id, [room.tor.uid, room.ola.uid])
        assert await room.ola.listed(f"{room.at(LIBRARY)}/members", key="uid") == [room.ola.uid, room.tor.uid]

    async def test_who_leaves_the_old_customer_after_their_turn_keeps_the_group(self, api: Api) -> None:
        room = await a_class(api)
        membership_id = (await roster(api, room.id))[room.kari.uid].membership_id
        await moved_at_once(room)
        await task(api, "move-group", {"groupId": room.id})
        await leaves(room.kari, SCHOOL)
        assert (await task(api, "tidy-membership", {"membershipId": str(membership_id)}))["changed"] == 0

        await settles(api, room)

        assert (await room.kari.get(room.at(LIBRARY)))["role"] == "member"
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid])

    @pytest.mark.parametrize("before_their_turn", [True, False])
    async def test_who_leaves_the_new_customer(self, api: Api, *, before_their_turn: bool) -> None:
        """Before their turn they have the group from the school, and keep it; after it they have it by the library."""
        room = await a_class(api)
        membership_id = await joins(room.kari, LIBRARY)
        await moved_at_once(room)
        if before_their_turn:
            await leaves(room.kari, LIBRARY)
        await task(api, "move-group", {"groupId": room.id})
        if not before_their_turn:
            assert (await roster(api, room.id))[room.kari.uid].membership_id == membership_id
            await leaves(room.kari, LIBRARY)
        for _ in range(2):
            await task(api, "tidy-membership", {"membershipId": membership_id})
        await settles(api, room)

        there = [room.kari.uid] if before_their_turn else []
        assert (await room.kari.get(room.at(LIBRARY))).status == (200 if there else 404)
        await in_step(api, room.id, [room.tor.uid, room.ola.uid, *there])

    async def test_who_is_put_in_is_put_into_the_new_customers_group(self, api: Api) -> None:
        room = await a_class(api)
        sara, lise = await api.people("Sara", "Lise")
        await joins(sara, SCHOOL)
        await joins(lise, LIBRARY)
        await moved_at_once(room)

        members = f"{room.at(LIBRARY)}/members"
        assert (await room.tor.put(f"{members}/{sara.uid}", {"role": "member"})).problem == (404, "not_found")
        assert (await room.tor.put(f"{members}/{lise.uid}", {"role": "member"})).status == 200
        assert (await room.tor.put(f"{members}/{room.ola.uid}", {"role": "helper"})).problem == (404, "not_found")
        await settles(api, room)
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid, lise.uid])

    async def test_a_task_that_is_killed_half_way_and_comes_again_finishes(self, api: Api) -> None:
        room = await a_class(api)
        many = await crowd(api, room.id, SCHOOL, 120)
        await moved_at_once(room)
        api.wire.reset()

        clients = api.clients
        running = asyncio.create_task(upkeep.move(api.db, clients.tasks, room.id, clock.now()))
        while api.wire.rpcs.count("Commit") < 3:  # noqa: ASYNC110  the wire has no event to wait for
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        behind = [uid for uid in many if (await profile_of(api, uid)).groups[room.id].customer_id == SCHOOL]
        assert 0 < len(behind) < 120
        assert (await group_of(api, room.id)).moving_from == SCHOOL

        await asyncio.gather(*(task(api, "move-group", {"groupId": room.id}) for _ in range(2)))
        assert (await group_of(api, room.id)).moving_from is None
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid, *many])

    async def test_a_request_of_before_that_commits_after_it_is_put_right(self, api: Api) -> None:
        """Somebody was let in by the school, and the commit of that was so slow that the group had arrived before."""
        room = await a_class(api)
        sara = await api.person("Sara")
        membership_id = await joins(sara, SCHOOL)
        await moved_at_once(room)
        await task(api, "move-group", {"groupId": room.id})
        profile = await profile_of(api, sara.uid)
        place = Place(customer_id=SCHOOL, role=GroupRole.MEMBER)
        late = profiles.update(profile, **Belonging.of(profile).entering(room.id, place).fields(sara.uid))
        entered = rosters.entered(room.id, sara.uid, membership_id, GroupRole.MEMBER, clock.now())
        await api.db.commit(late, *entered)

        await settles(api, room)

        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid, sara.uid])

    async def test_deleting_the_group_ends_the_move(self, api: Api) -> None:
        room = await a_class(api)
        await moved_at_once(room)
        assert (await room.anne.delete(room.at(LIBRARY), if_match="*")).status == 204
        await asyncio.gather(
            task(api, "move-group", {"groupId": room.id}), task(api, "delete-group", {"groupId": room.id})
        )
        assert await roster(api, room.id) == {}
        assert (await profile_of(api, room.kari.uid)).groups == {}


class TestLostTasks:
    async def test_are_found_by_the_sweep(self, emulators: Emulators) -> None:
        async with an_api(emulators, tasks_emulator_host="127.0.0.1:1") as lost:
            room = await a_class(lost)
            await moved_at_once(room)
            assert (await room.kari.get(room.at(LIBRARY))).status == 200
            project_id = lost.project_id
        async with an_api(emulators, project_id=project_id) as api:
            api.advance(hours=12)
            assert (await api.runs("sweep-groups", "groups-schedules"))["moving"] == 1
            await api.tasks.idle()
            assert (await api.runs("sweep-groups", "groups-schedules"))["moving"] == 0
            assert (await group_of(api, room.id)).moved_at is None
            await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid])


class TestAssigning:
    @pytest.mark.promise("P38")
    async def test_is_for_those_who_decide_and_for_members_alone(self, api: Api) -> None:
        room = await a_class(api)
        mallory = await api.person("Mallory")
        await joins(mallory, LIBRARY, CustomerRole.OWNER)
        path = f"{room.path}/assign"
        helpers = {"helpers": [room.kari.uid]}
        assert (await mallory.post(path, helpers)).problem == (404, "not_found")
        assert (await room.tor.post(path, helpers)).problem == (403, "forbidden")
        for uid in (mallory.uid, "ukjent"):
            answer = await room.anne.post(path, {"helpers": [room.kari.uid, uid]})
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/helpers/1"])
        for wrong in ([], ["x"] * 51, [""], ["a/b"], "kari"):
            assert (await room.anne.post(path, {"helpers": wrong})).problem == (422, "validation_failed"), wrong
        assert await _helpers(room) == [room.tor.uid]

    @pytest.mark.promise("P38")
    async def test_makes_these_the_helpers_and_nobody_else(self, api: Api) -> None:
        room = await a_class(api)
        berit = await api.person("Berit")
        await joins(berit, SCHOOL, CustomerRole.HELPER)
        api.wire.reset()

        answer = await room.anne.post(f"{room.path}/assign", {"helpers": [berit.uid, room.kari.uid, berit.uid]})

        assert (answer.status, answer["memberCount"]) == (200, 4)
        assert api.wire.cost[0] == 4 and api.wire.rpcs.count("Commit") == 1
        assert await _helpers(room) == sorted([berit.uid, room.kari.uid])
        assert (await room.tor.get(room.path))["role"] == "member"
        assert f"helpers:{room.id}" not in (await profile_of(api, room.tor.uid)).principals
        assert f"helpers:{room.id}" in (await profile_of(api, room.kari.uid)).principals
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid, berit.uid])

    async def test_twice_at_once_ends_in_one_of_the_two(self, api: Api) -> None:
        room = await a_class(api)
        wishes = [[room.kari.uid], [room.ola.uid], [room.anne.uid, room.tor.uid]]
        answers = await asyncio.gather(*(room.anne.post(f"{room.path}/assign", {"helpers": one}) for one in wishes))
        assert {answer.status for answer in answers} == {200}
        assert await _helpers(room) in [sorted(one) for one in wishes]
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid, room.anne.uid])


async def _helpers(room: Class) -> list[str]:
    return sorted(await room.anne.listed(f"{room.path}/members", key="uid", role="helper"))
