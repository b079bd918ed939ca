"""Moving: the people of a group that has changed hands follow it, whatever comes in between or is lost."""

from __future__ import annotations

import asyncio

import pytest

from accounts import rosters
from accounts.groups import upkeep
from accounts.memberships import Belonging, GroupRole, Place
from accounts.profiles.records import profiles
from core import clock
from core.data.contention import again_when_moved
from tests.accounts.groups.conftest import (
    LIBRARY,
    SCHOOL,
    a_class,
    crowd,
    group_of,
    in_step,
    moved_at_once,
    profile_of,
    roster,
    settles,
    task,
)
from tests.support.api import Api, an_api
from tests.support.belonging import joins, leaves
from tests.support.emulators import Emulators


@again_when_moved
async def is_removed(api: Api, uid: str, customer_id: str) -> None:
    """What a Customer's removal of somebody does to their profile, however busy it is."""
    profile = await profile_of(api, uid)
    await api.db.commit(profiles.update(profile, **Belonging.of(profile).leaving(customer_id).fields(uid)))


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

    async def test_whatever_people_do_meanwhile_profiles_roster_and_count_agree(self, api: Api) -> None:
        room = await a_class(api)
        lise = await api.person("Lise")
        await joins(lise, LIBRARY)
        many = await crowd(api, room.id, SCHOOL, 60)
        await moved_at_once(room)
        members = f"{room.at(LIBRARY)}/members"

        answers = await asyncio.gather(
            *(task(api, "move-group", {"groupId": room.id}) for _ in range(2)),
            *(room.anne.delete(f"{members}/{uid}") for uid in many[::10]),
            *(is_removed(api, uid, SCHOOL) for uid in many[1::10]),
            *(task(api, "tidy-membership", {"membershipId": f"m-{uid}"}) for uid in many[1::10]),
            room.anne.put(f"{members}/{lise.uid}", {"role": "member"}),
            room.anne.post(f"{room.at(LIBRARY)}/assign", {"helpers": [lise.uid]}),
            room.kari.delete(f"{members}/{room.kari.uid}"),
        )
        await settles(api, room)
        for uid in many[1::10]:
            await task(api, "tidy-membership", {"membershipId": f"m-{uid}"})

        assert all(answer.status < 500 for answer in answers if answer)
        everybody = [*many, room.tor.uid, room.kari.uid, room.ola.uid, lise.uid]
        there = [uid for uid in everybody if room.id in (await profile_of(api, uid)).groups]
        assert not {*many[::10], room.kari.uid} & set(there)
        await in_step(api, room.id, there)

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
