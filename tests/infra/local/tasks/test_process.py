"""The server as the stack runs it: `python -m infra.local.tasks`."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc.aio
from google.cloud.tasks_v2 import CloudTasksAsyncClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

from infra.local.clock import FileClock
from infra.local.places import ROOT
from tests.infra.local.tasks.conftest import QUEUE
from tests.infra.local.tasks.target import Target


@dataclass
class Running:
    process: Process
    client: CloudTasksAsyncClient

    async def create(self, url: str, **task: Any) -> None:
        wanted: Any = {"http_request": {"url": url}, **task}
        await self.client.create_task(parent=QUEUE, task=wanted)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Running]:
    files = ("--store", folder / "tasks.sqlite", "--clock", folder / "clock.json")
    arguments = ("-m", "infra.local.tasks", "--port", "0", *files, "--auto-create-queues")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, stdout=PIPE, stderr=DEVNULL)
    assert process.stdout
    try:
        words = (await process.stdout.readline()).decode().split()
        assert words[:-1] == ["Cloud", "Tasks", "on"]
        async with grpc.aio.insecure_channel(words[-1]) as channel:
            client = CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
            yield Running(process, client)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class TestProcess:
    async def test_goes_by_the_clock_that_others_move_until_it_is_told_to_end(
        self, target: Target, tmp_path: Path
    ) -> None:
        month = timedelta(days=30)
        async with running(tmp_path) as tasks:
            await tasks.create(f"{target.url}/due", schedule_time=datetime.now(UTC) + month)

            FileClock(tmp_path / "clock.json").advance(month)
            await target.got(1)
            await tasks.create(target.url, schedule_time=datetime.now(UTC) + 2 * month)

            tasks.process.terminate()
            assert await tasks.process.wait() == 0

        assert target.paths == ["/due"]

    async def test_that_is_killed_loses_nothing(self, target: Target, tmp_path: Path) -> None:
        target.open.clear()
        async with running(tmp_path) as tasks:
            await tasks.create(f"{target.url}/cut")
            await tasks.create(f"{target.url}/later", schedule_time=datetime.now(UTC) + timedelta(days=1))
            await target.got(1)
            tasks.process.kill()
            await tasks.process.wait()

        target.open.set()
        async with running(tmp_path):
            await target.got(2)
            FileClock(tmp_path / "clock.json").advance(timedelta(days=1))
            await target.got(3)

        assert target.paths == ["/cut", "/cut", "/later"]
