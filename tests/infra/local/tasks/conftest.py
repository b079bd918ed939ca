from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc.aio
import pytest
from google.cloud.tasks_v2 import CloudTasksAsyncClient, Task
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

from infra.local.tasks.records import QueueConfig
from infra.local.tasks.server import TasksServer
from tests.infra.local.tasks.target import Target, running_target

LOCATION = "projects/demo/locations/europe-west1"
QUEUE = f"{LOCATION}/queues/letters"


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.time

    def advance(self, by: timedelta) -> None:
        self.time += by


@dataclass
class Desk:
    """A server, a client of it and a target, with the calls that most tests make."""

    server: TasksServer
    client: CloudTasksAsyncClient
    target: Target
    clock: Clock

    async def create(self, path: str = "/", *, name: str = "", queue: str = QUEUE, **task: Any) -> Task:
        """Create a task for the target; `http` adds to its HTTP request."""
        http: Mapping[str, Any] = {"url": self.target.url + path} | task.pop("http", {})
        named = {"name": f"{queue}/tasks/{name}"} if name else {}
        wanted: Any = {"http_request": http, **named, **task}
        return await self.client.create_task(parent=queue, task=wanted)

    async def pass_time(self, by: timedelta) -> None:
        """Move the clock, and wait until what became due is done."""
        self.clock.advance(by)
        await self.server.idle()


@asynccontextmanager
async def client_of(server: TasksServer) -> AsyncIterator[CloudTasksAsyncClient]:
    async with grpc.aio.insecure_channel(server.host) as channel:
        yield CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))


@asynccontextmanager
async def open_desk(clock: Clock, target: Target, **options: Any) -> AsyncIterator[Desk]:
    """A desk of its own, whose server has those options and a queue with Google's defaults."""
    async with TasksServer(now=clock.now, **options) as server, client_of(server) as client:
        server.ensure_queue(QUEUE, QueueConfig())
        yield Desk(server, client, target, clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    async with running_target() as target:
        yield target


@pytest.fixture
def mint() -> Callable[[str, str], str]:
    return lambda email, audience: f"token of {email} for {audience}"


@pytest.fixture
async def desk(clock: Clock, target: Target, mint: Callable[[str, str], str]) -> AsyncIterator[Desk]:
    async with open_desk(clock, target, mint=mint) as desk:
        yield desk
