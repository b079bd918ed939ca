from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from google.api_core.exceptions import NotFound

from infra.local.tasks.records import HttpRequest, QueueConfig, Task
from infra.local.tasks.server import TasksServer
from infra.local.tasks.store import Store
from tests.infra.local.tasks.conftest import QUEUE, Clock, Desk
from tests.infra.local.tasks.target import Target

GOOGLES = {
    "x-cloudtasks-queuename",
    "x-cloudtasks-taskname",
    "x-cloudtasks-taskretrycount",
    "x-cloudtasks-taskexecutioncount",
    "x-cloudtasks-tasketa",
}


class TestRequest:
    async def test_is_sent_as_the_task_says(self, desk: Desk) -> None:
        await desk.create("/brev?til=ola", http={"http_method": "PUT", "body": b"{}", "headers": {"X-Kind": "letter"}})
        await desk.server.idle()

        (request,) = desk.target.received
        assert (request.method, request.path, request.body) == ("PUT", "/brev", b"{}")
        assert request.headers["x-kind"] == "letter"
        assert request.headers["user-agent"] == "Google-Cloud-Tasks"
        assert request.headers["content-type"] == "application/octet-stream"

    async def test_keeps_its_own_content_type(self, desk: Desk) -> None:
        await desk.create(http={"body": b"{}", "headers": {"content-type": "application/json"}})
        await desk.server.idle()

        assert desk.target.received[0].headers.getlist("content-type") == ["application/json"]

    async def test_names_its_task(self, desk: Desk) -> None:
        await desk.create(name="letter-1")
        await desk.server.idle()

        headers = desk.target.received[0].headers
        assert {name for name in headers if name.startswith("x-cloudtasks-")} == GOOGLES
        assert headers["x-cloudtasks-queuename"] == "letters"
        assert headers["x-cloudtasks-taskname"] == "letter-1"
        assert headers["x-cloudtasks-taskretrycount"] == "0"
        assert headers["x-cloudtasks-taskexecutioncount"] == "0"
        assert headers["x-cloudtasks-tasketa"] == f"{desk.clock.now().timestamp():.6f}"

    async def test_drops_the_headers_that_are_googles(self, desk: Desk) -> None:
        forged = {
            "X-CloudTasks-TaskRetryCount": "9",
            "x-cloudtasks-else": "1",
            "X-Google-Y": "1",
            "Host": "example.com",
            "User-Agent": "me",
        }
        await desk.create(http={"headers": forged})
        await desk.server.idle()

        headers = desk.target.received[0].headers
        assert headers.getlist("x-cloudtasks-taskretrycount") == ["0"]
        assert headers["host"] == desk.target.url.removeprefix("http://")
        assert not {"x-cloudtasks-else", "x-google-y"} & set(headers)


class TestOidcToken:
    async def test_is_minted_for_the_audience(self, desk: Desk) -> None:
        token = {"service_account_email": "tasks@demo.iam", "audience": "https://dokker.example"}
        await desk.create(http={"oidc_token": token, "headers": {"authorization": "forged"}})
        await desk.server.idle()

        authorization = desk.target.received[0].headers.getlist("authorization")
        assert authorization == ["Bearer token of tasks@demo.iam for https://dokker.example"]

    async def test_is_for_the_url_when_no_audience_is_given(self, desk: Desk) -> None:
        await desk.create("/brev", http={"oidc_token": {"service_account_email": "tasks@demo.iam"}})
        await desk.server.idle()

        authorization = desk.target.received[0].headers["authorization"]
        assert authorization == f"Bearer token of tasks@demo.iam for {desk.target.url}/brev"


class TestTime:
    async def test_a_task_waits_for_its_time(self, desk: Desk) -> None:
        await desk.create("/due", schedule_time=desk.clock.now() + timedelta(days=7))

        await desk.pass_time(timedelta(days=6, hours=23))
        assert desk.target.paths == []

        await desk.pass_time(timedelta(hours=1))
        assert desk.target.paths == ["/due"]

    async def test_a_clock_that_leaps_is_noticed_without_a_word(self, desk: Desk) -> None:
        await desk.create(schedule_time=desk.clock.now() + timedelta(days=30))

        desk.clock.advance(timedelta(days=31))

        async with asyncio.timeout(1):
            await desk.target.got(1)


class TestConcurrency:
    async def test_tasks_run_side_by_side(self, desk: Desk) -> None:
        desk.target.open.clear()
        for _ in range(8):
            await desk.create()
        await desk.target.got(8)
        desk.target.open.set()
        await desk.server.idle()

        assert desk.target.most_busy == 8

    async def test_a_running_task_is_not_dispatched_again(self, desk: Desk) -> None:
        desk.target.open.clear()
        await desk.create()
        await desk.target.got(1)

        desk.clock.advance(timedelta(days=1))
        await asyncio.sleep(0.25)
        desk.target.open.set()
        await desk.server.idle()

        assert len(desk.target.received) == 1

    async def test_a_task_deleted_while_it_runs_is_not_retried(self, desk: Desk) -> None:
        desk.target.open.clear()
        desk.target.answers.append(500)
        task = await desk.create()
        await desk.target.got(1)
        await desk.client.delete_task(name=task.name)
        desk.target.open.set()
        await desk.pass_time(timedelta(minutes=1))

        assert len(desk.target.received) == 1


class TestDeadline:
    async def test_a_handler_that_takes_longer_has_failed(self, clock: Clock, target: Target, tmp_path: Path) -> None:
        # The API takes no deadline under 15 seconds, so the task is laid into the store itself.
        path = tmp_path / "tasks.sqlite"
        store = Store(path)
        store.add(_slow_task(target, clock))
        store.close()
        target.open.clear()

        async with TasksServer(store=path, now=clock.now) as server:
            server.ensure_queue(QUEUE, QueueConfig())
            await server.idle()
            (task,) = server.tasks()
            target.open.set()
            clock.advance(timedelta(minutes=1))
            await server.idle()

        assert task.last_status == 504
        assert task.response_count == 0
        assert target.received[1].headers["x-cloudtasks-taskpreviousresponse"] == "504"


class TestRunTask:
    async def test_dispatches_before_its_time_in_a_paused_queue(self, desk: Desk) -> None:
        await desk.client.pause_queue(name=QUEUE)
        task = await desk.create("/now", schedule_time=desk.clock.now() + timedelta(days=7))

        started = await desk.client.run_task(name=task.name)
        await desk.server.idle()

        assert started.dispatch_count == 1
        assert desk.target.paths == ["/now"]
        assert desk.server.tasks() == []

    async def test_of_a_task_that_ended_is_refused(self, desk: Desk) -> None:
        task = await desk.create()
        await desk.server.idle()

        with pytest.raises(NotFound):
            await desk.client.run_task(name=task.name)

    async def test_tells_the_control_surface_what_came_of_it(self, desk: Desk) -> None:
        desk.target.answers.append(418)
        task = await desk.create(schedule_time=desk.clock.now() + timedelta(days=7))

        outcome = await desk.server.run_now(task.name)

        assert outcome.status == 418
        assert [task.last_status for task in desk.server.tasks()] == [418]


def _slow_task(target: Target, clock: Clock) -> Task:
    return Task(
        name=f"{QUEUE}/tasks/slow",
        queue=QUEUE,
        request=HttpRequest(url=target.url, method="POST"),
        schedule_time=clock.now(),
        create_time=clock.now(),
        dispatch_deadline=timedelta(milliseconds=100),
    )
