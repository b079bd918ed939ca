"""What to do when somebody else was quicker: read again, decide again, write again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from core.data.commits import Moved
from core.failures import Unavailable

TRIES: Final = 10

P = ParamSpec("P")
T = TypeVar("T")


def again_when_moved(attempt: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a function that reads, decides and commits run again, up to ten times, when its commit raises Moved.

    Whatever else it raises comes through, such as a condition that no longer holds. Raises Unavailable at the end.
    """

    @wraps(attempt)
    async def persistent(*args: P.args, **kwargs: P.kwargs) -> T:
        for tried in range(TRIES):
            try:
                return await attempt(*args, **kwargs)
            except Moved:
                await asyncio.sleep(random.uniform(0, min(0.01 * 2**tried, 0.2)))  # noqa: S311  jitter is no secret
        raise Unavailable(retry_after=1)

    return persistent
