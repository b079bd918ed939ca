from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.functions import Schedule
from infra.local.gateway.schedules import next_run
from tests.infra.local.gateway.conftest import Gateway


async def nightly(gateway: Gateway) -> dict[str, Any]:
    return next(job for job in await gateway.listed("/__local/schedules") if job["name"] == "nightly")


class TestNextRun:
    @pytest.mark.parametrize(
        ("after", "due"),
        [
            ("2026-11-23T02:59:59Z", "2026-11-24T02:00:00Z"),
            ("2026-07-01T00:59:59Z", "2026-07-01T01:00:00Z"),
            ("2026-07-01T01:00:00Z", "2026-07-02T01:00:00Z"),
            # The day on which Oslo leaves summer time: three o'clock is an hour later in UTC.
            ("2026-10-24T12:00:00Z", "2026-10-25T02:00:00Z"),
            ("2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
        ],
    )
    def test_goes_by_the_wall_clocks_of_its_zone(self, after: str, due: str) -> None:
        schedule = Schedule("nightly", "0 3 * * *", "Europe/Oslo")

        assert next_run(schedule, datetime.fromisoformat(after)) == datetime.fromisoformat(due)


class TestList:
    async def test_tells_when_each_runs_next(self, gateway: Gateway) -> None:
        job = await nightly(gateway)

        assert (job["function"], job["cron"], job["zone"]) == ("letters-schedules", "0 3 * * *", "Europe/Oslo")
        assert (job["lastRun"], job["lastStatus"]) == (None, None)
        assert datetime.fromisoformat(job["nextRun"]) > datetime.now(UTC)


class TestRunNow:
    async def test_calls_the_private_function_as_cloud_scheduler_does(self, gateway: Gateway) -> None:
        answer = await gateway.post("/__local/schedules/nightly/run")

        seen = answer.json()
        assert (seen["function"], seen["method"], seen["path"]) == ("letters-schedules", "POST", "/schedules/nightly")
        headers = seen["headers"]
        assert headers["user-agent"] == "Google-Cloud-Scheduler"
        assert (headers["x-cloudscheduler"], headers["x-cloudscheduler-jobname"]) == ("true", "nightly")
        assert datetime.fromisoformat(headers["x-cloudscheduler-scheduletime"]).tzinfo is not None

    async def test_shows_who_calls_whom_by_token(self, gateway: Gateway) -> None:
        answer = await gateway.post("/__local/schedules/nightly/run")

        token = answer.json()["headers"]["authorization"].removeprefix("Bearer ").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(token + "=="))
        assert claims["aud"] == "http://127.0.0.1:8080/__local/functions/letters-schedules"
        assert claims["email"] == "scheduler-invoker@demo-dokker.iam.gserviceaccount.com"

    async def test_answers_as_the_handler_does(self, gateway: Gateway) -> None:
        answer = await gateway.post("/__local/schedules/failing/run")

        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
        failing = next(job for job in await gateway.listed("/__local/schedules") if job["name"] == "failing")
        assert failing["lastStatus"] == 500 and failing["lastRun"] is not None

    async def test_of_an_unknown_name_is_a_problem(self, gateway: Gateway) -> None:
        answer = await gateway.post("/__local/schedules/never/run")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestOnTime:
    async def test_runs_a_missed_schedule_once_however_far_the_clock_was_moved(self, gateway: Gateway) -> None:
        async with gateway.running():
            due = (await nightly(gateway))["nextRun"]
            await gateway.post("/__local/clock", json={"advance": "P5D"})
            for _ in range(100):
                if (job := await nightly(gateway))["lastRun"]:
                    break
                await asyncio.sleep(0.02)

        assert job["lastStatus"] == 200
        assert datetime.fromisoformat(job["nextRun"]) > datetime.fromisoformat(job["lastRun"])
        assert (datetime.fromisoformat(job["nextRun"]) - datetime.fromisoformat(due)).days in (4, 5)

    async def test_runs_nothing_before_its_time(self, gateway: Gateway) -> None:
        async with gateway.running():
            await asyncio.sleep(0.05)
            assert (await nightly(gateway))["lastRun"] is None
