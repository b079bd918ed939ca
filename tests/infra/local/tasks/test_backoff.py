"""https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RetryConfig"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument

from tests.infra.local.tasks.conftest import QUEUE, Desk


def seconds(*values: float) -> list[timedelta]:
    return [timedelta(seconds=value) for value in values]


async def configure(desk: Desk, *paths: str, **retry: Any) -> None:
    """Set the queue's retries; only what the paths name, where some are given."""
    queue: Any = {"name": QUEUE, "retry_config": retry}
    mask: Any = {"paths": [f"retry_config.{path}" for path in paths]}
    await desk.client.update_queue(queue=queue, update_mask=mask)


async def pauses(desk: Desk, count: int) -> list[timedelta]:
    """The pauses between the attempts of a task that fails that often."""
    desk.target.answers.extend([500] * count)
    await desk.create()
    await desk.server.idle()
    found: list[timedelta] = []
    while desk.server.tasks():
        (task,) = desk.server.tasks()
        found.append(task.schedule_time - desk.clock.now())
        await desk.pass_time(found[-1])
    return found


class TestSchedule:
    async def test_doubles_then_grows_evenly_then_stays(self, desk: Desk) -> None:
        ten, three_hundred = seconds(10, 300)
        await configure(desk, min_backoff=ten, max_backoff=three_hundred, max_doublings=3)

        assert await pauses(desk, 9) == seconds(10, 20, 40, 80, 160, 240, 300, 300, 300)

    async def test_is_googles_where_nothing_is_said(self, desk: Desk) -> None:
        assert await pauses(desk, 18) == seconds(*(0.1 * 2**doubling for doubling in range(16)), 3600, 3600)

    async def test_grows_evenly_without_doublings(self, desk: Desk) -> None:
        ten, forty = seconds(10, 40)
        await configure(desk, min_backoff=ten, max_backoff=forty)
        await configure(desk, "max_doublings", max_doublings=0)

        assert await pauses(desk, 5) == seconds(10, 20, 30, 40, 40)

    async def test_stays_where_least_and_most_are_one(self, desk: Desk) -> None:
        (minute,) = seconds(60)
        await configure(desk, min_backoff=minute, max_backoff=minute, max_doublings=5)

        assert await pauses(desk, 4) == seconds(60, 60, 60, 60)

    async def test_takes_any_number_of_doublings(self, desk: Desk) -> None:
        (most,) = seconds(3600)
        await configure(desk, max_backoff=most, max_doublings=2**31 - 1, max_attempts=-1)

        assert (await pauses(desk, 40))[-1] == most

    async def test_is_at_most_as_long_as_a_task_is_kept(self, desk: Desk) -> None:
        ages = timedelta(days=3_650_000)
        await configure(desk, min_backoff=ages, max_backoff=ages)

        assert await pauses(desk, 1) == [timedelta(days=31)]


class TestMoment:
    async def test_no_retry_comes_before_its_time(self, desk: Desk) -> None:
        ten, instant = timedelta(seconds=10), timedelta(microseconds=1)
        await configure(desk, min_backoff=ten, max_backoff=ten)
        desk.target.answers.append(500)
        await desk.create()
        await desk.server.idle()

        await desk.pass_time(ten - instant)
        assert len(desk.target.received) == 1

        await desk.pass_time(instant)
        assert len(desk.target.received) == 2

    async def test_a_retry_waits_while_its_queue_is_paused(self, desk: Desk) -> None:
        desk.target.answers.append(500)
        await desk.create()
        await desk.server.idle()
        await desk.client.pause_queue(name=QUEUE)

        await desk.pass_time(timedelta(days=1))
        assert len(desk.target.received) == 1

        await desk.client.resume_queue(name=QUEUE)
        await desk.server.idle()
        assert len(desk.target.received) == 2

    async def test_after_a_forced_run_it_counts_from_the_call(self, desk: Desk) -> None:
        ten = timedelta(seconds=10)
        await configure(desk, min_backoff=ten, max_backoff=ten)
        task = await desk.create(schedule_time=desk.clock.now() + timedelta(days=1))
        desk.target.answers.append(500)
        desk.target.open.clear()
        called = desk.clock.now()
        await desk.client.run_task(name=task.name)
        await desk.target.got(1)

        desk.clock.advance(timedelta(seconds=7))
        desk.target.open.set()
        await desk.server.idle()

        assert [task.schedule_time for task in desk.server.tasks()] == [called + ten]


class TestConfiguration:
    @pytest.mark.parametrize(
        ("retry", "words"),
        [
            ({"max_attempts": -2}, "maxAttempts"),
            ({"max_doublings": -1}, "maxDoublings"),
            ({"max_retry_duration": timedelta(seconds=-1)}, "maxRetryDuration"),
            ({"min_backoff": timedelta(seconds=-1)}, "minBackoff"),
            ({"min_backoff": timedelta(seconds=2), "max_backoff": timedelta(seconds=1)}, "less than or equal"),
        ],
    )
    async def test_of_no_sense_is_refused(self, desk: Desk, retry: dict[str, Any], words: str) -> None:
        with pytest.raises(InvalidArgument, match=words):
            await configure(desk, **retry)
