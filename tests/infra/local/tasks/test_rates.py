"""https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RateLimits"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument

from infra.local.tasks.records import QueueConfig
from infra.local.tasks.refusals import Refusal
from tests.infra.local.tasks.conftest import QUEUE, Desk

# Long enough for a dispatch that shouldn't be to be seen: the dispatcher looks around more often than that.
A_WHILE = 0.25


async def limit(desk: Desk, **limits: float) -> None:
    queue: Any = {"name": QUEUE, "rate_limits": limits}
    await desk.client.update_queue(queue=queue)


async def create(desk: Desk, count: int) -> None:
    await asyncio.gather(*(desk.create() for _ in range(count)))


class TestRate:
    async def test_is_kept_after_the_burst_however_the_clock_leaps(self, desk: Desk) -> None:
        await limit(desk, max_dispatches_per_second=5)
        await desk.client.pause_queue(name=QUEUE)
        await create(desk, 9)
        started = time.monotonic()
        await desk.client.resume_queue(name=QUEUE)

        while (sent := len(desk.target.received)) < 9:
            assert sent <= 5 + 5 * (time.monotonic() - started)
            desk.clock.advance(timedelta(hours=1))
            await asyncio.sleep(0.01)

        assert time.monotonic() - started >= 4 / 5

    async def test_counts_retries_too(self, desk: Desk) -> None:
        await limit(desk, max_dispatches_per_second=1)
        desk.target.answers.append(500)
        started = time.monotonic()
        await desk.create()
        await desk.server.idle()

        await desk.pass_time(timedelta(minutes=1))

        assert len(desk.target.received) == 2
        assert time.monotonic() - started >= 1

    async def test_does_not_hold_a_forced_run(self, desk: Desk) -> None:
        await limit(desk, max_dispatches_per_second=0.001)
        await desk.create("/first")
        task = await desk.create("/forced")
        await desk.target.got(1)

        await desk.client.run_task(name=task.name)
        await desk.server.idle()

        assert desk.target.paths == ["/first", "/forced"]

    async def test_can_be_raised_while_tasks_wait(self, desk: Desk) -> None:
        await limit(desk, max_dispatches_per_second=0.001)
        await create(desk, 3)
        await desk.target.got(1)

        await limit(desk, max_dispatches_per_second=500)
        await desk.server.idle()

        assert len(desk.target.received) == 3


class TestConcurrency:
    async def test_is_never_above_the_limit(self, desk: Desk) -> None:
        await limit(desk, max_concurrent_dispatches=3)
        desk.target.open.clear()
        await create(desk, 8)
        await desk.target.got(3)
        await asyncio.sleep(A_WHILE)
        assert len(desk.target.received) == 3

        desk.target.open.set()
        await desk.server.idle()

        assert len(desk.target.received) == 8
        assert desk.target.most_busy <= 3

    async def test_can_be_lowered_below_what_runs(self, desk: Desk) -> None:
        desk.target.open.clear()
        await create(desk, 4)
        await desk.target.got(4)

        await limit(desk, max_concurrent_dispatches=1)
        await create(desk, 3)
        await asyncio.sleep(A_WHILE)
        assert len(desk.target.received) == 4

        desk.target.open.set()
        await desk.server.idle()
        assert len(desk.target.received) == 7

    async def test_does_not_hold_a_forced_run(self, desk: Desk) -> None:
        await limit(desk, max_concurrent_dispatches=1)
        desk.target.open.clear()
        await desk.create()
        await desk.target.got(1)
        task = await desk.create(schedule_time=desk.clock.now() + timedelta(days=1))

        await desk.client.run_task(name=task.name)
        await desk.target.got(2)

        assert desk.target.most_busy == 2

    async def test_of_one_queue_does_not_hold_another(self, desk: Desk) -> None:
        other = f"{QUEUE}-else"
        desk.server.ensure_queue(other, QueueConfig())
        await limit(desk, max_concurrent_dispatches=1)
        desk.target.open.clear()
        await create(desk, 2)
        await desk.create("/else", queue=other)

        await desk.target.got(2)

        assert "/else" in desk.target.paths


class TestLimits:
    @pytest.mark.parametrize(
        "limits",
        [
            {"max_dispatches_per_second": -1},
            {"max_dispatches_per_second": 500.5},
            {"max_dispatches_per_second": float("nan")},
            {"max_concurrent_dispatches": -1},
            {"max_concurrent_dispatches": 5001},
        ],
    )
    async def test_of_no_sense_are_refused(self, desk: Desk, limits: dict[str, float]) -> None:
        with pytest.raises(InvalidArgument, match="RateLimits"):
            await limit(desk, **limits)

    @pytest.mark.parametrize("config", [{"max_dispatches_per_second": 0}, {"max_concurrent_dispatches": 0}])
    async def test_that_would_hold_a_queue_for_ever_are_refused(self, desk: Desk, config: dict[str, Any]) -> None:
        with pytest.raises(Refusal, match="greater than 0"):
            desk.server.ensure_queue(QUEUE, QueueConfig(**config))
