"""Signing out everywhere: what was issued before is refused from that moment on."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest

from accounts.profiles.records import profiles
from infra.local.auth_accounts import OWNER, accounts_url
from tests.support.api import Api, Person

REVOKE = "/v1/me/sessions/revoke"


class TestRevoke:
    async def test_wants_a_session_itself(self, api: Api) -> None:
        assert (await api.post(REVOKE)).problem == (401, "unauthenticated")

    @pytest.mark.promise("P43")
    async def test_refuses_older_tokens_at_once_on_every_route(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.in_auth(kari)
        document = await kari.writes("Dagbok")
        tablet = _signed_in(kari, seconds=-60)
        assert (await tablet.get("/v1/me")).status == 200

        assert (await kari.post(REVOKE)).status == 200

        refused = [
            answer
            for person in (kari, tablet, _signed_in(kari, seconds=-1))
            for answer in (
                await person.get("/v1/me"),
                await person.get(document.path),
                await person.post("/v1/documents", {"title": "Ikke min"}),
                await person.post(REVOKE),
            )
        ]
        assert {answer.problem for answer in refused} == {(401, "unauthenticated")}

    async def test_lets_in_who_signs_in_afterwards(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        api.in_auth(kari)

        at = datetime.fromisoformat((await kari.post(REVOKE))["revokedAt"])

        assert abs((at - datetime.now(UTC)).total_seconds()) < 5
        again = _signed_in(kari, seconds=1)
        assert (await again.get("/v1/me"))["uid"] == kari.uid
        assert (await ola.get("/v1/me")).status == 200
        assert await again.listed("/v1/me/security-events", "kind") == ["sessions_revoked"]

    async def test_tells_firebase_too(self, api: Api) -> None:
        """No refresh token of before makes a new ID token."""
        kari, ola = await api.people("Kari", "Ola")
        for person in (kari, ola):
            api.in_auth(person)
        await asyncio.sleep(1.1)  # Auth knows times to the second

        at = datetime.fromisoformat((await kari.post(REVOKE))["revokedAt"]).timestamp()

        assert _valid_since(api, kari) >= int(at) > _valid_since(api, ola)

    async def test_twice_counts_from_the_second(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.in_auth(kari)
        first = datetime.fromisoformat((await kari.post(REVOKE))["revokedAt"])
        again = _signed_in(kari, seconds=1)
        # A token may be of a sign-in a second ahead, so the next revocation has to come a second later.
        await asyncio.sleep(int(first.timestamp()) + 2 - time.time())

        second = datetime.fromisoformat((await again.post(REVOKE))["revokedAt"])

        assert second > first
        assert (await again.get("/v1/me")).problem == (401, "unauthenticated")
        assert (await _signed_in(kari, seconds=3).get("/v1/me")).status == 200

    async def test_goes_by_the_machines_clock(self, api: Api) -> None:
        """Tokens are made by Firebase, which knows nothing of a clock that was moved."""
        kari = await api.person("Kari")
        api.in_auth(kari)
        api.advance(days=40)
        assert (await kari.post(REVOKE)).status == 200
        assert (await _signed_in(kari, seconds=1).get("/v1/me")).status == 200

    async def test_keeps_the_etag_of_what_the_person_sees(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.in_auth(kari)
        before = (await kari.get("/v1/me")).etag
        await kari.post(REVOKE)
        assert (await _signed_in(kari, seconds=1).get("/v1/me")).etag == before


class TestRevokeWithoutFirebase:
    async def test_succeeds_for_an_account_that_firebase_has_no_more(self, api: Api) -> None:
        """There is no refresh token to end; the ID tokens that are left are refused here."""
        kari = await api.person("Kari")

        assert (await kari.post(REVOKE)).status == 200
        assert (await kari.get("/v1/me")).problem == (401, "unauthenticated")

    @pytest.mark.parametrize("host", ["refusing", pytest.param("silent", marks=pytest.mark.slow)])
    async def test_holds_here_and_says_what_is_left_to_do(
        self, api: Api, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with _deaf() as silent:
            # firebase-admin goes by the environment, and reads it when it is first used for a project.
            address = silent if host == "silent" else "127.0.0.1:1"
            monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", address)
            kari = await api.person("Kari")

            began = time.monotonic()
            answer = await kari.post(REVOKE)

            assert time.monotonic() - began < 15
            assert answer.problem == (503, "unavailable")
            assert int(answer.response.headers["retry-after"]) > 0
            assert "sign in again" in answer.json["detail"].lower()
            stored = await api.db.get(profiles.at(kari.uid))
            assert stored and stored.valid_after
            assert (await kari.get("/v1/me")).problem == (401, "unauthenticated")
            assert (await _signed_in(kari, seconds=1).get("/v1/me")).status == 200


def _signed_in(person: Person, *, seconds: int) -> Person:
    """The person with a token of a sign-in so many seconds from now."""
    return person.with_token(auth_time=int(time.time()) + seconds)


def _valid_since(api: Api, person: Person) -> int:
    url = accounts_url(f"http://{api.clients.settings.auth_emulator_host}", api.project_id) + ":lookup"
    answer = httpx.post(url, json={"localId": [person.uid]}, headers=OWNER, timeout=30)
    return int(answer.json()["users"][0].get("validSince", 0))


@asynccontextmanager
async def _deaf() -> AsyncIterator[str]:
    """A server that takes every connection and never answers."""
    ended = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ended.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        ended.set()
        server.close()
