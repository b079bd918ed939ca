"""Transfer: a group is offered and taken, or given at once, and its people and documents go with it."""

from __future__ import annotations

import asyncio

import pytest

from accounts.memberships import CustomerRole
from accounts.records import individual_id
from core.services.outbox import NoticeKind
from tests.accounts.groups.conftest import (
    LIBRARY,
    SCHOOL,
    a_class,
    a_customer,
    asked,
    group_of,
    in_step,
    moved_at_once,
    profile_of,
    roster,
    settles,
    task,
)
from tests.support.api import Api
from tests.support.belonging import joins, leaves, told

OTHERS = f"/v1/customers/{LIBRARY}/groups"


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
