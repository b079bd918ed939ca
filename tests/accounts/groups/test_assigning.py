"""Assigning: who looks after a group is decided by its Customer, all at once."""

from __future__ import annotations

import asyncio

import pytest

from accounts.memberships import CustomerRole
from tests.accounts.groups.conftest import (
    LIBRARY,
    SCHOOL,
    Class,
    a_class,
    in_step,
    profile_of,
)
from tests.support.api import Api
from tests.support.belonging import joins


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
