"""Tokens of the Auth emulator, as the API takes them: what firebase-admin lets through there is checked by us."""

from __future__ import annotations

from time import time
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from core.failures import RecentSignInRequired, Unauthenticated
from core.web.application import Application, Budget
from tests.support.api import Answer, Api, Client, Person
from tests.support.tokens import change_user, id_token

HOUR = 3600


@pytest.mark.promise("P43")
class TestTokens:
    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": int(time()) - HOUR},
            {"exp": "soon"},
            {"auth_time": int(time()) + HOUR},
            {"iss": "https://securetoken.google.com/another"},
            {"aud": "another"},
            {"sub": ""},
            {"sub": "a/b"},
            {"firebase": {"tenant": "school-1"}},
            {"name": 5},
            {"email": 5},
            {"name": "\ud800"},
            {"email_verified": "yes"},
        ],
        # Two workers must name a case alike, so no time may stand in its name.
        ids=lambda claims: next(iter(claims)),
    )
    async def test_of_wrong_claims_are_refused(self, api: Api, claims: dict[str, Any]) -> None:
        kari = await api.person("Kari")
        answer = await kari.with_token(**claims).get("/v1/me")
        assert answer.problem == (401, "unauthenticated")
        assert answer.response.headers["www-authenticate"].startswith("Bearer")

    async def test_of_another_project_are_refused(self, api: Api) -> None:
        token = id_token("demo-another", "kari", "kari@example.com")
        assert (await api.get("/v1/me", authorization=f"Bearer {token}")).problem == (401, "unauthenticated")

    @pytest.mark.parametrize("header", ["Bearer x", "Bearer " + "x" * 30_000, "Basic eDp4", "Bearer \u00e9", "bearer"])
    async def test_that_are_none_are_refused(self, api: Api, header: str) -> None:
        headers: dict[str, Any] = {"authorization": header.encode("latin-1")}
        assert (await api.get("/v1/me", **headers)).problem == (401, "unauthenticated")


@pytest.mark.promise("P43")
class TestRevocation:
    async def test_of_sessions_is_seen_at_once_by_who_asks(self, api: Api) -> None:
        kari = await api.person("Kari", iat=int(time()) - 60)
        api.in_auth(kari)
        identity, header = api.clients.identity, f"Bearer {kari.token}"
        change_user(
            api.clients.settings.auth_emulator_host, api.project_id, kari.uid, validSince=str(int(time()) - HOUR)
        )
        await identity.refuse_if_revoked(header)

        await identity.revoke_sessions(kari.uid)

        with pytest.raises(Unauthenticated):
            await identity.refuse_if_revoked(header)

    async def test_of_an_account_that_was_disabled_is_seen_at_once(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.in_auth(kari)
        change_user(api.clients.settings.auth_emulator_host, api.project_id, kari.uid, disableUser=True)
        with pytest.raises(Unauthenticated):
            await api.clients.identity.refuse_if_revoked(f"Bearer {kari.token}")

    async def test_of_somebody_whom_firebase_does_not_know_is_no_error(self, api: Api) -> None:
        await api.clients.identity.revoke_sessions("nobody")
        kari = await api.person("Kari")
        with pytest.raises(Unauthenticated):
            await api.clients.identity.refuse_if_revoked(f"Bearer {kari.token}")


class TestSensitiveRoutes:
    async def test_want_a_recent_sign_in_that_firebase_stands_by(self, api: Api) -> None:
        app = Application("secrets")

        @app.get("/v1/secrets", sensitive=True, budget=Budget())
        async def tell() -> Response:
            return Response("secret")

        kari = await api.person("Kari")
        api.in_auth(kari)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://dokker") as http:

            async def asks(person: Person) -> Answer:
                return await Client(http, person.headers).get("/v1/secrets")

            assert (await asks(kari.with_token(auth_time=int(time()) - 301))).problem == (
                403,
                "recent_sign_in_required",
            )
            assert (await asks(kari.with_token(auth_time=int(time()) - 290))).status == 200
            change_user(api.clients.settings.auth_emulator_host, api.project_id, kari.uid, disableUser=True)
            assert (await asks(kari)).problem == (401, "unauthenticated")
            assert (await kari.get("/v1/me")).status == 200

        assert RecentSignInRequired in app.declared[0].raises
