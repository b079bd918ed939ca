"""Invitations into a Customer: who may make them, what they take, and how they are seen, revoked and sent again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from accounts.invitations import id_of
from accounts.profiles.rates import PROVISIONED
from accounts.profiles.records import RateRecord, rates
from accounts.records import InvitationState, invitations
from core import clock
from tests.support.api import Api
from tests.support.belonging import enters, told
from tests.support.customers import a_customer, a_group, accepts, invitation, token

ROLES: tuple[str, ...] = ("member", "helper", "admin", "owner")


class TestInvite:
    @pytest.mark.promise("P37")
    async def test_gives_no_more_than_one_has(self, api: Api) -> None:
        people = dict(zip(ROLES, await api.people("Mia", "Hans", "Anne", "Odd"), strict=True))
        school, stranger = await a_customer(people["owner"]), await api.person("Mallory")
        for role in ROLES[:3]:
            await school.takes(people[role], role=role)
        assert (await school.invites("ny@example.com", by=stranger)).problem == (404, "not_found")
        may = {"member": (), "helper": ("member",), "admin": ("member", "helper", "admin"), "owner": ROLES}
        for by in ROLES:
            for role in ROLES:
                answer = await school.invites(f"{by}-{role}@example.com", by=people[by], role=role)
                assert answer.status == (201 if role in may[by] else 403), (by, role)
        await people["owner"].patch(school.path, {"settings": {"helpersInvite": False}}, if_match="*")
        assert (await school.invites("en@example.com", by=people["helper"])).problem == (403, "forbidden")
        assert (await school.imports("en@example.com", by=people["helper"])).problem == (403, "forbidden")

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"email": ""}, "/email"),
            ({"email": "ola"}, "/email"),
            ({"email": "ola@example.com\r\nBcc: alle@example.com"}, "/email"),
            ({"email": "Ola <ola@example.com>"}, "/email"),
            ({"email": "ola@example.com,sara@example.com"}, "/email"),
            ({"email": "ola@[127.0.0.1]"}, "/email"),
            ({"email": f"{'o' * 250}@example.com"}, "/email"),
            ({"email": ["ola@example.com"]}, "/email"),
            ({"role": "boss"}, "/role"),
            ({"groupIds": ["a/b"]}, "/groupIds/0"),
            ({"groupIds": [f"g{n}" for n in range(21)]}, "/groupIds"),
            ({"groupIds": ["ukjent"]}, "/groupIds"),
            ({"state": "accepted"}, "/state"),
        ],
    )
    async def test_refuses_what_is_no_invitation(self, api: Api, fields: dict[str, Any], pointer: str) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari, seats=2)
        answer = await kari.post(f"{school.path}/invitations", {"email": "ola@example.com", **fields})
        assert (answer.problem, answer.pointers) == ((422, "validation_failed"), [pointer])
        assert (await school.stored()).seats_taken == 1 and await told(api) == []

    async def test_takes_a_seat_and_sends_one_mail(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari, seats=3, language="en")
        group_id = await a_group(school)
        made = await school.invites(" Ola@Example.COM ", role="helper", groupIds=[group_id, group_id])
        assert (made.status, made["email"], made["state"]) == (201, "ola@example.com", "pending")
        assert (made["role"], made["groupIds"], made["sent"]) == ("helper", [group_id], 1)
        assert (await kari.get(made.response.headers["location"])).json == made.json
        stored = await invitation(api, made["id"])
        assert (stored.opens, stored.language) == (school.path, "en")
        assert (await school.stored()).seats_taken == 2
        (notice,) = await told(api)
        assert (notice.kind, notice.invitation_id, notice.uid) == ("invitation", made["id"], None)
        secret = await token(api, made["id"])
        assert secret not in stored.model_dump_json() + made.response.text + notice.model_dump_json()

    async def test_asks_an_address_once_however_it_is_spelt(self, api: Api) -> None:
        kari = await api.person("Kari")
        school, other = await a_customer(kari), await a_customer(kari)
        assert (await school.invites("ola@blåbær.example")).status == 201
        for same in ("OLA@blåbær.example", "ola@xn--blbr-roah.example", "ola@BLÅBÆR.example"):
            assert (await school.invites(same)).problem == (409, "conflict")
        # Letters of another alphabet that look alike make another address.
        assert (await school.invites("ola@blåbær.ехample")).status == 201
        assert (await school.invites("οla@blåbær.example")).problem == (422, "validation_failed")
        assert (await other.invites("ola@blåbær.example")).status == 201

    async def test_says_nothing_of_who_has_an_account(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        await school.takes(ola)
        known, unknown = await school.invites(ola.email), await school.invites("ukjent@example.com")
        assert known.status == unknown.status == 201
        assert known.json.keys() == unknown.json.keys()

    async def test_of_oneself_is_refused(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari)
        answer = await school.invites(kari.email.upper())
        assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/email"])
        assert (await school.imports(f"{kari.email}\n")).json["lines"][0]["code"] == "own_address"

    async def test_happens_once_for_a_key(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        path, wish = f"{school.path}/invitations", {"email": ola.email}
        answers = await asyncio.gather(*(kari.post(path, wish, idempotency_key="en") for _ in range(4)))
        assert {answer["id"] for answer in answers} == {answers[0]["id"]}
        assert len(await told(api)) == 1 and (await school.stored()).seats_taken == 2
        assert (await kari.post(path, {"email": "a@example.com"}, idempotency_key="en")).problem == (
            (422, "idempotency_key_reused")
        )
        await accepts(ola, await token(api, answers[0]["id"]))
        assert (await kari.post(path, wish, idempotency_key="en"))["state"] == "accepted"

    async def test_leads_only_into_groups_that_one_may_fill(self, api: Api) -> None:
        kari, hans = await api.people("Kari", "Hans")
        school, other = await a_customer(kari), await a_customer(kari)
        mine, yours, foreign = await a_group(school), await a_group(school), await a_group(other)
        await school.takes(hans, role="helper")
        await enters(hans, mine, school.id, helper=True)
        await enters(hans, foreign, other.id, helper=True)
        for refused in (yours, foreign):
            answer = await school.invites("ny@example.com", by=hans, groupIds=[refused])
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/groupIds"])
        assert (await school.invites("ny@example.com", groupIds=[foreign])).pointers == ["/groupIds"]
        assert (await school.invites("ny@example.com", by=hans, groupIds=[mine])).status == 201

    async def test_never_takes_more_seats_than_there_are(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari, seats=4)
        await school.takes(ola, role="admin")
        wishes = [school.invites(f"elev{n}@example.com", by=(kari, ola)[n % 2]) for n in range(6)]
        answers = await asyncio.gather(*wishes)
        assert sorted(answer.status for answer in answers) == [201, 201, 409, 409, 409, 409]
        assert (await school.stored()).seats_taken == 4
        open_ones = [one for one in await api.db.query(invitations.under()) if one.state is InvitationState.PENDING]
        assert len(open_ones) == 2

    async def test_of_one_address_by_two_at_once_is_one(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        await school.takes(ola, role="admin")
        answers = await asyncio.gather(*(school.invites("ny@example.com", by=who) for who in (kari, ola, kari, ola)))
        assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]

    async def test_often_comes_to_an_end(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari)
        now = clock.now()
        used = RateRecord(
            uid=kari.uid, name="provisioned", used=PROVISIONED.most - 1, since=now, expires_at=now + PROVISIONED.period
        )
        await api.db.commit(rates.put(used))
        assert (await school.invites("en@example.com")).status == 201
        refused = await school.invites("to@example.com")
        assert refused.problem == (429, "rate_limited")
        assert 0 < int(refused.response.headers["retry-after"]) <= 86_400
        assert (await school.imports("to@example.com")).problem == (429, "rate_limited")
        assert (await school.stored()).seats_taken == 2
        api.advance(days=1)
        assert (await school.invites("to@example.com")).status == 201


class TestAfterwards:
    async def test_lists_are_for_admins_and_the_rest_for_its_maker_too(self, api: Api) -> None:
        kari, hans, mia = await api.people("Kari", "Hans", "Mia")
        school, other = await a_customer(kari), await a_customer(await api.person("Rival"))
        await school.takes(hans, role="helper")
        await school.takes(mia)
        mine, his = await school.invites("en@example.com"), await school.invites("to@example.com", by=hans)
        path = f"{school.path}/invitations"
        for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/resend")):
            assert (await mia.send(method, f"{path}/{his['id']}{rest}")).problem == (403, "forbidden")
            assert (await hans.send(method, f"{path}/{mine['id']}{rest}")).problem == (403, "forbidden")
            foreign = f"{other.path}/invitations/{mine['id']}{rest}"
            assert (await other.owner.send(method, foreign)).problem == (404, "not_found")
            assert (await kari.send(method, f"{path}/ukjent{rest}")).problem == (404, "not_found")
        assert (await hans.get(path)).problem == (403, "forbidden")
        assert (await hans.get(f"{path}/{his['id']}"))["email"] == "to@example.com"
        listed = await kari.listed(path, "email", pageSize=1)
        assert listed == ["to@example.com", "en@example.com", mia.email.lower(), hans.email.lower()]

    async def test_revoking_frees_the_seat_and_ends_the_link(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari, seats=2)
        made = await school.invites(ola.email)
        secret, path = await token(api, made["id"]), f"{school.path}/invitations/{made['id']}"
        for _ in range(2):
            assert (await kari.delete(path)).status == 204
        assert (await school.stored()).seats_taken == 1
        assert (await accepts(ola, secret)).problem == (404, "not_found")
        assert (await kari.get(path))["state"] == "revoked"
        assert (await kari.post(f"{path}/resend")).problem == (409, "conflict")
        anew = await school.invites(ola.email)
        assert anew.status == 201 and await token(api, anew["id"]) != secret
        assert (await accepts(ola, secret)).problem == (404, "not_found")
        assert (await accepts(ola, await token(api, anew["id"]))).status == 200
        assert (await kari.delete(f"{school.path}/invitations/{anew['id']}")).problem == (409, "conflict")

    async def test_revoking_and_accepting_at_once_end_in_one_of_the_two(self, api: Api) -> None:
        kari, *pupils = await api.people("Kari", "Ola", "Sara", "Per")
        school = await a_customer(kari)
        made = {pupil: (await school.invites(pupil.email))["id"] for pupil in pupils}
        secrets = {pupil: await token(api, id_) for pupil, id_ in made.items()}
        for pupil, id_ in made.items():
            revoked, accepted = await asyncio.gather(
                kari.delete(f"{school.path}/invitations/{id_}"), accepts(pupil, secrets[pupil])
            )
            assert (revoked.status, accepted.status) in {(204, 404), (409, 200)}
        assert (await school.stored()).seats_taken == len(await school.roster())

    async def test_is_sent_again_three_times_ten_minutes_apart_with_the_same_link(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        made = await school.invites(ola.email)
        path, secret = f"{school.path}/invitations/{made['id']}/resend", await token(api, made["id"])
        soon = await kari.post(path)
        assert soon.problem == (429, "rate_limited")
        assert 0 < int(soon.response.headers["retry-after"]) <= 600
        for number in range(3):
            api.advance(days=5)
            assert (await kari.post(path))["sent"] == number + 2
        assert {notice.invitation_id for notice in await told(api)} == {made["id"]}
        assert len(await told(api)) == 4
        api.advance(days=1)
        assert (await kari.post(path)).problem == (409, "conflict")
        assert id_of(secret) == made["id"] and (await accepts(ola, secret)).status == 200
        assert (await kari.post(path)).problem == (409, "conflict")
