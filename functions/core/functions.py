"""The registry: what is deployed is declared beside its code, and everything else is derived from here.

A capability has one Cloud Function for each kind of trigger, as access is granted per function: `files` (HTTP, public),
`files-tasks`, `files-schedules` and `files-events` (private). `infra/manifest` turns the registry into
`infra/functions.json`, the rewrites of `firebase.json` and `docs/openapi.json`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from core.data.buckets import Bucket

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

    from core.web.application import Application


class Trigger(StrEnum):
    HTTP = "http"
    TASKS = "tasks"
    SCHEDULES = "schedules"
    EVENTS = "events"


@dataclass(frozen=True)
class Schedule:
    """One entry of Cloud Scheduler: a cron expression in a time zone, and the path that it posts to."""

    name: str
    cron: str
    zone: str = "Europe/Oslo"

    @property
    def path(self) -> str:
        return f"/schedules/{self.name}"


@dataclass(frozen=True)
class Queue:
    """One queue of Cloud Tasks with its retry and rate settings (seconds, per second).

    Source: https://cloud.google.com/tasks/docs/configuring-queues
    """

    name: str
    max_attempts: int = 100
    min_backoff: float = 1.0
    max_backoff: float = 600.0
    max_doublings: int = 10
    max_dispatches_per_second: float = 100.0
    max_concurrent_dispatches: int = 50


FINALIZED: Final = "google.cloud.storage.object.v1.finalized"
"""An object is there, whole. Source: https://cloud.google.com/eventarc/docs/reference/supported-events"""


@dataclass(frozen=True)
class ObjectEvents:
    """What Eventarc delivers to a function: events of one type about one bucket, each until it is answered with 2xx."""

    bucket: Bucket
    type: str = FINALIZED


@dataclass(frozen=True)
class Resources:
    """What one instance gets: memory as Cloud Run writes it, vCPUs, requests at once, seconds, warm instances."""

    memory: str = "512Mi"
    cpu: float = 1
    concurrency: int = 80
    timeout: int = 60
    min_instances: int = 0


@dataclass(frozen=True)
class Function:
    """One deployed function. `name` is its service's name, `entry_point` its name in `main.py`."""

    name: str
    trigger: Trigger
    application: "Application"
    resources: Resources
    paths: tuple[str, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    queue: Queue | None = None
    events: ObjectEvents | None = None

    @property
    def entry_point(self) -> str:
        return self.name.replace("-", "_")

    @property
    def service_account(self) -> str:
        """The account's id: each function has one of its own, so that each gets only what it needs."""
        return f"fn-{self.name}"


EntryPoint = Callable[["Request"], Awaitable["ASGIApp"]]

registry: dict[str, Function] = {}


def http_function(
    application: "Application", *, paths: Sequence[str], resources: Resources | None = None
) -> EntryPoint:
    """Declare the public function of a capability.

    `paths` are Hosting globs (`*` one segment, `**` the rest); where two functions' globs overlap, the more specific
    one wins.
    """
    return _declare(Function(application.name, Trigger.HTTP, application, resources or Resources(), paths=tuple(paths)))


def task_function(application: "Application", *, queue: Queue, resources: Resources | None = None) -> EntryPoint:
    """Declare the private function that Cloud Tasks calls: each handler is a route `/tasks/{handler}`."""
    return _declare(
        Function(application.name, Trigger.TASKS, application, resources or Resources(timeout=540), queue=queue)
    )


def schedule_function(
    application: "Application", *, schedules: Sequence[Schedule], resources: Resources | None = None
) -> EntryPoint:
    """Declare the private function that Cloud Scheduler calls: each schedule posts to `/schedules/{name}`."""
    resources = resources or Resources(timeout=540, concurrency=1)
    return _declare(Function(application.name, Trigger.SCHEDULES, application, resources, schedules=tuple(schedules)))


def event_function(
    application: "Application", *, bucket: Bucket, event_type: str = FINALIZED, resources: Resources | None = None
) -> EntryPoint:
    """Declare the private function to which Eventarc posts what happens in a bucket: its one route is `POST /`.

    Such functions are deployed with FUNCTION_SIGNATURE_TYPE=cloudevent, and are HTTP functions all the same: what a
    decorator registers goes before the environment, and `core.web.events` reads the event.
    """
    resources = resources or Resources(timeout=540)
    events = ObjectEvents(bucket, event_type)
    return _declare(Function(application.name, Trigger.EVENTS, application, resources, events=events))


def _declare(function: Function) -> EntryPoint:
    if function.name in registry:
        raise TypeError(f"two functions are called {function.name!r}")
    registry[function.name] = function

    async def entry_point(_: "Request") -> "ASGIApp":
        return function.application

    # functions-framework keys its registry by __name__, and two functions of one process must not meet there.
    entry_point.__name__ = entry_point.__qualname__ = function.entry_point
    return _as_http_function(entry_point)


def _as_http_function(entry_point: EntryPoint) -> EntryPoint:
    from functions_framework import aio

    decorate: Any = aio.http
    return decorate(entry_point)
