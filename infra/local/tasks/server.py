"""The server as one thing to start and to stop, with what the stack and the tests ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc.aio

from infra.local import machine_tokens
from infra.local.tasks.delivery import Delivery, http_client
from infra.local.tasks.dispatch import Dispatcher
from infra.local.tasks.records import Outcome, Queue, QueueConfig, Task
from infra.local.tasks.rpc import handlers
from infra.local.tasks.service import Service
from infra.local.tasks.store import Store

# How often `idle` looks, in seconds.
_LOOK = 0.005


def _utc_now() -> datetime:
    return datetime.now(UTC)


class TasksServer:
    """Cloud Tasks on a port of 127.0.0.1; an asynchronous context manager.

    `port` 0 takes a free one; `store` is the SQLite file, or None to keep all in memory; `now` is the clock (aware,
    UTC), by which tasks are due and names rest; `mint` makes the OIDC token for an e-mail address and an audience;
    with `auto_create_queues` a task for an unknown queue creates the queue, with `default_config`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        store: Path | str | None = None,
        now: Callable[[], datetime] = _utc_now,
        mint: Callable[[str, str], str] | None = None,
        auto_create_queues: bool = False,
        default_config: QueueConfig | None = None,
    ) -> None:
        self.host = f"127.0.0.1:{port}"
        self._path = store
        self._now = now
        self._mint = mint or machine_tokens.mint_by(_utc_now)
        self._config_of_new_queues = (default_config or QueueConfig()) if auto_create_queues else None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self._store = Store(self._path)
            stack.callback(self._store.close)
            client = await stack.enter_async_context(http_client())
            self._dispatcher = Dispatcher(self._store, Delivery(client, self._mint), self._now)
            self._service = Service(self._store, self._now, self.poke, self._start_forced, self._config_of_new_queues)
            self._loop = asyncio.create_task(self._dispatcher.run(), name="cloud-tasks-dispatcher")
            stack.push_async_callback(self._stop_dispatching)
            await self._listen(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    # For the control surface and the tests

    def ensure_queue(self, name: str, config: QueueConfig) -> Queue:
        """Create the queue `projects/P/locations/L/queues/Q`, or give it that configuration."""
        return self._service.ensure_queue(name, config)

    def tasks(self) -> list[Task]:
        """All tasks of all queues, the soonest first."""
        return self._store.all_tasks()

    def dead(self) -> list[Task]:
        """The tasks whose retries were used up since the start, the newest last, some hundreds at most."""
        return list(self._dispatcher.dead)

    def poke(self) -> None:
        """Look at once for what is due, say after the clock was moved."""
        self._dispatcher.poke()

    async def run_now(self, name: str) -> Outcome:
        """Dispatch the task at once, as RunTask does, and wait for what comes of it.

        Raises Refusal when there is no such task.
        """
        _, attempt = self._dispatcher.start(self._service.get_task(name), forced=True)
        return await asyncio.shield(attempt)

    async def idle(self, seconds: float = 5.0) -> None:
        """Wait until no task runs and none is due in a running queue. Raises TimeoutError.

        A retry that still waits for its backoff isn't due.
        """
        self.poke()
        async with asyncio.timeout(seconds):
            while not self._dispatcher.quiet:
                if self._loop.done():
                    await self._loop
                await asyncio.sleep(_LOOK)

    async def serve(self) -> None:
        """Serve until cancelled, or until the dispatcher fails."""
        await asyncio.shield(self._loop)

    def _start_forced(self, task: Task) -> Task:
        started, _ = self._dispatcher.start(task, forced=True)
        return started

    async def _stop_dispatching(self) -> None:
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)

    async def _listen(self, stack: AsyncExitStack) -> None:
        # Without SO_REUSEPORT, so that a second server on the same port fails instead of taking half of the calls.
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers((handlers(self._service),))
        self.host = f"127.0.0.1:{server.add_insecure_port(self.host)}"
        await server.start()
        stack.push_async_callback(server.stop, None)
