from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, GoogleAPICallError, InvalidArgument, NotFound
from google.cloud.tasks_v2 import Queue, RateLimits, RetryConfig

from tests.infra.local.tasks.conftest import LOCATION, QUEUE, Desk

DAY = timedelta(days=1)
OTHER = f"{LOCATION}/queues/other"


async def create(desk: Desk, name: str = OTHER, **config: Any) -> Queue:
    queue: Any = {"name": name, **config}
    return await desk.client.create_queue(parent=LOCATION, queue=queue)


async def update(desk: Desk, *paths: str, name: str = QUEUE, **config: Any) -> Queue:
    queue: Any = {"name": name, **config}
    mask: Any = {"paths": list(paths)}
    return await desk.client.update_queue(queue=queue, update_mask=mask)


class TestCreate:
    async def test_fills_in_googles_defaults(self, desk: Desk) -> None:
        queue = await create(desk)

        assert (queue.name, queue.state) == (OTHER, Queue.State.RUNNING)
        assert queue.rate_limits == RateLimits(
            max_dispatches_per_second=500, max_concurrent_dispatches=1000, max_burst_size=500
        )
        assert queue.retry_config == RetryConfig(
            max_attempts=100,
            max_retry_duration=timedelta(0),
            min_backoff=timedelta(milliseconds=100),
            max_backoff=timedelta(hours=1),
            max_doublings=16,
        )
        assert await desk.client.get_queue(name=OTHER) == queue

    async def test_of_a_name_that_is_taken_is_refused(self, desk: Desk) -> None:
        with pytest.raises(AlreadyExists):
            await create(desk, QUEUE)

    @pytest.mark.parametrize(
        "name",
        ["", "letters", f"{LOCATION}/queues/", f"{LOCATION}/queues/under_score", f"{LOCATION}/queues/{'x' * 101}"],
    )
    async def test_of_what_is_no_name_is_refused(self, desk: Desk, name: str) -> None:
        with pytest.raises(InvalidArgument, match="Queue name must be formatted"):
            await create(desk, name)

    async def test_in_another_location_is_refused(self, desk: Desk) -> None:
        with pytest.raises(InvalidArgument, match="location"):
            await create(desk, "projects/demo/locations/us-east1/queues/letters")

    async def test_for_app_engine_is_refused(self, desk: Desk) -> None:
        with pytest.raises(InvalidArgument, match="not served here"):
            await create(desk, app_engine_routing_override={"service": "x"})


class TestUpdate:
    async def test_changes_what_the_mask_names(self, desk: Desk) -> None:
        await update(desk, rate_limits={"max_concurrent_dispatches": 7}, retry_config={"max_attempts": 7})

        queue = await update(desk, "retry_config.max_attempts", retry_config={"max_attempts": 3, "max_doublings": 2})

        assert (queue.retry_config.max_attempts, queue.retry_config.max_doublings) == (3, 16)
        assert queue.rate_limits.max_concurrent_dispatches == 7

    async def test_of_a_section_changes_all_of_it(self, desk: Desk) -> None:
        await update(desk, rate_limits={"max_concurrent_dispatches": 7}, retry_config={"max_attempts": 7})

        queue = await update(desk, "retry_config", retry_config={"max_doublings": 2})

        assert (queue.retry_config.max_attempts, queue.retry_config.max_doublings) == (100, 2)
        assert queue.rate_limits.max_concurrent_dispatches == 7

    async def test_without_a_mask_changes_everything(self, desk: Desk) -> None:
        await update(desk, rate_limits={"max_concurrent_dispatches": 7})

        queue = await update(desk, retry_config={"max_attempts": -1})

        assert (queue.rate_limits.max_concurrent_dispatches, queue.retry_config.max_attempts) == (1000, -1)

    async def test_leaves_state_and_tasks_alone(self, desk: Desk) -> None:
        await desk.client.pause_queue(name=QUEUE)
        task = await desk.create()

        queue = await update(desk, "state", "name", state=Queue.State.RUNNING)

        assert queue.state == Queue.State.PAUSED
        assert await desk.client.get_task(name=task.name) == task

    async def test_of_a_queue_that_is_not_there_creates_it(self, desk: Desk) -> None:
        await update(desk, name=OTHER, retry_config={"max_attempts": 5})

        assert (await desk.client.get_queue(name=OTHER)).retry_config.max_attempts == 5

    @pytest.mark.parametrize("path", ["retry", "retry_config.attempts", "rate_limits.max_attempts"])
    async def test_of_an_unknown_field_is_refused(self, desk: Desk, path: str) -> None:
        with pytest.raises(InvalidArgument, match="updateMask"):
            await update(desk, path)


class TestDelete:
    async def test_takes_the_tasks_along(self, desk: Desk) -> None:
        task = await desk.create("/never", schedule_time=desk.clock.now() + DAY)

        await desk.client.delete_queue(name=QUEUE)
        await desk.pass_time(2 * DAY)

        assert desk.target.paths == []
        with pytest.raises(NotFound):
            await desk.client.get_queue(name=QUEUE)
        with pytest.raises(NotFound):
            await desk.client.get_task(name=task.name)

    async def test_keeps_the_name_for_three_days(self, desk: Desk) -> None:
        await desk.client.delete_queue(name=QUEUE)

        await desk.pass_time(3 * DAY - timedelta(seconds=1))
        with pytest.raises(FailedPrecondition, match="existed too recently"):
            await create(desk, QUEUE)
        with pytest.raises(FailedPrecondition, match="existed too recently"):
            await update(desk)

        await desk.pass_time(timedelta(seconds=1))
        assert await create(desk, QUEUE)

    async def test_with_a_task_under_way_lets_it_finish(self, desk: Desk) -> None:
        desk.target.open.clear()
        desk.target.answers.append(500)
        await desk.create()
        await desk.target.got(1)

        await desk.client.delete_queue(name=QUEUE)
        desk.target.open.set()
        await desk.pass_time(DAY)

        assert len(desk.target.received) == 1
        assert desk.server.tasks() == []


class TestPause:
    async def test_holds_what_is_due(self, desk: Desk) -> None:
        queue = await desk.client.pause_queue(name=QUEUE)
        await desk.create("/held")

        await desk.pass_time(40 * DAY)

        assert queue.state == Queue.State.PAUSED
        assert desk.target.paths == []

    async def test_ends_with_resume(self, desk: Desk) -> None:
        await desk.client.pause_queue(name=QUEUE)
        await desk.create("/held")

        queue = await desk.client.resume_queue(name=QUEUE)
        await desk.server.idle()

        assert queue.state == Queue.State.RUNNING
        assert desk.target.paths == ["/held"]

    async def test_lets_finish_what_runs(self, desk: Desk) -> None:
        desk.target.open.clear()
        await desk.create()
        await desk.target.got(1)

        await desk.client.pause_queue(name=QUEUE)
        desk.target.open.set()
        await desk.server.idle()

        assert desk.server.tasks() == []


class TestPurge:
    async def test_ends_all_tasks_of_the_queue_alone(self, desk: Desk) -> None:
        await create(desk)
        for queue in (QUEUE, QUEUE, OTHER):
            await desk.create(f"/{queue.rpartition('/')[2]}", queue=queue, schedule_time=desk.clock.now() + DAY)

        purged = await desk.client.purge_queue(name=QUEUE)
        await desk.pass_time(DAY)

        assert purged.purge_time == desk.clock.now() - DAY
        assert desk.target.paths == ["/other"]

    async def test_leaves_names_taken_for_an_hour(self, desk: Desk) -> None:
        await desk.create(name="once", schedule_time=desk.clock.now() + DAY)
        await desk.client.purge_queue(name=QUEUE)

        with pytest.raises(AlreadyExists):
            await desk.create(name="once")
        await desk.pass_time(timedelta(hours=1))
        assert await desk.create(name="once")


class TestList:
    async def test_comes_in_pages(self, desk: Desk) -> None:
        names = [QUEUE, *(f"{LOCATION}/queues/q{number}" for number in range(4))]
        for name in names[1:]:
            await create(desk, name)
        await desk.client.create_queue(
            parent="projects/demo/locations/us-east1", queue=Queue(name="projects/demo/locations/us-east1/queues/far")
        )

        pager = await desk.client.list_queues(request={"parent": LOCATION, "page_size": 2})
        pages = [[queue.name for queue in page.queues] async for page in pager.pages]

        assert pages == [names[:2], names[2:4], names[4:]]

    @pytest.mark.parametrize("wrong", [{"page_size": -1}, {"page_token": "æ"}, {"filter": "state: PAUSED"}])
    async def test_of_what_is_not_served_is_refused(self, desk: Desk, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument):
            await desk.client.list_queues(request={"parent": LOCATION, **wrong})


class TestMissing:
    @pytest.mark.parametrize(
        "call", ["get_queue", "delete_queue", "pause_queue", "resume_queue", "purge_queue", "list_tasks"]
    )
    async def test_is_said_by_every_call(self, desk: Desk, call: str) -> None:
        asked = {"parent" if call == "list_tasks" else "name": OTHER}

        with pytest.raises(NotFound):
            await getattr(desk.client, call)(request=asked)

    async def test_is_unimplemented_what_is_not_served(self, desk: Desk) -> None:
        with pytest.raises(GoogleAPICallError) as refused:
            await desk.client.get_iam_policy(request={"resource": QUEUE})

        assert refused.value.code == 501
