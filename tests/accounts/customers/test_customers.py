"""Customers: made by whoever wants one, seen by those who belong to them, changed by those who run them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from accounts.memberships import HEAVY, CustomerRole
from accounts.profiles.records import profiles
from accounts.records import CustomerKind, individual_id
from tests.support.api import Api
from tests.support.belonging import joins
from tests.support.customers import SCHOOL, a_customer

INDIVIDUAL = {**SCHOOL, "kind": "individual", "name": "Kari Nordmann"}


class TestCreate:
    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"kind": "circus"}, "/kind"),
            ({"name": ""}, "/name"),
            ({"name": " \u200b "}, "/name"),
            ({"name": "å" * 201}, "/name"),
            ({"name": "Åsen\r\nBcc: alle@example.com"}, "/name"),
            ({"country": "no"}, "/country"),
            ({"country": "XX"}, "/country"),
            ({"country": "NOR"}, "/country"),
            ({"language": "sv"}, "/language"),
            ({"seats": 0}, "/seats"),
            ({"seats": "mange"}, "/seats"),
            ({"settings": {"helpersInvite": "ja"}}, "/settings/helpersInvite"),
            ({"owners": ["ola"]}, "/owners"),
            ({"seatsTaken": 0}, "/seatsTaken"),
        ],
    )
    async def test_refuses_what_is_none(self, api: Api, fields: dict[str, Any], pointer: str) -> None:
        kari = await api.person("Kari")
        answer = await kari.post("/v1/customers", {**SCHOOL, **fields})
        assert (answer.problem, answer.pointers) == ((422, "validation_failed"), [pointer])
        assert await kari.listed("/v1/customers") == []

    @pytest.mark.promise("P06")
    @pytest.mark.parametrize("kind", list(CustomerKind))
    async def test_makes_a_customer_of_each_kind_with_its_maker_as_owner(self, api: Api, kind: CustomerKind) -> None:
        kari = await api.person("Kari")
        made = await kari.post("/v1/customers", {**SCHOOL, "kind": kind, "seats": 30})
        assert (made.status, made.response.headers["location"]) == (201, f"/v1/customers/{made['id']}")
        assert made.etag == '"1-owner"'
        shown = {name: made[name] for name in ("kind", "name", "country", "seats", "seatsTaken", "role", "settings")}
        assert shown == {
            "kind": kind,
            "name": "Åsen skole",
            "country": "NO",
            "seats": 30,
            "seatsTaken": 1,
            "role": "owner",
            "settings": {"helpersInvite": True},
        }
        assert (await kari.get(f"/v1/customers/{made['id']}")).json == made.json
        profile = await api.db.get(profiles.at(kari.uid), heavy=HEAVY)
        assert profile and profile.memberships[made["id"]].role is CustomerRole.OWNER
        assert {f"customer:{made['id']}", f"admins:{made['id']}"} < set(profile.principals)
        assert await kari.listed(f"/v1/customers/{made['id']}/members", "uid") == [kari.uid]

    async def test_happens_once_for_a_key(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        first, second = [await kari.post("/v1/customers", SCHOOL, idempotency_key="en") for _ in range(2)]
        assert first.json == second.json and second.response.headers["idempotent-replayed"] == "true"
        other = await kari.post("/v1/customers", {**SCHOOL, "name": "Lia skole"}, idempotency_key="en")
        assert other.problem == (422, "idempotency_key_reused")
        assert (await ola.post("/v1/customers", SCHOOL, idempotency_key="en"))["id"] != first["id"]

    async def test_gives_a_person_one_of_their_own_at_most(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        answers = await asyncio.gather(*(kari.post("/v1/customers", INDIVIDUAL) for _ in range(3)))
        assert {answer["id"] for answer in answers} == {individual_id(api.clients.settings.key, kari.uid)}
        assert (await kari.post("/v1/customers", {**INDIVIDUAL, "name": "Enda en"})).problem == (409, "conflict")
        assert len(await kari.listed("/v1/customers")) == 1
        assert (await ola.post("/v1/customers", INDIVIDUAL))["id"] != answers[0]["id"]

    async def test_ends_at_fifty_memberships(self, api: Api) -> None:
        kari = await api.person("Kari")
        for number in range(50):
            await joins(kari, f"skole-{number}")
        assert (await kari.post("/v1/customers", SCHOOL)).problem == (409, "conflict")


class TestRead:
    async def test_is_for_those_who_belong(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        for path in (school.path, f"{school.path}/members", f"{school.path}/invitations"):
            assert (await ola.get(path)).problem == (404, "not_found")
        assert (await ola.get("/v1/customers/ukjent")).problem == (404, "not_found")

        await school.takes(ola)

        assert (await ola.get(school.path))["role"] == "member"
        assert (await kari.get(school.path, if_none_match='"1-owner"')).status == 304
        assert (await ola.get(school.path, if_none_match='"1-owner"')).status == 200

    async def test_lists_all_with_the_callers_role_the_newest_first(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        first, second = await a_customer(kari), await a_customer(ola, name="Lia skole")
        await second.takes(kari, role="helper")
        found = (await kari.get("/v1/customers"))["items"]
        assert [(one["id"], one["role"]) for one in found] == [(second.id, "helper"), (first.id, "owner")]


class TestChange:
    async def test_is_for_admins(self, api: Api) -> None:
        kari, ola, sara = await api.people("Kari", "Ola", "Sara")
        school = await a_customer(kari)
        assert (await ola.patch(school.path, {"name": "Min"}, if_match="*")).problem == (404, "not_found")
        await school.takes(ola, role="helper")
        await school.takes(sara, role="admin")
        assert (await ola.patch(school.path, {"name": "Min"}, if_match="*")).problem == (403, "forbidden")
        assert (await sara.patch(school.path, {"name": "Lia skole"}, if_match="*"))["name"] == "Lia skole"

    async def test_wants_what_was_last_read(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari)
        assert (await kari.patch(school.path, {"name": "Lia"})).problem == (428, "if_match_required")
        assert (await kari.patch(school.path, {"name": "Lia"}, if_match='"1-admin"')).problem == (412, "stale_etag")
        changed = await kari.patch(
            school.path, {"name": "Lia", "settings": {"helpersInvite": False}}, if_match='"1-owner"'
        )
        assert (changed.etag, changed["settings"]) == ('"2-owner"', {"helpersInvite": False})
        assert (await kari.patch(school.path, {"name": "Åsen"}, if_match='"1-owner"')).problem == (412, "stale_etag")
        again = await kari.patch(school.path, {"settings": {}}, if_match='"2-owner"')
        assert (again.etag, again["settings"]) == ('"2-owner"', {"helpersInvite": False})

    @pytest.mark.parametrize("field", ["kind", "id", "owners", "seatsTaken", "revision", "role"])
    async def test_reaches_only_what_may_change(self, api: Api, field: str) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari)
        answer = await kari.patch(school.path, {field: "individual"}, if_match="*")
        assert (answer.problem, answer.pointers) == ((422, "validation_failed"), [f"/{field}"])

    async def test_leaves_no_fewer_seats_than_are_taken(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari, seats=5)
        await school.invites("ola@example.com")
        refused = await kari.patch(school.path, {"seats": 1}, if_match="*")
        assert (refused.problem, refused.pointers) == ((409, "conflict"), ["/seats"])
        assert (await kari.patch(school.path, {"seats": 2}, if_match='"1-owner"'))["seats"] == 2
        assert "seats" not in (await kari.patch(school.path, {"seats": None}, if_match="*")).json
