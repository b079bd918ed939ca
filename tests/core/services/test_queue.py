"""The queue, against the embedded stack's own Cloud Tasks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.failures import Unavailable
from core.services.queue import INVOKER, Tasks
from core.settings import Settings
from core.web.identity import Identity
from infra.local.tasks.server import TasksServer
from tests.infra.local.tasks.target import Target, running_target


class Desk:
    """A queue, the server behind it and the function that its tasks are for; the server's time is the desk's."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)
        self.server: TasksServer
        self.target: Target
        self.tasks: Tasks
        self.settings: Settings

    def now(self) -> datetime:
        return self.time


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    async with running_target() as target, TasksServer(auto_create_queues=True, now=made.now) as server:
        made.settings = settings_for(server.host, f"{target.url}/{{name}}")
        made.server, made.target, made.tasks = server, target, Tasks(made.settings)
        yield made
        await made.tasks.close()


def settings_for(host: str, url: str = "https://{name}.invalid") -> Settings:
    told: Any = {"CLOUD_TASKS_EMULATOR_HOST": host}
    return Settings(environment="local", project_id="demo-queue", function_url=url, **told)


class TestEnqueue:
    async def test_has_the_handler_called_with_payload_and_a_token_that_lets_it_in(self, desk: Desk) -> None:
        await desk.tasks.enqueue("files-tasks", "scan", {"fileId": "a", "attempt": 1}, name="scan a 1")
        await desk.target.got(1)
        (got,) = desk.target.received
        assert (got.method, got.path, json.loads(got.body)) == (
            "POST",
            "/files-tasks/tasks/scan",
            {"fileId": "a", "attempt": 1},
        )
        assert got.headers["content-type"] == "application/json"
        assert got.headers["x-cloudtasks-queuename"] == "files-tasks"
        address, invoker = desk.settings.address_of("files-tasks"), desk.settings.account(INVOKER)
        machine = Identity(desk.settings).machine(got.headers["authorization"], audience=address, email=invoker)
        assert machine.email == invoker

    async def test_of_one_name_twice_is_one_task_also_after_it_ran(self, desk: Desk) -> None:
        for _ in range(2):
            await desk.tasks.enqueue("files-tasks", "scan", {"fileId": "a"}, name="scan a 1")
        await desk.server.idle()
        await desk.tasks.enqueue("files-tasks", "scan", {"fileId": "a"}, name="scan a 1")
        await desk.tasks.enqueue("files-tasks", "scan", {"fileId": "a"}, name="scan a 2")
        await desk.tasks.enqueue("files-tasks", "thumbnail", {"fileId": "a"}, name="scan a 1")
        await desk.server.idle()
        assert len(desk.target.received) == 3

    async def test_for_a_time_waits_until_then(self, desk: Desk) -> None:
        await desk.tasks.enqueue("files-tasks", "sweep", {}, name="sweep", at=desk.time + timedelta(hours=1))
        await desk.server.idle()
        assert desk.target.received == []
        desk.time += timedelta(hours=2)
        await desk.server.idle()
        assert desk.target.paths == ["/files-tasks/tasks/sweep"]

    async def test_keeps_what_it_is_about_out_of_the_tasks_name(self, desk: Desk) -> None:
        soon = desk.time + timedelta(hours=1)
        await desk.tasks.enqueue("files-tasks", "scan", {}, name="scan hemmelig", at=soon)
        (task,) = desk.server.tasks()
        assert "hemmelig" not in task.name

    async def test_without_a_server_is_unavailable(self) -> None:
        tasks = Tasks(settings_for("127.0.0.1:1"))
        with pytest.raises(Unavailable) as caught:
            await tasks.enqueue("files-tasks", "scan", {}, name="scan")
        assert caught.value.retry_after
        await tasks.close()
