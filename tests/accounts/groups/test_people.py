"""The people of a group: who may put them in, what they see of each other, and what two at once lead to."""

from __future__ import annotations

import asyncio

import pytest

from accounts.memberships import CustomerRole
from accounts.records import groups, participants
from tests.accounts.groups.conftest import LIBRARY, SCHOOL, a_class, group_of, in_step, roster, task
from tests.support.api import Api
from tests.support.belonging import joins, leaves


class TestPutting:
    @pytest.mark.promise("P35")
    @pytest.mark.promise("P37")
    async def test_is_for_the_groups_helpers_and_admins(self, api: Api) -> None:
        room = await a_class(api)
        sara, mallory, berit = await api.people("Sara", "Mallory", "Berit")
        await joins(sara, SCHOOL)
        await joins(berit, SCHOOL, CustomerRole.HELPER)
        await joins(mallory, LIBRARY, CustomerRole.OWNER)
        members = f"{room.path}/members"
        for person, denied in (
            (mallory, (404, "not_found")),
            (room.kari, (403, "forbidden")),
            (berit, (403, "forbidden")),
        ):
            for uid in (sara.uid, person.uid):
                assert (await person.put(f"{members}/{uid}", {"role": "helper"})).problem == denied
        assert (await mallory.delete(f"{members}/{room.kari.uid}")).problem == (404, "not_found")
        assert (await room.kari.delete(f"{members}/{room.ola.uid}")).problem == (403, "forbidden")
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid])

        put = await room.anne.put(f"{members}/{sara.uid}", {"role": "helper"})
        assert (put["uid"], put["name"], put["role"]) == (sara.uid, "Sara", "helper")
        assert (await sara.put(f"{members}/{room.tor.uid}", {"role": "member"}))["role"] == "member"
        assert (await room.tor.put(f"{members}/{room.tor.uid}", {"role": "helper"})).problem == (403, "forbidden")
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid, sara.uid])

    async def test_says_the_same_of_a_stranger_and_of_nobody(self, api: Api) -> None:
        room = await a_class(api)
        mallory = await api.person("Mallory")
        await joins(mallory, LIBRARY)

        answers = [
            await room.tor.put(f"{room.path}/members/{uid}", {"role": "member"}) for uid in (mallory.uid, "ukjent")
        ]

        assert [(answer.problem, answer.pointers) for answer in answers] == [((404, "not_found"), ["/path/uid"])] * 2
        assert len({answer.json["detail"] for answer in answers}) == 1
        wrong = await room.tor.put(f"{room.path}/members/{room.kari.uid}", {"role": "owner"})
        assert (wrong.problem, wrong.pointers) == ((422, "validation_failed"), ["/role"])

    async def test_costs_two_round_trips_and_is_the_same_twice(self, api: Api) -> None:
        room = await a_class(api)
        sara = await api.person("Sara")
        await joins(sara, SCHOOL)
        path = f"{room.path}/members/{sara.uid}"
        for role, cost in (("member", (2, 4, 3)), ("member", (1, 4, 0)), ("helper", (2, 4, 2))):
            api.wire.reset()
            assert (await room.tor.put(path, {"role": role}))["role"] == role
            assert api.wire.cost == cost
        assert (await sara.get(room.path))["role"] == "helper"
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid, sara.uid])

    async def test_by_many_at_once_puts_everybody_in_once(self, api: Api) -> None:
        room = await a_class(api)
        pupils = await api.people(*(f"Elev{number}" for number in range(8)))
        for pupil in pupils:
            await joins(pupil, SCHOOL)

        answers = await asyncio.gather(
            *(
                teacher.put(f"{room.path}/members/{pupil.uid}", {"role": "member"})
                for pupil in pupils
                for teacher in (room.tor, room.anne)
            )
        )

        assert {answer.status for answer in answers} == {200}
        await in_step(api, room.id, [one.uid for one in (room.tor, room.kari, room.ola, *pupils)])


class TestLeaving:
    async def test_is_ones_own_to_do(self, api: Api) -> None:
        room = await a_class(api)
        own = f"{room.path}/members/{room.kari.uid}"
        assert (await room.kari.delete(own)).status == 204
        assert (await room.kari.delete(own)).problem == (404, "not_found")
        assert (await room.tor.delete(own)).status == 204
        assert (await room.tor.delete(f"{room.path}/members/{room.ola.uid}")).status == 204
        assert (await room.ola.get(room.path)).problem == (404, "not_found")
        await in_step(api, room.id, [room.tor.uid])

    async def test_and_being_put_in_at_once_end_in_one_of_the_two(self, api: Api) -> None:
        room = await a_class(api)
        path = f"{room.path}/members/{room.kari.uid}"
        for _ in range(5):
            calls = [room.tor.delete(path), room.anne.put(path, {"role": "helper"}), room.anne.delete(path)]
            answers = await asyncio.gather(*calls, room.tor.put(path, {"role": "member"}))
            assert {answer.status for answer in answers} == {200, 204}
            there = room.kari.uid in await roster(api, room.id)
            assert (await room.kari.get(room.path)).status == (200 if there else 404)
            await in_step(api, room.id, [room.tor.uid, room.ola.uid, *([room.kari.uid] if there else [])])


class TestSeeingEachOther:
    async def test_by_the_names_that_they_have_now(self, api: Api) -> None:
        room = await a_class(api)
        await room.kari.patch("/v1/me", {"name": "Kari Nordmann"}, if_match="*")
        members = f"{room.path}/members"
        assert await room.ola.listed(members, key="uid", pageSize=2) == [room.ola.uid, room.kari.uid, room.tor.uid]
        assert await room.ola.listed(members, key="name") == ["Ola", "Kari Nordmann", "Tor"]
        assert await room.ola.listed(members, key="name", role="helper") == ["Tor"]
        assert (await room.ola.get(f"{members}?role=owner")).pointers == ["/query/role"]

    @pytest.mark.promise("P35")
    async def test_ends_with_the_membership_though_the_roster_still_has_the_line(self, api: Api) -> None:
        """What a task does later is not waited for; then it comes twice, and counts once."""
        room = await a_class(api)
        membership_id = (await roster(api, room.id))[room.kari.uid].membership_id
        assert membership_id
        await leaves(room.kari, SCHOOL)

        assert (await room.kari.get(room.path)).problem == (404, "not_found")
        assert await room.ola.listed(f"{room.path}/members", key="name") == ["Ola", "Tor"]
        assert room.kari.uid in await roster(api, room.id)

        done = [(await task(api, "tidy-membership", {"membershipId": membership_id}))["changed"] for _ in range(2)]
        assert done == [1, 0]
        await in_step(api, room.id, [room.tor.uid, room.ola.uid])

    async def test_goes_on_for_who_came_back_before_the_task(self, api: Api) -> None:
        room = await a_class(api)
        old = (await roster(api, room.id))[room.kari.uid].membership_id
        assert old
        await leaves(room.kari, SCHOOL)
        await joins(room.kari, SCHOOL)
        assert (await room.kari.get(room.path)).problem == (404, "not_found")

        answers = await asyncio.gather(
            room.tor.put(f"{room.path}/members/{room.kari.uid}", {"role": "member"}),
            task(api, "tidy-membership", {"membershipId": old}),
        )

        assert {answer.status for answer in answers} == {200}
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid])


class TestTidying:
    async def test_leaves_a_membership_that_stands(self, api: Api) -> None:
        room = await a_class(api)
        standing = (await roster(api, room.id))[room.kari.uid].membership_id
        assert standing
        assert (await task(api, "tidy-membership", {"membershipId": standing}))["changed"] == 0
        await in_step(api, room.id, [room.tor.uid, room.kari.uid, room.ola.uid])

    async def test_takes_a_thousand_groups(self, api: Api) -> None:
        room = await a_class(api)
        lines = await roster(api, room.id)
        line, group = lines[room.kari.uid], await group_of(api, room.id)
        ids = [f"gruppe-{number:04}" for number in range(999)]
        for start in range(0, len(ids), 200):
            some = ids[start : start + 200]
            put = [participants.put(line.model_copy(update={"group_id": one})) for one in some]
            await api.db.commit(*put)
            await api.db.commit(*(groups.put(group.model_copy(update={"id": one})) for one in some))
        await leaves(room.kari, SCHOOL)

        assert (await task(api, "tidy-membership", {"membershipId": str(line.membership_id)}))["changed"] == 1_000

        assert (await group_of(api, ids[-1])).member_count == 2
        assert await roster(api, ids[0]) == {}
        await in_step(api, room.id, [room.tor.uid, room.ola.uid])
