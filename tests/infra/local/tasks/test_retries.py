from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.api_core.exceptions import AlreadyExists, NotFound

from infra.local.tasks.records import QueueConfig
from tests.infra.local.tasks.conftest import QUEUE, Clock, Desk, open_desk
from tests.infra.local.tasks.target import Target, running_target

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
A_MINUTE_APART = {"min_backoff": MINUTE, "max_backoff": MINUTE}


def configure(desk: Desk, **config: Any) -> None:
    desk.server.ensure_queue(QUEUE, QueueConfig(**A_MINUTE_APART, **config))


async def fail(desk: Desk, times: int, **task: Any) -> str:
    """Have a task fail that often, a minute apart; returns its name."""
    desk.target.answers.extend([500] * times)
    name = (await desk.create(**task)).name
    await desk.server.idle()
    for _ in range(times - 1):
        await desk.pass_time(MINUTE)
    return name


class TestAttempts:
    async def test_are_as_many_as_the_queue_allows(self, desk: Desk) -> None:
        configure(desk, max_attempts=3)
        await fail(desk, 3)

        await desk.pass_time(DAY)

        assert len(desk.target.received) == 3
        assert desk.server.tasks() == []

    async def test_have_no_limit_at_minus_one(self, desk: Desk) -> None:
        configure(desk, max_attempts=-1)
        await fail(desk, 110)

        await desk.pass_time(MINUTE)

        assert len(desk.target.received) == 111
        assert desk.server.dead() == []

    async def test_are_a_hundred_where_nothing_is_said(self, desk: Desk) -> None:
        configure(desk)
        await fail(desk, 100)

        assert [task.attempts for task in desk.server.dead()] == [100]

    async def test_end_with_the_first_success(self, desk: Desk) -> None:
        await fail(desk, 2)

        await desk.pass_time(DAY)
        await desk.pass_time(DAY)

        assert len(desk.target.received) == 3
        assert (desk.server.tasks(), desk.server.dead()) == ([], [])


class TestDuration:
    async def test_limits_retries_of_any_number(self, desk: Desk) -> None:
        configure(desk, max_attempts=-1, max_retry_duration=4 * MINUTE)
        await fail(desk, 4)
        assert desk.server.dead() == []

        desk.target.answers.append(500)
        await desk.pass_time(MINUTE)

        assert [task.attempts for task in desk.server.dead()] == [5]

    async def test_must_be_over_even_when_the_attempts_are_used_up(self, desk: Desk) -> None:
        configure(desk, max_attempts=2, max_retry_duration=4 * MINUTE)

        await fail(desk, 5)

        assert [task.attempts for task in desk.server.dead()] == [5]

    async def test_is_not_enough_while_attempts_are_left(self, desk: Desk) -> None:
        configure(desk, max_attempts=5, max_retry_duration=MINUTE)

        await fail(desk, 5)

        assert [task.attempts for task in desk.server.dead()] == [5]

    async def test_counts_from_the_first_attempt(self, desk: Desk) -> None:
        configure(desk, max_attempts=-1, max_retry_duration=MINUTE)
        desk.target.answers.append(500)
        await desk.create(schedule_time=desk.clock.now() + DAY)

        await desk.pass_time(DAY)

        assert [task.attempts for task in desk.server.tasks()] == [1]

    async def test_is_a_month_at_most(self, desk: Desk) -> None:
        configure(desk, max_attempts=-1)
        await fail(desk, 1)

        desk.target.answers.append(500)
        await desk.pass_time(31 * DAY)

        assert [task.attempts for task in desk.server.dead()] == [2]


class TestHeaders:
    async def test_tell_of_the_attempts_before(self, desk: Desk) -> None:
        configure(desk)
        desk.target.answers.extend([500, 404, 503])
        created = await desk.create()
        await desk.server.idle()
        for _ in range(3):
            await desk.pass_time(MINUTE)

        told = [request.headers for request in desk.target.received]
        assert [headers["x-cloudtasks-taskretrycount"] for headers in told] == ["0", "1", "2", "3"]
        # Server errors are no executions: https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
        assert [headers["x-cloudtasks-taskexecutioncount"] for headers in told] == ["0", "0", "1", "1"]
        previous = [headers.get("x-cloudtasks-taskpreviousresponse") for headers in told]
        assert previous == [None, "500", "404", "503"]
        assert [headers.get("x-cloudtasks-taskretryreason") for headers in told] == [None, "", "", ""]
        assert {headers["x-cloudtasks-taskname"] for headers in told} == {created.name.rpartition("/")[2]}

    async def test_tell_the_time_of_the_retry(self, desk: Desk) -> None:
        configure(desk)
        await fail(desk, 1)

        await desk.pass_time(MINUTE)

        first, second = (float(got.headers["x-cloudtasks-tasketa"]) for got in desk.target.received)
        assert second - first == pytest.approx(60, abs=1e-5)

    async def test_bring_no_cookie_along(self, desk: Desk) -> None:
        desk.target.headers["Set-Cookie"] = "session=kari; Path=/"
        await desk.create()
        await desk.server.idle()

        await desk.create()
        await desk.server.idle()

        assert "cookie" not in desk.target.received[1].headers


class TestTaskOfItsOwnMind:
    async def test_is_retried_as_it_says_itself(self, desk: Desk) -> None:
        configure(desk)

        await fail(desk, 2, retry_config={"max_attempts": 2, **A_MINUTE_APART})

        assert [task.attempts for task in desk.server.dead()] == [2]


class TestGivenUp:
    async def test_is_remembered_with_what_came_of_it(self, desk: Desk) -> None:
        configure(desk, max_attempts=2)

        name = await fail(desk, 2, name="letter")

        (dead,) = desk.server.dead()
        assert (dead.name, dead.attempts, dead.last_status) == (name, 2, 500)

    async def test_ends_as_any_task_does(self, desk: Desk) -> None:
        configure(desk, max_attempts=1)
        name = await fail(desk, 1, name="letter")

        with pytest.raises(NotFound, match="existed recently"):
            await desk.client.get_task(name=name)
        with pytest.raises(AlreadyExists, match="existed too recently"):
            await desk.create(name="letter")
        await desk.pass_time(timedelta(hours=1))
        assert await desk.create(name="letter")

    async def test_is_given_up_after_a_forced_run_too(self, desk: Desk) -> None:
        configure(desk, max_attempts=1)
        desk.target.answers.append(500)
        task = await desk.create(schedule_time=desk.clock.now() + DAY)

        await desk.client.run_task(name=task.name)
        await desk.server.idle()

        assert [dead.name for dead in desk.server.dead()] == [task.name]


class TestNoAnswer:
    @pytest.fixture
    def taken(self) -> Iterator[socket.socket]:
        """A socket with a port of its own on which nobody listens yet."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            yield taken

    async def test_a_refused_connection_is_tried_again(self, desk: Desk, taken: socket.socket) -> None:
        configure(desk)
        await desk.create(http={"url": f"http://127.0.0.1:{taken.getsockname()[1]}/late"})
        await desk.server.idle()
        (refused,) = desk.server.tasks()

        async with running_target(taken) as late:
            await desk.pass_time(MINUTE)

        assert (refused.last_status, refused.attempts, refused.response_count) == (503, 1, 0)
        assert late.paths == ["/late"]
        assert late.received[0].headers["x-cloudtasks-taskretrycount"] == "1"
        assert late.received[0].headers["x-cloudtasks-taskexecutioncount"] == "0"

    async def test_a_connection_that_is_cut_is_tried_again(self, desk: Desk, taken: socket.socket) -> None:
        configure(desk)
        async with await asyncio.start_server(lambda _, writer: writer.close(), sock=taken):
            await desk.create(http={"url": f"http://127.0.0.1:{taken.getsockname()[1]}/"})
            await desk.server.idle()

        assert [(task.last_status, task.attempts) for task in desk.server.tasks()] == [(503, 1)]

    async def test_a_redirect_is_not_followed(self, desk: Desk) -> None:
        configure(desk)
        desk.target.answers.append(307)
        desk.target.headers["Location"] = f"{desk.target.url}/elsewhere"
        await desk.create("/here")
        await desk.server.idle()

        await desk.pass_time(MINUTE)

        assert desk.target.paths == ["/here", "/here"]

    async def test_a_token_that_cannot_be_made_is_tried_again(
        self, clock: Clock, target: Target, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.CRITICAL)
        mended_at = clock.now() + DAY

        def mint(_email: str, _audience: str) -> str:
            if clock.now() < mended_at:
                raise OSError("no key")
            return "token"

        async with open_desk(clock, target, mint=mint) as desk:
            await desk.create(http={"oidc_token": {"service_account_email": "tasks@demo.iam"}})
            await desk.server.idle()
            failed = [task.last_status for task in desk.server.tasks()]
            await desk.pass_time(DAY)

        assert failed == [500]
        assert [got.headers["authorization"] for got in target.received] == ["Bearer token"]
