from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument, NotFound
from google.cloud.tasks_v2 import Task

from tests.infra.local.tasks.conftest import LOCATION, QUEUE, Desk

DAY = timedelta(days=1)


async def later(desk: Desk, name: str, **http: Any) -> Task:
    return await desk.create(name=name, schedule_time=desk.clock.now() + DAY, http=http)


class TestGet:
    async def test_shows_the_attempts(self, desk: Desk) -> None:
        desk.target.answers.extend([404, 503])
        task = await desk.create()
        await desk.server.idle()
        began = desk.clock.now()
        await desk.pass_time(timedelta(minutes=1))

        shown = await desk.client.get_task(name=task.name)

        assert (shown.dispatch_count, shown.response_count) == (2, 2)
        assert shown.first_attempt.dispatch_time == began
        assert shown.last_attempt.dispatch_time == shown.last_attempt.response_time == desk.clock.now()
        # UNAVAILABLE of google.rpc.Code
        assert shown.last_attempt.response_status.code == 14

    async def test_shows_an_attempt_under_way(self, desk: Desk) -> None:
        desk.target.open.clear()
        task = await desk.create()
        await desk.target.got(1)

        shown = await desk.client.get_task(name=task.name)

        assert (shown.dispatch_count, shown.response_count) == (1, 0)
        assert "response_time" not in shown.last_attempt

    @pytest.mark.parametrize("name", ["", QUEUE, f"{QUEUE}/tasks/", f"{LOCATION}/tasks/x"])
    async def test_of_what_is_no_name_is_refused(self, desk: Desk, name: str) -> None:
        with pytest.raises(InvalidArgument):
            await desk.client.get_task(name=name)


class TestList:
    async def test_comes_in_pages(self, desk: Desk) -> None:
        created = [(await later(desk, f"task-{number}")).name for number in range(5)]

        pager = await desk.client.list_tasks(request={"parent": QUEUE, "page_size": 2})
        pages = [[task.name for task in page.tasks] async for page in pager.pages]

        assert pages == [created[:2], created[2:4], created[4:]]

    async def test_goes_on_where_a_page_ended_although_that_task_is_gone(self, desk: Desk) -> None:
        first, second, third = [(await later(desk, f"task-{number}")).name for number in range(3)]
        pager = await desk.client.list_tasks(request={"parent": QUEUE, "page_size": 2})
        await desk.client.delete_task(name=second)

        assert [task.name async for task in pager] == [first, second, third]

    async def test_has_no_more_than_a_thousand_a_page(self, desk: Desk) -> None:
        await asyncio.gather(*(later(desk, f"task-{number}") for number in range(1001)))

        pager = await desk.client.list_tasks(request={"parent": QUEUE, "page_size": 5000})

        assert [len(page.tasks) async for page in pager.pages] == [1000, 1]

    @pytest.mark.parametrize(("view", "body"), [(Task.View.BASIC, b""), (Task.View.FULL, b"brev")])
    async def test_shows_the_body_in_the_full_view_alone(self, desk: Desk, view: Task.View, body: bytes) -> None:
        await later(desk, "letter", body=b"brev")

        pager = await desk.client.list_tasks(request={"parent": QUEUE, "response_view": view})

        assert [(task.view, task.http_request.body) async for task in pager] == [(view, body)]

    async def test_is_of_one_queue(self, desk: Desk) -> None:
        await desk.client.create_queue(parent=LOCATION, queue=_queue("letters-2"))
        await later(desk, "here")

        assert [task async for task in await desk.client.list_tasks(parent=f"{QUEUE}-2")] == []

    @pytest.mark.parametrize("wrong", [{"page_size": -1}, {"page_token": "?"}, {"page_token": "æ"}])
    async def test_of_no_such_page_is_refused(self, desk: Desk, wrong: dict[str, Any]) -> None:
        with pytest.raises(InvalidArgument, match="page"):
            await desk.client.list_tasks(request={"parent": QUEUE, **wrong})


class TestDelete:
    async def test_keeps_a_task_from_being_sent(self, desk: Desk) -> None:
        task = await later(desk, "letter")

        await desk.client.delete_task(name=task.name)
        await desk.pass_time(2 * DAY)

        assert desk.target.paths == []
        assert desk.server.tasks() == []

    async def test_of_what_is_gone_is_refused(self, desk: Desk) -> None:
        task = await later(desk, "letter")
        await desk.client.delete_task(name=task.name)

        with pytest.raises(NotFound, match="existed recently"):
            await desk.client.delete_task(name=task.name)
        with pytest.raises(NotFound, match="not found"):
            await desk.client.delete_task(name=f"{QUEUE}/tasks/never")

    async def test_makes_room_for_another_while_the_first_still_runs(self, desk: Desk) -> None:
        desk.target.open.clear()
        desk.target.answers.append(500)
        task = await desk.create("/first", name="letter")
        await desk.target.got(1)
        await desk.client.delete_task(name=task.name)
        desk.clock.advance(timedelta(hours=1))
        await later(desk, "letter")

        desk.target.open.set()
        await desk.server.idle()

        # The first one failed: neither is it tried again nor does the other bear its count.
        assert [task.attempts for task in desk.server.tasks()] == [0]


class TestRun:
    async def test_shows_the_body_when_asked(self, desk: Desk) -> None:
        task = await later(desk, "letter", body=b"brev")

        started = await desk.client.run_task(request={"name": task.name, "response_view": Task.View.FULL})

        assert (started.http_request.body, started.dispatch_count) == (b"brev", 1)

    async def test_beside_a_running_attempt_is_tried_again_when_both_are_over(self, desk: Desk) -> None:
        desk.target.open.clear()
        desk.target.answers.extend([500, 500])
        task = await desk.create()
        await desk.target.got(1)
        await desk.client.run_task(name=task.name)
        await desk.target.got(2)

        desk.target.open.set()
        await desk.server.idle()
        await desk.pass_time(DAY)

        assert len(desk.target.received) == 3
        assert desk.server.tasks() == []


class TestRace:
    async def test_of_sixteen_for_one_name_has_one_winner(self, desk: Desk) -> None:
        results = await asyncio.gather(
            *(desk.create(f"/{number}", name="once") for number in range(16)), return_exceptions=True
        )
        await desk.server.idle()

        assert sum(isinstance(result, Task) for result in results) == 1
        assert sorted({type(result).__name__ for result in results}) == ["AlreadyExists", "Task"]
        assert len(desk.target.paths) == 1


def _queue(queue_id: str) -> Any:
    return {"name": f"{LOCATION}/queues/{queue_id}"}
