"""Seeing another: nobody but who shares something with them, and that is nobody yet."""

import pytest

from accounts.profiles import service
from accounts.profiles.records import AccountState
from core import clock
from tests.support.api import Api


class TestPerson:
    @pytest.mark.promise("P43")
    async def test_who_shares_nothing_reads_as_missing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        there, nowhere = await kari.get(f"/v1/people/{ola.uid}"), await kari.get("/v1/people/ingen")

        assert there.problem == nowhere.problem == (404, "not_found")
        # Nothing tells a stranger from somebody who does not exist.
        assert {**there.json, "instance": "", "requestId": ""} == {**nowhere.json, "instance": "", "requestId": ""}
        assert (await api.get(f"/v1/people/{ola.uid}")).problem == (401, "unauthenticated")

    async def test_sees_oneself_by_name_alone(self, api: Api) -> None:
        kari = await api.person("Kari")
        assert (await kari.get(f"/v1/people/{kari.uid}")).json == {"uid": kari.uid, "name": "Kari"}

    async def test_who_is_being_erased_sees_nobody(self, api: Api) -> None:
        kari = await api.person("Kari")
        await service.change_state(api.db, kari.uid, AccountState.ERASING, clock.now())
        assert (await kari.get(f"/v1/people/{kari.uid}")).problem == (403, "account_erasing")

    @pytest.mark.parametrize("uid", ["æøå", "a b", "kari+ola@example.com", "a:b|c", "😀", "x" * 128])
    async def test_may_have_any_uid_that_firebase_gives(self, api: Api, uid: str) -> None:
        odd = await api.person("Kari", uid=uid, email="kari@example.com")
        assert (await odd.get(f"/v1/people/{uid}"))["uid"] == uid
        document = await odd.writes("Kaffekart", tags=["tur"])
        assert await odd.listed() == await odd.listed(q="kaffekart") == await odd.listed(tag="tur") == [document.id]

    @pytest.mark.parametrize("uid", [".", "..", "%2E%2E", "__x__", "a%2Fb", "x" * 129, "%00", "a%00b", "%ED%A0%80"])
    async def test_is_nobody_when_no_uid_looks_like_that(self, api: Api, uid: str) -> None:
        kari = await api.person("Kari")
        assert (await kari.get(f"/v1/people/{uid}")).problem == (404, "not_found")
