"""The dispatcher: takes what is due, as fast as each queue may, and settles what came of it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime

from infra.local.tasks import backoff
from infra.local.tasks.rates import Gate
from infra.local.tasks.records import Outcome, Queue, QueueConfig, QueueState, Task
from infra.local.tasks.service import TASK_NAME_REST
from infra.local.tasks.store import Store

logger = logging.getLogger(__name__)

# The clock may leap at any moment and tells nobody, so it is looked at this often (in seconds).
POLL = 0.2
# No busy waiting, however near the next task is.
SHORTEST_WAIT = 0.005
DEAD_KEPT = 500


class Dispatcher:
    """Dispatches each due task of each running queue, at least once, until it succeeds or its retries are used up."""

    def __init__(
        self, store: Store, deliver: Callable[[Task], Awaitable[Outcome]], now: Callable[[], datetime]
    ) -> None:
        self.dead: deque[Task] = deque(maxlen=DEAD_KEPT)
        self._store = store
        self._deliver = deliver
        self._now = now
        self._gates: dict[str, Gate] = {}
        self._attempts: set[asyncio.Task[Outcome]] = set()
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """Look at once for what is due."""
        self._poked.set()

    @property
    def quiet(self) -> bool:
        """Whether nothing runs and nothing is due in a running queue."""
        return not self._attempts and not self._queues_with_due(self._now())

    async def run(self) -> None:
        """Dispatch until cancelled; then what runs is cut, and is dispatched again by the next process."""
        try:
            while True:
                self._poked.clear()
                wait = self._dispatch_due()
                await self._poke_or(wait)
        finally:
            await self._cut()

    def start(self, task: Task, *, forced: bool = False) -> tuple[Task, asyncio.Task[Outcome]]:
        """Dispatch the task now: the task as it is saved and its attempt under way.

        A forced one takes no token, and its retry is counted from now instead of from its end, as RunTask has it.
        """
        now = self._now()
        started = task.dispatched(now)
        self._store.begin(started)
        self._gate(task.queue).enter(forced=forced)
        attempt = asyncio.create_task(self._attempt(started, called_at=now if forced else None))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)
        return started, attempt

    def _dispatch_due(self) -> float:
        """Start what may start; returns the seconds until it is worth looking again."""
        now = self._now()
        waits = [POLL, self._store.next_due_in(now) or POLL]
        for queue in self._queues_with_due(now):
            gate = self._gate(queue.name)
            gate.follow(queue.config)
            for task in self._store.due(queue.name, now, gate.room()):
                self.start(task)
            waits.append(gate.opens_in() or POLL)
        return max(SHORTEST_WAIT, min(waits))

    def _queues_with_due(self, now: datetime) -> list[Queue]:
        found = map(self._store.queue, self._store.queues_with_due(now))
        return [queue for queue in found if queue and queue.state is QueueState.RUNNING]

    def _gate(self, name: str) -> Gate:
        if name not in self._gates:
            self._gates[name] = Gate(self._config(name))
        return self._gates[name]

    def _config(self, name: str) -> QueueConfig:
        queue = self._store.queue(name)
        return queue.config if queue else QueueConfig()

    async def _poke_or(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._poked.wait()
        except TimeoutError:
            return

    async def _cut(self) -> None:
        attempts = list(self._attempts)
        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)

    async def _attempt(self, task: Task, called_at: datetime | None) -> Outcome:
        try:
            outcome = await self._outcome(task)
            self._settle(task, outcome, called_at)
        finally:
            self._gate(task.queue).leave()
            self.poke()
        return outcome

    async def _outcome(self, task: Task) -> Outcome:
        try:
            return await self._deliver(task)
        except Exception as error:
            # A fault of this server (a token that can't be minted, say) must not leave the task running for ever.
            logger.exception("%s could not be dispatched", task.name)
            return Outcome(status=500, responded=False, message=f"INTERNAL: {error}")

    def _settle(self, task: Task, outcome: Outcome, called_at: datetime | None) -> None:
        """Remove the task or put it back for its retry; one that was deleted meanwhile stays deleted."""
        current = self._store.current(task)
        if current is None:
            return
        now = self._now()
        if outcome.succeeded:
            self._store.end(current, until=now + TASK_NAME_REST)
            return
        self._retry(current.failed(task.last_attempt, outcome, now), now, called_at or now)

    def _retry(self, failed: Task, now: datetime, counted_from: datetime) -> None:
        config = failed.retry or self._config(failed.queue)
        if backoff.exhausted(config, failed.dispatch_count, failed.first_dispatch_time or now, now):
            logger.warning("%s is given up after %d attempts: %s", failed.name, failed.attempts, failed.last_status)
            self._store.end(failed, until=now + TASK_NAME_REST)
            self.dead.append(failed)
            return
        due: datetime = counted_from + backoff.delay(config, failed.dispatch_count)
        self._store.put_back(failed.model_copy(update={"schedule_time": due}))
