"""How fast a queue may dispatch: a token bucket and a number of places.

https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#ratelimits
"""

from __future__ import annotations

import time

from infra.local.tasks.records import QueueConfig


class Gate:
    """Lets a queue's tasks out at its rate, and no more at once than it may have running.

    It goes by the machine's own clock: a leap of the stack's clock must not let a flood out, nor a stopped one hold
    the queue.
    """

    def __init__(self, config: QueueConfig) -> None:
        self.running = 0
        self._config = config
        self._tokens = float(config.max_burst_size)
        self._filled_at = time.monotonic()

    def follow(self, config: QueueConfig) -> None:
        """Go by a changed configuration from now on; what runs stays counted."""
        if config != self._config:
            self._refill()
            self._config = config
            self._tokens = min(self._tokens, config.max_burst_size)

    def room(self) -> int:
        """How many tasks may leave now."""
        self._refill()
        places = self._config.max_concurrent_dispatches - self.running
        return max(0, min(int(self._tokens), places))

    def enter(self, *, forced: bool = False) -> None:
        """Count a task that leaves. One that was forced takes no token."""
        self.running += 1
        if not forced:
            self._tokens -= 1

    def leave(self) -> None:
        self.running -= 1

    def opens_in(self) -> float | None:
        """Seconds until the next token; None when there is one, so that only a free place is missing."""
        self._refill()
        return None if self._tokens >= 1 else (1 - self._tokens) / self._config.max_dispatches_per_second

    def _refill(self) -> None:
        now = time.monotonic()
        gained = (now - self._filled_at) * self._config.max_dispatches_per_second
        self._tokens = min(self._tokens + gained, float(self._config.max_burst_size))
        self._filled_at = now
