"""A person's own account: it comes with the first call, and changes only by who read it as it is."""

import asyncio
from datetime import UTC, datetime

import pytest

from accounts.profiles.records import TombstoneRecord, profiles, tombstones
from tests.support.api import Api, Person
from tests.support.tokens import id_token


class TestFirstCall:
    async def test_needs_a_token_that_holds(self, api: Api) -> None:
        past = int(datetime.now(UTC).timestamp()) - 7200
        expired = id_token(api.project_id, "kari", iat=past)
        foreign = id_token("demo-another", "kari")
        nobodys = id_token(api.project_id, "")
        tenants = id_token(api.project_id, "kari", firebase={"tenant": "skole", "sign_in_provider": "password"})

        answers = [await api.get("/v1/me")]
        answers += [await api.get("/v1/me", authorization=f"Bearer {t}") for t in (expired, foreign, nobodys, tenants)]
        answers += [
            await api.get("/v1/me", authorization=held) for held in ("Bearer x.y.z", "Basic a2FyaTpo", "Bearer")
        ]

        assert {answer.problem for answer in answers} == {(401, "unauthenticated")}
        assert all(answer.response.headers["www-authenticate"].startswith("Bearer") for answer in answers)
        assert await api.db.query(profiles.under()) == []

    @pytest.mark.promise("P03")
    async def test_makes_the_account(self, api: Api) -> None:
        kari = await api.person("Kari", enrolled=False)
        assert await api.db.get(profiles.at(kari.uid)) is None

        me = await kari.get("/v1/me")

        assert me.json.pop("createdAt")
        assert me.status == 200
        assert {**me.json, "createdAt": ""} == {
            "uid": kari.uid,
            "name": "Kari",
            "email": kari.email,
            "emailVerified": True,
            "locale": "nb",
            "timeZone": "Europe/Oslo",
            "state": "active",
            "storage": {"usedBytes": 0, "limitBytes": 2 * 1024**3},
            "createdAt": "",
        }
        assert (me.etag, me.response.headers["cache-control"]) == ('"1-0"', "private, no-cache")

    async def test_of_another_capability_makes_it_too(self, api: Api) -> None:
        kari = await api.person("Kari", enrolled=False)
        assert await kari.listed("/v1/documents") == []
        assert (await kari.get("/v1/me"))["name"] == "Kari"

    async def test_makes_one_account_when_ten_come_at_once(self, api: Api) -> None:
        kari = await api.person("Kari", enrolled=False)

        answers = await asyncio.gather(*(kari.get("/v1/me") for _ in range(10)))

        assert [answer.status for answer in answers] == [200] * 10
        assert len({answer["createdAt"] for answer in answers}) == 1
        assert [profile.uid for profile in await api.db.query(profiles.under())] == [kari.uid]

    async def test_takes_a_name_as_the_token_gives_it(self, api: Api) -> None:
        kari, ola = await api.person("Kari", enrolled=False), await api.person("Ola", enrolled=False)
        nameless, long = kari.with_token(name=None, email=None), ola.with_token(name=f" \nOla\t Dahl {'x' * 300}")

        me = await nameless.get("/v1/me")
        assert (me["name"], me.json.get("email"), me["emailVerified"]) == ("", None, False)
        assert (await long.get("/v1/me"))["name"] == "Ola Dahl " + "x" * 191

    async def test_never_makes_it_for_who_was_erased(self, api: Api) -> None:
        kari, ola = await api.person("Kari", enrolled=False), await api.person("Ola", enrolled=False)
        erased = TombstoneRecord(subject_hash=api.subject_hash(kari), at=datetime.now(UTC))
        await api.db.commit(tombstones.put(erased))

        answers = [
            await kari.get("/v1/me"),
            await kari.patch("/v1/me", {"name": "Kari"}, if_match="*"),
            await kari.post("/v1/documents", {"title": "Til minne"}),
            await kari.get("/v1/documents"),
            await kari.post("/v1/me/sessions/revoke"),
        ]

        assert {answer.problem for answer in answers} == {(403, "account_erasing")}
        assert await api.db.get(profiles.at(kari.uid)) is None
        assert (await ola.get("/v1/me")).status == 200


class TestRead:
    async def test_answers_304_for_what_the_client_has(self, api: Api) -> None:
        kari = await api.person("Kari")
        me = await kari.get("/v1/me")

        for held in (me.etag, f"W/{me.etag}", f'"0", {me.etag}', "*"):
            unchanged = await kari.get("/v1/me", if_none_match=held)
            assert (unchanged.status, unchanged.response.content, unchanged.etag) == (304, b"", me.etag)
        assert (await kari.get("/v1/me", if_none_match='"0"')).status == 200

    @pytest.mark.parametrize("malformed", ["1", '"1', "1-owner", "", '"1" "2"', "W/1"])
    async def test_refuses_what_is_no_etag(self, api: Api, malformed: str) -> None:
        kari = await api.person("Kari")
        read = await kari.get("/v1/me", if_none_match=malformed)
        changed = await kari.patch("/v1/me", {"name": "Kari N"}, if_match=malformed)
        assert (read.problem, read.pointers) == ((400, "malformed_request"), ["/header/If-None-Match"])
        assert (changed.problem, changed.pointers) == ((400, "malformed_request"), ["/header/If-Match"])

    async def test_shows_the_address_that_the_token_gives(self, api: Api) -> None:
        kari = await api.person("Kari", email_verified=False)
        before = await kari.get("/v1/me")

        moved = await kari.with_token(email="kari@ny.example").get("/v1/me")
        again = await kari.with_token(email="kari@ny.example").get("/v1/me")

        assert (before["email"], before["emailVerified"]) == (kari.email, False)
        assert (moved["email"], moved["emailVerified"]) == ("kari@ny.example", True)
        assert moved.etag != before.etag
        assert again.etag == moved.etag
        stored = await api.db.get(profiles.at(kari.uid))
        assert stored and stored.email == "kari@ny.example"


class TestChange:
    async def test_wants_the_etag_that_was_read(self, api: Api) -> None:
        kari = await api.person("Kari")
        first = (await kari.get("/v1/me")).etag

        assert (await kari.patch("/v1/me", {"name": "Kari Nordmann"})).problem == (428, "if_match_required")
        changed = await kari.patch("/v1/me", {"name": "Kari Nordmann"}, if_match=first)
        assert (changed.status, changed["name"]) == (200, "Kari Nordmann")
        stale = await kari.patch("/v1/me", {"name": "Kari Hansen"}, if_match=first)
        weak = await kari.patch("/v1/me", {"name": "Kari Hansen"}, if_match=f"W/{changed.etag}")
        assert {stale.problem, weak.problem} == {(412, "stale_etag")}
        assert (await kari.get("/v1/me"))["name"] == "Kari Nordmann"

    @pytest.mark.promise("P07")
    async def test_leaves_out_what_is_not_named(self, api: Api) -> None:
        kari = await api.person("Kari")
        all_of_it = {"name": "Kari Ødegård", "phone": "+47 22 22 22 22", "locale": "en", "timeZone": "America/New_York"}

        changed = await kari.patch("/v1/me", all_of_it, if_match="*")
        assert {name: changed[name] for name in all_of_it} == {**all_of_it, "phone": "+4722222222"}

        later = await kari.patch("/v1/me", {"locale": "nb"}, if_match=changed.etag)
        assert later.json == {**changed.json, "locale": "nb"}
        assert (await kari.get("/v1/me")).json == later.json

        without = await kari.patch("/v1/me", {"phone": None}, if_match=later.etag)
        assert "phone" not in without.json

    async def test_of_nothing_keeps_the_etag(self, api: Api) -> None:
        kari = await api.person("Kari")
        me = await kari.get("/v1/me")
        for nothing in ({}, {"name": "Kari"}, {"locale": "nb", "timeZone": "Europe/Oslo", "phone": None}):
            assert (await kari.patch("/v1/me", nothing, if_match=me.etag)).etag == me.etag

    async def test_has_one_winner_of_those_who_read_the_same(self, api: Api) -> None:
        kari = await api.person("Kari")
        etag = (await kari.get("/v1/me")).etag

        answers = await asyncio.gather(*(kari.patch("/v1/me", {"name": f"Kari {n}"}, if_match=etag) for n in range(10)))

        assert sorted(answer.status for answer in answers) == [200] + [412] * 9
        winner = next(answer for answer in answers if answer.status == 200)
        assert (await kari.get("/v1/me"))["name"] == winner["name"]

    async def test_with_any_version_is_never_stale(self, api: Api) -> None:
        kari = await api.person("Kari")

        answers = await asyncio.gather(*(kari.patch("/v1/me", {"name": f"Kari {n}"}, if_match="*") for n in range(10)))

        assert [answer.status for answer in answers] == [200] * 10
        assert (await kari.get("/v1/me")).etag == '"11-0"'


class TestOfAnother:
    async def test_stays_as_it_was(self, api: Api) -> None:
        """Whoever signs in sees and changes their own account alone."""
        kari, ola = await api.people("Kari", "Ola")

        await asyncio.gather(_renames(kari, "Kari Moe"), _renames(ola, "Ola Dahl"))

        assert [(await person.get("/v1/me"))["name"] for person in (kari, ola)] == ["Kari Moe", "Ola Dahl"]
        assert (await kari.get("/v1/me"))["uid"] == kari.uid


async def _renames(person: Person, name: str) -> None:
    assert (await person.patch("/v1/me", {"name": name}, if_match="*")).status == 200
