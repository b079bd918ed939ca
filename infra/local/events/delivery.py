"""Delivery of events: at least once, many at a time, again and again with growing pauses until the answer is 2xx."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, Self

import httpx

from infra.local.events.event import Event
from infra.local.tasks.delivery import http_client

AT_ONCE: Final = 16
TRIES: Final = 60
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0
"""Seconds between tries. Eventarc begins with 10, and waits up to 600: here somebody is waiting."""


class Delivery:
    """Posts events to one address; an asynchronous context manager, to be used from its own loop.

    While it is held, what comes is kept in `held` until `release` delivers it, as often and in the order that it says.
    `delivered` has the last ones that were answered with 2xx, `failures` the statuses of tries that were not.
    """

    def __init__(self, url: str, *, first_pause: float = FIRST_PAUSE) -> None:
        self._url, self._first_pause = url, first_pause
        self._holds = False
        self._room = asyncio.Semaphore(AT_ONCE)
        self._running: set[asyncio.Task[None]] = set()
        self.held: list[Event] = []
        self.delivered: deque[Event] = deque(maxlen=1_000)
        self.failures: deque[int] = deque(maxlen=1_000)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._client = http_client()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._client.aclose()

    def receive(self, event: Event) -> None:
        """Take an event over from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, event)

    def hold(self) -> None:
        """Keep what comes from now on."""
        self._holds = True

    def release(self, events: Sequence[Event] | None = None) -> None:
        """Deliver what is held, or these events in this order (one twice is a duplicate), and go on as usual."""
        chosen = list(self.held if events is None else events)
        self._holds = False
        self.held.clear()
        for event in chosen:
            self._take(event)

    @property
    def busy(self) -> bool:
        """Whether something is on its way."""
        return bool(self._running)

    def _take(self, event: Event) -> None:
        if self._holds:
            self.held.append(event)
            return
        task = asyncio.create_task(self._deliver(event))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _deliver(self, event: Event) -> None:
        for tried in range(TRIES):
            async with self._room:
                status = await self._post(event)
            if status < 300:
                self.delivered.append(event)
                return
            self.failures.append(status)
            await asyncio.sleep(min(self._first_pause * 2**tried, LONGEST_PAUSE))

    async def _post(self, event: Event) -> int:
        try:
            answer = await self._client.post(self._url, content=event.content, headers=event.headers)
        except httpx.TransportError:
            return 503
        return answer.status_code
