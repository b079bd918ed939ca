"""The end of invitations that nobody accepts: their seats come back, and after thirty days they are gone."""

from __future__ import annotations

import asyncio

from accounts.customers import expiry
from accounts.invitations import state_at
from accounts.records import InvitationState, invitations
from core import clock
from tests.support.api import Api
from tests.support.customers import a_customer, accepts, invitation, token


async def runs(api: Api) -> dict[str, int]:
    return (await api.runs("expire-invitations", "customers-schedules")).json


class TestExpiry:
    async def test_gives_each_seat_back_once(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school, other = await a_customer(kari, seats=4), await a_customer(kari)
        await school.takes(ola)
        made = [(await school.invites(f"elev{n}@example.com"))["id"] for n in range(2)]
        await other.invites("elev0@example.com")
        api.advance(days=6)
        assert await runs(api) == {"expired": 0, "purged": 0}
        api.advance(days=1)
        before = await invitation(api, made[0])
        assert (before.state, state_at(before, clock.now())) == ("pending", "expired")
        results = await asyncio.gather(*(expiry.expire(api.db, clock.now()) for _ in range(3)))
        assert 3 in results
        assert await runs(api) == {"expired": 0, "purged": 0}
        assert ((await school.stored()).seats_taken, (await other.stored()).seats_taken) == (2, 1)
        assert {(await invitation(api, id_)).state for id_ in made} == {InvitationState.EXPIRED}

    async def test_goes_through_many(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari)
        await school.imports("".join(f"elev{n}@example.com\n" for n in range(450)))
        api.advance(days=8)
        assert await runs(api) == {"expired": 450, "purged": 0}
        assert (await school.stored()).seats_taken == 1
        api.advance(days=29)
        assert await runs(api) == {"expired": 0, "purged": 450}
        assert await api.db.query(invitations.under()) == []

    async def test_leaves_what_was_accepted(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        await school.takes(ola)
        over = (await school.invites("elev@example.com"))["id"]
        await kari.delete(f"{school.path}/invitations/{over}")
        api.advance(days=29)
        assert await runs(api) == {"expired": 0, "purged": 0}
        api.advance(days=40)
        assert await runs(api) == {"expired": 0, "purged": 1}
        assert await kari.listed(f"{school.path}/invitations", "state") == ["accepted"]

    async def test_that_is_late_neither_blocks_a_new_invitation_nor_keeps_its_seat(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari, seats=2)
        old = await school.invites(ola.email)
        api.advance(days=8)
        assert (await kari.post(f"{school.path}/invitations/{old['id']}/resend")).problem == (409, "conflict")
        new = await school.invites(ola.email)
        assert new.status == 201 and (await school.stored()).seats_taken == 2
        assert (await invitation(api, old["id"])).state is InvitationState.EXPIRED
        assert (await accepts(ola, await token(api, old["id"]))).problem == (404, "not_found")
        assert (await accepts(ola, await token(api, new["id"]))).status == 200
        assert await runs(api) == {"expired": 0, "purged": 0}
        assert (await school.stored()).seats_taken == 2
