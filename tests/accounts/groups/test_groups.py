"""A group's life: made by a helper, seen by those who have a part in it, renamed, and gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from accounts.memberships import CustomerRole, GroupRole, Place
from accounts.profiles.records import profiles
from accounts.records import groups
from tests.accounts.groups.conftest import (
    LIBRARY,
    SCHOOL,
    a_class,
    asked,
    crowd,
    group_of,
    in_step,
    profile_of,
    roster,
    task,
)
from tests.support.api import Api, an_api
from tests.support.belonging import joins
from tests.support.emulators import Emulators

GROUPS = f"/v1/customers/{SCHOOL}/groups"


class TestFounding:
    @pytest.mark.promise("P37")
    async def test_is_for_helpers_and_those_above_them(self, api: Api) -> None:
        kari, tor, mallory = await api.people("Kari", "Tor", "Mallory")
        await joins(kari, SCHOOL)
        await joins(tor, SCHOOL, CustomerRole.HELPER)
        await joins(mallory, LIBRARY, CustomerRole.OWNER)
        draft = {"name": "Turlaget"}
        assert (await api.post(GROUPS, draft)).problem == (401, "unauthenticated")
        assert (await mallory.post(GROUPS, draft)).problem == (404, "not_found")
        assert (await kari.post(GROUPS, draft)).problem == (403, "forbidden")

        made = await tor.post(GROUPS, {"name": "  Turlaget   på Ås 🌲 "})

        assert (made.status, made["name"], made["role"], made["memberCount"]) == (201, "Turlaget på Ås 🌲", "helper", 1)
        assert made.response.headers["location"] == f"{GROUPS}/{made['id']}"
        assert (await tor.get(f"{GROUPS}/{made['id']}")).etag == made.etag
        await in_step(api, made["id"], [tor.uid])

    async def test_wants_a_name(self, api: Api) -> None:
        tor = await api.person("Tor")
        await joins(tor, SCHOOL, CustomerRole.HELPER)
        for wrong in ("", " \u200b ", "a\nb", "x" * 201, 7, None, ["Turlaget"]):
            answer = await tor.post(GROUPS, {"name": wrong})
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/name"]), wrong
        assert (await tor.post(GROUPS, {"name": "a", "id": "mitt"})).pointers == ["/id"]
        assert await tor.listed(GROUPS) == []

    async def test_happens_once_for_a_key(self, api: Api) -> None:
        tor = await api.person("Tor")
        await joins(tor, SCHOOL, CustomerRole.HELPER)

        answers = await asyncio.gather(
            *(tor.post(GROUPS, {"name": "Turlaget"}, idempotency_key="en") for _ in range(4)),
            tor.post(GROUPS, {"name": "Koret"}, idempotency_key="to"),
        )

        assert len({answer["id"] for answer in answers}) == 2
        other = await tor.post(GROUPS, {"name": "Noe annet"}, idempotency_key="en")
        assert other.problem == (422, "idempotency_key_reused")
        assert len(await tor.listed(GROUPS)) == 2
        assert (await tor.delete(f"{GROUPS}/{answers[0]['id']}", if_match="*")).status == 204
        assert (await tor.post(GROUPS, {"name": "Turlaget"}, idempotency_key="en")).status in (201, 409)

    async def test_ends_at_a_thousand_groups_of_one_person(self, api: Api) -> None:
        room = await a_class(api)
        for person in (room.tor, room.kari):
            profile = await profile_of(api, person.uid)
            full = {f"g{number}": Place(customer_id=SCHOOL, role=GroupRole.MEMBER) for number in range(999)}
            await api.db.commit(profiles.update(profile, groups={**profile.groups, **full}))
        assert (await room.tor.post(GROUPS, {"name": "En til"})).problem == (409, "conflict")
        other = await room.anne.post(GROUPS, {"name": "Koret"})
        put = await room.anne.put(f"{GROUPS}/{other['id']}/members/{room.kari.uid}", {"role": "member"})
        assert put.problem == (409, "conflict")
        await in_step(api, other["id"], [room.anne.uid])


class TestReading:
    async def test_is_for_the_groups_people_and_the_customers_helpers(self, api: Api) -> None:
        room = await a_class(api)
        sara, mallory, berit = await api.people("Sara", "Mallory", "Berit")
        await joins(sara, SCHOOL)
        await joins(berit, SCHOOL, CustomerRole.HELPER)
        await joins(mallory, LIBRARY, CustomerRole.OWNER)
        for person in (sara, mallory):
            assert (await person.get(room.path)).problem == (404, "not_found")
            assert (await person.get(f"{room.path}/members")).problem == (404, "not_found")
        assert (await mallory.get(room.at(LIBRARY))).problem == (404, "not_found")
        assert (await room.kari.get(room.at(LIBRARY))).problem == (404, "not_found")
        assert (await room.kari.get(f"{GROUPS}/ukjent")).problem == (404, "not_found")

        assert "role" not in (await berit.get(room.path)).json
        seen = await room.kari.get(room.path)
        assert (seen["name"], seen["role"], seen["memberCount"]) == ("3B Turlag", "member", 3)
        assert (await room.kari.get(room.path, if_none_match=seen.etag)).status == 304

    async def test_lists_all_for_helpers_and_their_own_for_members(self, api: Api) -> None:
        room = await a_class(api)
        mallory = await api.person("Mallory")
        made = [(await room.anne.post(GROUPS, {"name": f"Gruppe {number}"}))["id"] for number in range(3)]
        await room.anne.put(f"{GROUPS}/{made[1]}/members/{room.kari.uid}", {"role": "member"})
        assert (await mallory.get(GROUPS)).problem == (404, "not_found")
        assert (await room.kari.get(f"{GROUPS}?offered=true")).problem == (403, "forbidden")

        assert await room.tor.listed(GROUPS, pageSize=2) == [*reversed(made), room.id]
        assert await room.kari.listed(GROUPS, pageSize=1) == [made[1], room.id]
        assert await room.kari.listed("/v1/me/groups", pageSize=1) == [made[1], room.id]
        assert await room.ola.listed("/v1/me/groups", key="role") == ["member"]
        assert await mallory.listed("/v1/me/groups") == []


class TestChanging:
    async def test_is_for_the_groups_helpers_and_admins(self, api: Api) -> None:
        room = await a_class(api)
        mallory, berit = await api.people("Mallory", "Berit")
        await joins(berit, SCHOOL, CustomerRole.HELPER)
        change = {"name": "4B Turlag"}
        assert (await mallory.patch(room.path, change, if_match="*")).problem == (404, "not_found")
        for person in (room.kari, berit):
            assert (await person.patch(room.path, change, if_match="*")).problem == (403, "forbidden")
            assert (await person.delete(room.path, if_match="*")).problem == (403, "forbidden")
        assert (await room.tor.patch(room.path, change)).problem == (428, "if_match_required")

        seen = await room.tor.get(room.path)
        await room.tor.delete(f"{room.path}/members/{room.ola.uid}")
        changed = await room.tor.patch(room.path, change, if_match=seen.etag)
        assert changed["name"] == "4B Turlag"
        assert (await room.tor.patch(room.path, {"name": "x"}, if_match=seen.etag)).problem == (412, "stale_etag")
        assert (await room.anne.patch(room.path, {"name": "5B"}, if_match=changed.etag)).problem == (412, "stale_etag")
        assert (await room.anne.patch(room.path, {"name": "5B"}, if_match="*"))["name"] == "5B"


class TestDeleting:
    @pytest.mark.usefixtures("queues_at_rest")
    async def test_hides_the_group_at_once_and_then_lets_everybody_go(self, api: Api) -> None:
        room = await a_class(api)
        assert (await room.tor.delete(room.path)).problem == (428, "if_match_required")
        assert (await room.tor.delete(room.path, if_match="*")).status == 204

        for person in (room.anne, room.tor, room.kari):
            assert (await person.get(room.path)).problem == (404, "not_found")
            assert await person.listed(GROUPS) == await person.listed("/v1/me/groups") == []
        put = await room.anne.put(f"{room.path}/members/{room.anne.uid}", {"role": "member"})
        assert put.problem == (404, "not_found")
        marked = await group_of(api, room.id)
        assert (marked.name, marked.created_by) == ("", None)

        for number in (3, 0):
            assert (await task(api, "delete-group", {"groupId": room.id}))["changed"] == number
        assert await api.db.get(groups.at(room.id)) is None
        assert await roster(api, room.id) == {}
        for person in (room.tor, room.kari, room.ola):
            assert (await profile_of(api, person.uid)).groups == {}
        assert f"group:{room.id}" not in (await profile_of(api, room.kari.uid)).principals
        assert asked(api, "follow-group") == 1

    async def test_is_finished_by_the_sweep_when_its_task_was_lost(self, emulators: Emulators) -> None:
        async with an_api(emulators, tasks_emulator_host="127.0.0.1:1") as lost:
            room = await a_class(lost)
            assert (await room.tor.delete(room.path, if_match="*")).status == 204
            project_id = lost.project_id
        async with an_api(emulators, project_id=project_id) as api:
            assert (await api.runs("sweep-groups", "groups-schedules")).json == _swept(deleted=1)
            await api.tasks.idle()
            assert await api.db.get(groups.at(room.id)) is None
            assert await roster(api, room.id) == {}
            assert (await api.runs("sweep-groups", "groups-schedules")).json == _swept()

    @pytest.mark.usefixtures("queues_at_rest")
    async def test_takes_who_entered_in_the_last_moment(self, api: Api) -> None:
        """A request that read the group before it was deleted may commit after the roster has been walked."""
        room = await a_class(api)
        sara = await api.person("Sara")
        await joins(sara, SCHOOL)
        await crowd(api, room.id, SCHOOL, 40)

        putting = [room.tor.put(f"{room.path}/members/{sara.uid}", {"role": "member"}) for _ in range(3)]
        deleting = room.tor.delete(room.path, if_match="*")
        walking = task(api, "delete-group", {"groupId": room.id})
        await asyncio.gather(*putting, deleting, walking)
        await task(api, "delete-group", {"groupId": room.id})

        assert await roster(api, room.id) == {}
        assert (await profile_of(api, sara.uid)).groups == {}


def _swept(**found: int) -> dict[str, Any]:
    return {"moving": 0, "deleted": 0, "expired": 0} | found
