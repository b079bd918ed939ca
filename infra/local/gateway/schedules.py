"""Cloud Scheduler of the embedded stack: posts to the private functions on time, in domain time, as Google's does.

Headers: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs#HttpTarget
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from croniter import croniter

from core import clock
from core.functions import Schedule
from infra.local.gateway.clocks import StackClock, rfc3339
from infra.local.gateway.loading import Served
from infra.local.gateway.settings import Settings
from infra.local.machine_tokens import mint_by

_LOOK_AGAIN = 1.0
"""Seconds after which the clock's file is read again, as another process may have moved it."""


@dataclass
class Job:
    """One schedule with what became of it: due when, last run when, and the status that the handler gave."""

    schedule: Schedule
    served: Served
    due: datetime
    last_run: datetime | None = None
    last_status: int | None = None
    running: bool = False

    def view(self) -> dict[str, object]:
        return {
            "name": self.schedule.name,
            "function": self.served.function.name,
            "cron": self.schedule.cron,
            "zone": self.schedule.zone,
            "nextRun": rfc3339(self.due),
            "lastRun": rfc3339(self.last_run) if self.last_run else None,
            "lastStatus": self.last_status,
        }


def next_run(schedule: Schedule, after: datetime) -> datetime:
    """Return when the schedule is due next, strictly after that moment, by the wall clocks of its zone."""
    local = after.astimezone(ZoneInfo(schedule.zone))
    times: Any = croniter(schedule.cron, local)
    following: datetime = times.get_next(datetime)
    return following


class Scheduler:
    """Runs every schedule of the served functions; `run_due` is one look at the clock, `serve` looks for ever."""

    def __init__(self, served: Mapping[str, Served], stack_clock: StackClock, settings: Settings) -> None:
        self._clock = stack_clock
        self._settings = settings
        # Tokens go by wall time, as everything about identity does.
        self._mint = mint_by(clock.wall)
        self._moved = asyncio.Event()
        now = stack_clock.now()
        self.jobs = {
            schedule.name: Job(schedule, one, next_run(schedule, now))
            for one in served.values()
            for schedule in one.function.schedules
        }

    async def run(self, job: Job, at: datetime) -> httpx.Response:
        """Post to the handler as Cloud Scheduler does for the time `at`, and return what it answers.

        A handler that takes longer than its function's timeout is given up with a 504.
        """
        job.last_run, job.running = self._clock.now(), True
        try:
            async with asyncio.timeout(job.served.function.resources.timeout):
                response = await self._post(job, at)
        except TimeoutError:
            response = httpx.Response(504, json={"detail": "the function's timeout passed"})
        finally:
            job.running = False
        job.last_status = response.status_code
        return response

    async def run_due(self) -> None:
        """Run what is due, each schedule once however many of its times the clock was moved over.

        As in Cloud Scheduler a run whose predecessor has not ended is left out.
        """
        now = self._clock.now()
        missed = [(job, job.due) for job in self.jobs.values() if job.due <= now]
        for job, _ in missed:
            job.due = next_run(job.schedule, now)
        await asyncio.gather(*(self.run(job, at) for job, at in missed if not job.running))

    async def serve(self) -> None:
        """Run schedules on time until cancelled."""
        async with asyncio.TaskGroup() as runs:
            while True:
                if any(job.due <= self._clock.now() for job in self.jobs.values()):
                    runs.create_task(self.run_due())
                await self._pause()

    def wake(self) -> None:
        """Look at the clock at once: it was moved."""
        self._moved.set()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._moved.wait(), _LOOK_AGAIN)
        except TimeoutError:
            return
        self._moved.clear()

    async def _post(self, job: Job, at: datetime) -> httpx.Response:
        base = self._settings.address_of(job.served.function.name)
        # Straight to the function's app: a socket would add nothing, and tests have none.
        transport = httpx.ASGITransport(job.served.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.post(job.schedule.path, headers=self._headers(job, at, audience=base))

    def _headers(self, job: Job, at: datetime, audience: str) -> dict[str, str]:
        invoker = f"scheduler-invoker@{self._settings.project_id}.iam.gserviceaccount.com"
        return {
            "User-Agent": "Google-Cloud-Scheduler",
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": job.schedule.name,
            "X-CloudScheduler-ScheduleTime": rfc3339(at),
            "Content-Type": "application/octet-stream",
            "Authorization": f"Bearer {self._mint(invoker, audience)}",
        }
