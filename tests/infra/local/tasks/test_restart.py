from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition
from google.cloud.tasks_v2 import Queue, Task

from infra.local.tasks.server import TasksServer
from tests.infra.local.tasks.conftest import LOCATION, QUEUE, Clock, client_of, open_desk
from tests.infra.local.tasks.target import Target

DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "tasks.sqlite"


class TestRestart:
    async def test_keeps_tasks_as_they_were(self, clock: Clock, target: Target, store: Path) -> None:
        async with open_desk(clock, target, store=store) as desk:
            name = (await desk.create(schedule_time=clock.now() + DAY, http={"body": bytes(range(256))})).name
            full = {"name": name, "response_view": Task.View.FULL}
            before = await desk.client.get_task(request=full)

        async with open_desk(clock, target, store=store) as desk:
            assert await desk.client.get_task(request=full) == before

    async def test_dispatches_what_became_due_meanwhile(self, clock: Clock, target: Target, store: Path) -> None:
        async with open_desk(clock, target, store=store) as desk:
            await desk.create("/due", schedule_time=clock.now() + DAY)

        clock.advance(DAY)
        async with open_desk(clock, target, store=store) as desk:
            await desk.server.idle()

        assert target.paths == ["/due"]

    async def test_dispatches_again_what_was_cut_short(self, clock: Clock, target: Target, store: Path) -> None:
        target.open.clear()
        async with open_desk(clock, target, store=store) as desk:
            await desk.create("/cut")
            await target.got(1)

        target.open.set()
        async with open_desk(clock, target, store=store) as desk:
            await desk.server.idle()
            left = desk.server.tasks()

        assert target.paths == ["/cut", "/cut"]
        assert target.received[1].headers["x-cloudtasks-taskretrycount"] == "1"
        assert "x-cloudtasks-taskpreviousresponse" not in target.received[1].headers
        assert left == []

    async def test_keeps_the_count_of_attempts(self, clock: Clock, target: Target, store: Path) -> None:
        target.answers.extend([500, 500])
        async with open_desk(clock, target, store=store) as desk:
            await desk.create()
            await desk.server.idle()

        clock.advance(DAY)
        async with open_desk(clock, target, store=store) as desk:
            await desk.server.idle()
            (task,) = desk.server.tasks()

        assert (task.attempts, task.last_status) == (2, 500)
        assert target.received[1].headers["x-cloudtasks-taskpreviousresponse"] == "500"

    async def test_keeps_names_taken(self, clock: Clock, target: Target, store: Path) -> None:
        other = f"{LOCATION}/queues/other"
        async with open_desk(clock, target, store=store) as desk:
            await desk.create(name="once")
            await desk.server.idle()
            await desk.client.create_queue(parent=LOCATION, queue=Queue(name=other))
            await desk.client.delete_queue(name=other)

        async with open_desk(clock, target, store=store) as desk:
            with pytest.raises(AlreadyExists):
                await desk.create(name="once")
            with pytest.raises(FailedPrecondition):
                await desk.client.create_queue(parent=LOCATION, queue=Queue(name=other))
            await desk.pass_time(timedelta(hours=1))
            assert await desk.create(name="once")

    async def test_keeps_a_paused_queue_paused(self, clock: Clock, target: Target, store: Path) -> None:
        async with open_desk(clock, target, store=store) as desk:
            before = await desk.client.pause_queue(name=QUEUE)
            await desk.create()

        async with TasksServer(now=clock.now, store=store) as server, client_of(server) as client:
            await server.idle()
            assert await client.get_queue(name=QUEUE) == before

        assert target.paths == []


class TestStop:
    async def test_does_not_wait_for_a_handler(self, clock: Clock, target: Target) -> None:
        target.open.clear()

        async with asyncio.timeout(5):
            async with open_desk(clock, target) as desk:
                await desk.create()
                await target.got(1)

    async def test_frees_the_port(self, clock: Clock) -> None:
        async with TasksServer(now=clock.now) as first:
            port = int(first.host.rpartition(":")[2])

        async with TasksServer(now=clock.now, port=port) as second:
            assert second.host == first.host

    async def test_leaves_the_port_to_whoever_has_it(self, clock: Clock) -> None:
        async with TasksServer(now=clock.now) as first:
            second = TasksServer(now=clock.now, port=int(first.host.rpartition(":")[2]))

            with pytest.raises(RuntimeError, match="bind"):
                await second.__aenter__()

    async def test_without_a_file_nothing_is_kept(self, clock: Clock, target: Target) -> None:
        async with open_desk(clock, target) as desk:
            await desk.create(schedule_time=clock.now() + DAY)

        async with open_desk(clock, target) as desk:
            assert desk.server.tasks() == []
