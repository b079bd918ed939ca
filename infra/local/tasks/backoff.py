"""When a failed task is tried again, and when no more.

The schedule is the documented one:
https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#retryconfig
"""

from __future__ import annotations

from datetime import datetime, timedelta

from infra.local.tasks.records import RetryConfig

# Cloud Tasks keeps no task longer. It counts from the task's creation; here the first attempt counts, as the local
# clock may leap over a month at once and a task should survive that leap with its retries.
RETENTION = timedelta(days=31)


def delay(config: RetryConfig, attempts: int) -> timedelta:
    """The pause after that many attempts (1 or more): doubling, then linear, then constant.

    With 10 s, 300 s and 3 doublings: 10, 20, 40, 80, 160, 240, 300, 300 ... seconds.
    """
    # 2**1000 is still a float; more doublings than that are at the maximum long before.
    doublings = min(config.max_doublings, 1000)
    steps = 2.0 ** min(attempts - 1, doublings) * max(1, attempts - doublings)
    seconds = config.min_backoff.total_seconds() * steps
    # A backoff may be set to thousands of years, which no date could hold.
    return min(timedelta(seconds=min(seconds, config.max_backoff.total_seconds())), RETENTION)


def exhausted(config: RetryConfig, attempts: int, first_attempt: datetime, now: datetime) -> bool:
    """Whether no attempt is left. Where both limits are set, both must be reached."""
    age = now - first_attempt
    reached: list[bool] = []
    if config.max_attempts > 0:
        reached.append(attempts >= config.max_attempts)
    if config.max_retry_duration > timedelta(0):
        reached.append(age >= config.max_retry_duration)
    return age >= RETENTION or (bool(reached) and all(reached))
