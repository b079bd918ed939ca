"""The OIDC token as the handler gets it: https://cloud.google.com/tasks/docs/creating-http-target-tasks#token"""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta
from typing import Any

from infra.local.machine_tokens import SIGNATURE
from tests.infra.local.tasks.conftest import Clock, Desk, open_desk
from tests.infra.local.tasks.target import Target

EMAIL = "tasks@demo.iam.gserviceaccount.com"


async def claims_of(desk: Desk, path: str = "/", **token: str) -> dict[str, Any]:
    """What the token says that comes with a task."""
    await desk.create(path, http={"oidc_token": {"service_account_email": EMAIL, **token}})
    await desk.server.idle()
    scheme, _, written = desk.target.received[-1].headers["authorization"].partition(" ")
    _, claims, signature = written.split(".")
    assert (scheme, signature) == ("Bearer", SIGNATURE)
    return json.loads(base64.urlsafe_b64decode(claims + "=="))


class TestClaims:
    async def test_say_who_calls_whom(self, clock: Clock, target: Target) -> None:
        async with open_desk(clock, target) as desk:
            claims = await claims_of(desk, "/brev?til=ola", audience="https://dokker.example")

        assert claims["iss"] == "https://accounts.google.com"
        assert claims["aud"] == "https://dokker.example"
        assert (claims["email"], claims["email_verified"]) == (EMAIL, True)
        assert claims["sub"] == claims["azp"]

    async def test_are_for_the_whole_url_when_no_audience_is_given(self, clock: Clock, target: Target) -> None:
        async with open_desk(clock, target) as desk:
            claims = await claims_of(desk, "/brev?til=ola")

        assert claims["aud"] == f"{target.url}/brev?til=ola"

    async def test_hold_for_an_hour_of_the_machines_own_time(self, clock: Clock, target: Target) -> None:
        # Whoever verifies a token asks the machine's clock: the stack's may be weeks ahead.
        clock.advance(timedelta(days=20))
        before = int(time.time())
        async with open_desk(clock, target) as desk:
            claims = await claims_of(desk)

        assert before <= claims["iat"] <= time.time()
        assert claims["exp"] - claims["iat"] == 3600

    async def test_are_made_anew_for_each_attempt(self, clock: Clock, target: Target) -> None:
        minted: list[str] = []

        def mint(email: str, _audience: str) -> str:
            minted.append(email)
            return f"token-{len(minted)}"

        target.answers.append(500)
        async with open_desk(clock, target, mint=mint) as desk:
            await desk.create(http={"oidc_token": {"service_account_email": EMAIL}})
            await desk.server.idle()
            await desk.pass_time(timedelta(minutes=1))

        assert [got.headers["authorization"] for got in target.received] == ["Bearer token-1", "Bearer token-2"]


class TestNoToken:
    async def test_a_task_that_asks_for_none_brings_none(self, desk: Desk) -> None:
        await desk.create()
        await desk.server.idle()

        assert "authorization" not in desk.target.received[0].headers

    async def test_an_authorization_of_the_tasks_own_is_sent(self, desk: Desk) -> None:
        await desk.create(http={"headers": {"Authorization": "Basic eDp5"}})
        await desk.server.idle()

        assert desk.target.received[0].headers["authorization"] == "Basic eDp5"
