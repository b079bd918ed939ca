"""Accepting an invitation: by whom it is for, once, and with everything that it opens in one commit."""

from __future__ import annotations

import asyncio

import pytest

from accounts import invitations as making
from accounts.customers.accepting import MOST_OPENED
from accounts.invitations import Invite
from accounts.memberships import HEAVY, Belonging
from accounts.profiles.records import profiles
from accounts.records import groups, invitations, members, participants
from core import addresses, clock
from core.ids import random_id
from tests.support.api import Api, Person
from tests.support.belonging import joins, leaves, told
from tests.support.customers import a_customer, a_group, accepts, invitation, token

MISSING = (404, "not_found")


async def belonging(person: Person) -> Belonging:
    found = await person.api.db.get(profiles.at(person.uid), heavy=HEAVY)
    assert found
    return Belonging.of(found)


async def opening(inviter: Person, email: str, opens: str = "/v1/documents/turen") -> str:
    """Somebody invites an address to one thing of theirs. Returns the secret."""
    key, seed, email = inviter.api.clients.settings.key, random_id(), addresses.normalised(email)
    await inviter.api.db.commit(*making.issued(key, seed, Invite(email, opens, "nb"), inviter.uid, "", clock.now()))
    return making.token_of(key, seed)


class TestAgain:
    async def test_before_the_rosters_are_tidied_counts_nobody_twice(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        group = await a_group(school)
        await school.takes(ola, group_ids=(group,))
        await leaves(ola, school.id)

        await school.takes(ola, group_ids=(group,))

        found = await api.db.get(groups.at(group))
        assert found and found.member_count == 1


class TestWhoMay:
    @pytest.mark.promise("P43")
    async def test_is_whoever_has_the_verified_address_and_all_else_reads_alike(self, api: Api) -> None:
        kari, ola, mallory = await api.people("Kari", "Ola", "Mallory")
        school = await a_customer(kari)
        made = await school.invites(ola.email)
        secret = await token(api, made["id"])
        denied = [
            await accepts(mallory, secret),
            await accepts(ola.with_token(email_verified=False), secret),
            await accepts(ola.with_token(email=None), secret),
            await accepts(ola.with_token(email=f"0{ola.email}"), secret),
            await accepts(ola.with_token(email=ola.email.replace("o", "о")), secret),
            await accepts(ola, secret[:-1]),
            await accepts(ola, made["id"]),
            await accepts(ola, (await invitation(api, made["id"])).seed),
            await accepts(ola, "x"),
            await accepts(ola, "../ukjent\r\nå"),
        ]
        said = [{**answer.json, "instance": "", "requestId": ""} for answer in denied]
        assert [answer.problem for answer in denied] == [MISSING] * len(denied)
        assert all(one == said[0] for one in said)
        assert (await api.post("/v1/invitations/accept", {"token": secret})).problem == (401, "unauthenticated")
        assert set(await school.roster()) == {kari.uid}

        assert (await accepts(ola.with_token(email=ola.email.upper()), secret)).status == 200

        assert (await accepts(mallory, secret)).problem == MISSING
        assert set(await school.roster()) == {kari.uid, ola.uid}

    async def test_is_nobody_after_seven_days(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        secret = await token(api, (await school.invites(ola.email))["id"])
        api.advance(days=6, hours=23)
        api.advance(hours=2)
        assert (await accepts(ola, secret)).problem == MISSING

    @pytest.mark.parametrize(
        "body", [{}, {"token": ""}, {"token": 7}, {"token": "x" * 201}, {"token": "x", "uid": "y"}]
    )
    async def test_sends_a_token_and_nothing_else(self, api: Api, body: dict[str, object]) -> None:
        kari = await api.person("Kari")
        answer = await kari.post("/v1/invitations/accept", body)
        assert answer.problem == (422, "validation_failed")


class TestIntoACustomer:
    @pytest.mark.promise("P04")
    @pytest.mark.promise("P35")
    async def test_makes_the_account_a_membership_and_the_places_in_groups(self, api: Api) -> None:
        kari = await api.person("Kari")
        school, other = await a_customer(kari), await a_customer(kari)
        stays, goes = await a_group(school), await a_group(school)
        ola = await api.person("Ola", enrolled=False)
        made = await school.invites(ola.email, groupIds=[stays, goes])
        moved = await api.db.get(groups.at(goes))
        assert moved
        await api.db.commit(groups.update(moved, customer_id=other.id))
        assert await api.db.get(profiles.at(ola.uid)) is None

        answer = await accepts(ola, await token(api, made["id"]))

        assert answer.json == {"opens": school.path, "customerId": school.id, "role": "member"}
        held = await belonging(ola)
        membership = held.memberships[school.id]
        assert set(held.principals(ola.uid)) == {
            f"user:{ola.uid}",
            f"customer:{school.id}",
            f"member:{membership.id}",
            f"group:{stays}",
        }
        line = await api.db.get(members.at(school.id, ola.uid))
        assert line and line.membership_id == membership.id
        roster = await api.db.get(participants.at(stays, ola.uid))
        assert roster and roster.membership_id == membership.id
        counts = [found.member_count for id_ in (stays, goes) if (found := await api.db.get(groups.at(id_)))]
        assert counts == [1, 0]
        assert (await ola.get(school.path))["role"] == "member"
        joined = [notice for notice in await told(api) if notice.kind == "joined"]
        assert [(one.uid, one.actor_id, one.about["customerId"]) for one in joined] == [(kari.uid, ola.uid, school.id)]

    async def test_lets_helpers_help_in_the_groups(self, api: Api) -> None:
        kari, hans = await api.people("Kari", "Hans")
        school = await a_customer(kari)
        group_id = await a_group(school)
        await school.takes(hans, role="helper", group_ids=(group_id,))
        assert f"helpers:{group_id}" in (await belonging(hans)).principals(hans.uid)

    async def test_leaves_the_customers_record_alone_while_a_class_accepts(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari, seats=20)
        pupils = await api.people(*(f"Elev{number}" for number in range(12)))
        secrets = [await token(api, (await school.invites(pupil.email))["id"]) for pupil in pupils]
        before = await school.stored()
        answers = await asyncio.gather(*map(accepts, pupils, secrets))
        assert {answer.status for answer in answers} == {200}
        after = await school.stored()
        assert (after.version, after.seats_taken) == (before.version, 13)
        assert len(await school.roster()) == 13

    async def test_twice_at_once_is_one_and_again_later_too(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari)
        group_id = await a_group(school)
        ola = await api.person("Ola", enrolled=False)
        made = await school.invites(ola.email, groupIds=[group_id])
        secret = await token(api, made["id"])
        answers = await asyncio.gather(*(accepts(ola, secret) for _ in range(4)))
        answers.append(await accepts(ola, secret))
        assert [answer.status for answer in answers] == [200] * 5
        assert all(answer.json == answers[0].json for answer in answers)
        group = await api.db.get(groups.at(group_id))
        assert group and group.member_count == 1
        assert len([notice for notice in await told(api) if notice.kind == "joined"]) == 1
        assert (await school.stored()).seats_taken == 2

    async def test_does_not_let_back_in_with_an_old_link(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        secret = await token(api, (await school.invites(ola.email))["id"])
        await accepts(ola, secret)
        await kari.delete(f"{school.path}/members/{ola.uid}")
        assert (await accepts(ola, secret)).problem == MISSING
        assert set(await school.roster()) == {kari.uid}

    async def test_of_a_member_gives_the_seat_back_and_never_a_lower_role(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari, seats=3)
        await school.takes(ola, role="helper")
        before = (await belonging(ola)).memberships[school.id]
        for role, becomes in (("member", "helper"), ("admin", "admin"), ("owner", "owner"), ("member", "owner")):
            made = await school.invites(ola.email, role=role)
            assert (await school.stored()).seats_taken == 3
            assert (await accepts(ola, await token(api, made["id"])))["role"] == becomes
            assert (await school.stored()).seats_taken == 2
        assert (await belonging(ola)).memberships[school.id].id == before.id
        assert await school.roster() == {kari.uid: "owner", ola.uid: "owner"}
        assert set((await school.stored()).owners) == {kari.uid, ola.uid}

    async def test_of_several_owners_at_once_keeps_them_all(self, api: Api) -> None:
        kari, *others = await api.people("Kari", "Ola", "Sara", "Per")
        school = await a_customer(kari)
        secrets = [await token(api, (await school.invites(one.email, role="owner"))["id"]) for one in others]
        answers = await asyncio.gather(*map(accepts, others, secrets))
        assert {answer["role"] for answer in answers} == {"owner"}
        assert set((await school.stored()).owners) == {kari.uid, *(one.uid for one in others)}

    async def test_ends_at_fifty_memberships_and_holds_until_there_is_room(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        for number in range(50):
            await joins(ola, f"skole-{number}")
        secret = await token(api, (await school.invites(ola.email))["id"])
        assert (await accepts(ola, secret)).problem == (409, "conflict")
        profile = await api.db.get(profiles.at(ola.uid), heavy=HEAVY)
        assert profile
        await api.db.commit(profiles.update(profile, **Belonging.of(profile).leaving("skole-7").fields(ola.uid)))
        assert (await accepts(ola, secret)).status == 200


class TestToOneThing:
    @pytest.mark.promise("P05")
    async def test_gives_the_principal_that_the_share_is_held_by(self, api: Api) -> None:
        kari, mallory = await api.people("Kari", "Mallory")
        ola = await api.person("Ola", enrolled=False)
        secret = await opening(kari, ola.email)
        assert (await accepts(mallory, secret)).problem == MISSING
        for _ in range(2):
            assert (await accepts(ola, secret)).json == {"opens": "/v1/documents/turen"}
        id_ = making.id_of(secret)
        assert (await belonging(ola)).principals(ola.uid) == [f"user:{ola.uid}", f"invitation:{id_}"]
        stored = await invitation(api, id_)
        assert (stored.state, stored.accepted_by, stored.open_until, stored.purge_at) == (
            "accepted",
            ola.uid,
            None,
            None,
        )
        (joined,) = [notice for notice in await told(api) if notice.kind == "joined"]
        assert (joined.uid, joined.about) == (kari.uid, {"invitationId": id_})

    async def test_opens_nothing_once_it_is_revoked(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        secret = await opening(kari, ola.email)
        stored = await invitation(api, making.id_of(secret))
        await api.db.commit(*making.revoked(stored, clock.now()))
        assert (await accepts(ola, secret)).problem == MISSING
        assert making.revoked(await invitation(api, stored.id), clock.now()) == []

    async def test_comes_to_an_end(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        profile = await api.db.get(profiles.at(ola.uid), heavy=HEAVY)
        assert profile
        many = [f"gammel-{number}" for number in range(MOST_OPENED)]
        await api.db.commit(profiles.update(profile, invitations=many))
        assert (await accepts(ola, await opening(kari, ola.email))).problem == (409, "conflict")


@pytest.mark.promise("P03")
async def test_nobody_needs_an_invitation_for_an_account(api: Api) -> None:
    kari = await api.person("Kari", enrolled=False)
    assert (
        await kari.post("/v1/customers", {"kind": "employer", "name": "Kari AS", "country": "NO", "language": "nb"})
    )["role"] == "owner"
    assert await api.db.query(invitations.under()) == []
