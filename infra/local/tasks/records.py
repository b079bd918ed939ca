"""What the server knows of queues and tasks, as plain values.

Fields and their defaults: https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues and
https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class RetryConfig(_Value):
    """When a failed task is tried again; -1 attempts and a duration of zero mean no limit."""

    max_attempts: int = 100
    max_retry_duration: timedelta = timedelta(0)
    min_backoff: timedelta = timedelta(milliseconds=100)
    max_backoff: timedelta = timedelta(hours=1)
    max_doublings: int = 16


class QueueConfig(RetryConfig):
    """How a queue dispatches; the defaults are Google's."""

    max_dispatches_per_second: float = 500.0
    max_concurrent_dispatches: int = 1000

    @property
    def max_burst_size(self) -> int:
        """How many tasks may leave at once. Google chooses it, and says that it is at least the rate."""
        return max(1, math.ceil(self.max_dispatches_per_second))


class QueueState(StrEnum):
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"


class Queue(_Value):
    name: str
    config: QueueConfig
    state: QueueState = QueueState.RUNNING
    purge_time: datetime | None = None


class OidcToken(_Value):
    service_account_email: str
    audience: str


class HttpRequest(_Value):
    url: str
    method: str
    headers: dict[str, str] = Field(default_factory=dict)
    body: bytes = b""
    oidc_token: OidcToken | None = None


class TaskDraft(_Value):
    """A task as a client asks for it, before anything is checked."""

    name: str = ""
    request: HttpRequest | None = None
    schedule_time: datetime | None = None
    dispatch_deadline: timedelta | None = None
    retry: RetryConfig | None = None


class Attempt(_Value):
    """One dispatch. `status` is the HTTP status; where none came, the one that Cloud Tasks reports (504, 503)."""

    schedule_time: datetime
    dispatch_time: datetime
    response_time: datetime | None = None
    status: int | None = None
    message: str = ""


class Task(_Value):
    """A task that lives. `key` tells it from a later task of the same name.

    `execution_count` counts the answers that were no server errors, `previous_status` is that of the last failure.
    """

    key: str = Field(default_factory=lambda: uuid4().hex)
    name: str
    queue: str
    request: HttpRequest
    schedule_time: datetime
    create_time: datetime
    dispatch_deadline: timedelta = timedelta(minutes=10)
    retry: RetryConfig | None = None
    dispatch_count: int = 0
    response_count: int = 0
    execution_count: int = 0
    first_dispatch_time: datetime | None = None
    last_attempt: Attempt | None = None
    previous_status: int | None = None

    @property
    def id(self) -> str:
        return self.name.rpartition("/")[2]

    @property
    def url(self) -> str:
        return self.request.url

    @property
    def attempts(self) -> int:
        """How often it was dispatched, the running attempt included."""
        return self.dispatch_count

    @property
    def last_status(self) -> int | None:
        """The status of the newest attempt that is over."""
        return self.previous_status

    def dispatched(self, now: datetime) -> Task:
        """The task as it leaves for its handler."""
        return self.model_copy(
            update={
                "dispatch_count": self.dispatch_count + 1,
                "first_dispatch_time": self.first_dispatch_time or now,
                "last_attempt": Attempt(schedule_time=self.schedule_time, dispatch_time=now),
            }
        )

    def failed(self, attempt: Attempt | None, outcome: Outcome, now: datetime) -> Task:
        """The task with that attempt of it failed; when it is tried again is another's business."""
        over = {"response_time": now, "status": outcome.status, "message": outcome.message}
        return self.model_copy(
            update={
                "response_count": self.response_count + outcome.responded,
                "execution_count": self.execution_count + outcome.executed,
                "last_attempt": attempt and attempt.model_copy(update=over),
                "previous_status": outcome.status,
            }
        )


class Outcome(_Value):
    """What became of one dispatch; `responded` is False where no answer came."""

    status: int
    responded: bool
    message: str

    @property
    def succeeded(self) -> bool:
        return 200 <= self.status < 300

    @property
    def executed(self) -> bool:
        """Whether the handler answered with its own mind: server errors say that it didn't come to that."""
        return self.responded and self.status < 500
