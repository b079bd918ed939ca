from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, InvalidArgument, NotFound
from google.cloud.tasks_v2 import Task

from infra.local.tasks.records import QueueConfig
from infra.local.tasks.server import TasksServer
from tests.infra.local.tasks.conftest import LOCATION, QUEUE, Clock, Desk, client_of
from tests.infra.local.tasks.target import Target


class TestNames:
    async def test_an_unnamed_task_gets_a_name_of_its_own(self, desk: Desk) -> None:
        first, second = await desk.create(), await desk.create()

        assert first.name.startswith(f"{QUEUE}/tasks/")
        assert first.name != second.name

    async def test_a_living_task_keeps_its_name(self, desk: Desk) -> None:
        await desk.create(name="once", schedule_time=desk.clock.now() + timedelta(days=1))

        with pytest.raises(AlreadyExists, match="Requested entity already exists"):
            await desk.create(name="once")

    async def test_a_name_stays_taken_for_an_hour_after_its_task_ended(self, desk: Desk) -> None:
        await desk.create(name="once")
        await desk.server.idle()

        await desk.pass_time(timedelta(minutes=59))
        with pytest.raises(AlreadyExists, match="existed too recently"):
            await desk.create(name="once")

        await desk.pass_time(timedelta(minutes=1))
        assert await desk.create(name="once")

    async def test_a_name_stays_taken_for_an_hour_after_its_task_was_deleted(self, desk: Desk) -> None:
        task = await desk.create(name="once", schedule_time=desk.clock.now() + timedelta(days=1))
        await desk.client.delete_task(name=task.name)

        with pytest.raises(AlreadyExists):
            await desk.create(name="once")
        await desk.pass_time(timedelta(hours=1))
        assert await desk.create(name="once")

    async def test_a_task_that_ended_is_told_from_one_that_never_was(self, desk: Desk) -> None:
        task = await desk.create(name="once")
        await desk.server.idle()

        with pytest.raises(NotFound, match="existed recently"):
            await desk.client.get_task(name=task.name)
        with pytest.raises(NotFound, match="Requested entity was not found"):
            await desk.client.get_task(name=f"{QUEUE}/tasks/never")

    @pytest.mark.parametrize("name", ["with space", "punkt.um", "blåbær", "x" * 501])
    async def test_a_name_of_other_characters_is_refused(self, desk: Desk, name: str) -> None:
        with pytest.raises(InvalidArgument, match="Task ID"):
            await desk.create(name=name)

    async def test_a_name_in_another_queue_is_refused(self, desk: Desk) -> None:
        task: Any = {"name": f"{LOCATION}/queues/other/tasks/x", "http_request": {"url": desk.target.url}}

        with pytest.raises(InvalidArgument, match="must be the same as the queue name"):
            await desk.client.create_task(parent=QUEUE, task=task)


class TestLimits:
    async def test_thirty_days_ahead_is_the_furthest(self, desk: Desk) -> None:
        furthest = desk.clock.now() + timedelta(days=30)

        assert await desk.create(schedule_time=furthest)
        with pytest.raises(InvalidArgument, match="30 days"):
            await desk.create(schedule_time=furthest + timedelta(seconds=1))

    async def test_a_hundred_kilobytes_are_the_most(self, desk: Desk) -> None:
        later = desk.clock.now() + timedelta(days=1)

        assert await desk.create(schedule_time=later, http={"body": b"x" * 101_000})
        with pytest.raises(InvalidArgument, match="too large"):
            await desk.create(schedule_time=later, http={"body": b"x" * 102_400})

    @pytest.mark.parametrize("deadline", [timedelta(seconds=14), timedelta(minutes=30, seconds=1)])
    async def test_a_dispatch_deadline_is_15_seconds_to_30_minutes(self, desk: Desk, deadline: timedelta) -> None:
        with pytest.raises(InvalidArgument, match="dispatchDeadline"):
            await desk.create(dispatch_deadline=deadline)

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "ftp://127.0.0.1/",
            "http://example.com/",
            "http://127.0.0.1.example.com/",
            "http://127.0.0.1@example.com/",
            "http://169.254.169.254/",
            "http://xn--a.example/",
            "http://127.0.0.1:99999999/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:-1/",
            "http://127.0.0.1:http/",
        ],
    )
    async def test_a_target_elsewhere_is_refused(self, desk: Desk, url: str) -> None:
        with pytest.raises(InvalidArgument, match="url"):
            await desk.create(http={"url": url})

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
    async def test_a_target_on_this_machine_is_taken(self, desk: Desk, host: str) -> None:
        later = desk.clock.now() + timedelta(days=1)

        assert await desk.create(schedule_time=later, http={"url": f"http://{host}:8080/x"})

    @pytest.mark.parametrize(
        "http",
        [
            {"http_method": "GET", "body": b"x"},
            {"headers": {"X Name": "v"}},
            {"headers": {"X-Name": "two\nlines"}},
            {"oidc_token": {"audience": "x"}},
            {"oauth_token": {"service_account_email": "x@y.z"}},
        ],
    )
    async def test_a_request_that_cannot_be_sent_is_refused(self, desk: Desk, http: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument):
            await desk.create(http=http)

    async def test_a_task_without_a_request_is_refused(self, desk: Desk) -> None:
        with pytest.raises(InvalidArgument, match="httpRequest is required"):
            await desk.client.create_task(parent=QUEUE, task=Task())


class TestWhatIsKept:
    async def test_defaults_are_filled_in(self, desk: Desk) -> None:
        task = await desk.create(dispatch_deadline=None)

        assert task.http_request.http_method.name == "POST"
        assert task.dispatch_deadline == timedelta(minutes=10)
        assert task.schedule_time == desk.clock.now()
        assert task.view == Task.View.BASIC

    async def test_a_time_in_the_past_is_now(self, desk: Desk) -> None:
        task = await desk.create(schedule_time=desk.clock.now() - timedelta(days=3))

        assert task.schedule_time == desk.clock.now()

    async def test_the_body_is_shown_in_the_full_view_alone(self, desk: Desk) -> None:
        later = desk.clock.now() + timedelta(days=1)
        task = await desk.create(schedule_time=later, http={"body": b"brev", "headers": {"x-kept": "as it is"}})

        full = await desk.client.get_task(request={"name": task.name, "response_view": Task.View.FULL})

        assert (task.http_request.body, full.http_request.body) == (b"", b"brev")
        assert dict(task.http_request.headers) == {"x-kept": "as it is", "User-Agent": "Google-Cloud-Tasks"}


class TestUnknownQueue:
    async def test_is_refused(self, desk: Desk) -> None:
        with pytest.raises(NotFound, match="Queue does not exist"):
            await desk.create(queue=f"{LOCATION}/queues/none")

    async def test_is_created_when_the_server_is_told_so(self, clock: Clock, target: Target) -> None:
        config = QueueConfig(max_attempts=7)
        async with (
            TasksServer(now=clock.now, auto_create_queues=True, default_config=config) as server,
            client_of(server) as client,
        ):
            await Desk(server, client, target, clock).create("/sent")
            await server.idle()
            queue = await client.get_queue(name=QUEUE)

        assert target.paths == ["/sent"]
        assert queue.retry_config.max_attempts == 7
