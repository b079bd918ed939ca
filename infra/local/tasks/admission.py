"""What a task or a queue must be like to be taken in.

Limits: https://cloud.google.com/tasks/docs/quotas and
https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import httpx

from infra.local.tasks import names, wire
from infra.local.tasks.records import HttpRequest, QueueConfig, RetryConfig, Task, TaskDraft
from infra.local.tasks.refusals import invalid

MAX_TASK_BYTES = 100 * 1024
MAX_HEADER_BYTES = 80 * 1024
MAX_URL_CHARACTERS = 2083
MAX_AHEAD = timedelta(days=30)
DEADLINES = (timedelta(seconds=15), timedelta(minutes=30))
DEFAULT_DEADLINE = timedelta(minutes=10)
USER_AGENT = "Google-Cloud-Tasks"

_THIS_MACHINE = {"127.0.0.1", "localhost", "::1"}
_PORTS = range(1, 65536)
_METHODS_WITH_BODY = {"POST", "PUT", "PATCH"}
_GOOGLES_OWN = re.compile(r"host|content-length|user-agent|x-google-.*|x-appengine-.*|x-cloudtasks-.*", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*")


def admit(draft: TaskDraft, queue: str, now: datetime) -> Task:
    """The task that the draft becomes in the queue, named and with its defaults. Raises Refusal if it breaks a rule."""
    if draft.request is None:
        raise invalid("Task.httpRequest is required.")
    if draft.retry:
        check_retry(draft.retry)
    task = Task(
        name=_name(draft.name, queue),
        queue=queue,
        request=_request(draft.request),
        schedule_time=_schedule_time(draft.schedule_time, now),
        create_time=now,
        dispatch_deadline=_deadline(draft.dispatch_deadline),
        retry=draft.retry,
    )
    if wire.size(task) > MAX_TASK_BYTES:
        raise invalid(f"Task size too large: it must be at most {MAX_TASK_BYTES} bytes.")
    return task


def check_queue(config: QueueConfig) -> QueueConfig:
    """The configuration itself. Raises Refusal when it breaks a rule."""
    _check_range("RateLimits.maxDispatchesPerSecond", config.max_dispatches_per_second, 500)
    _check_range("RateLimits.maxConcurrentDispatches", config.max_concurrent_dispatches, 5000)
    check_retry(config)
    return config


def check_retry(config: RetryConfig) -> None:
    if config.max_attempts < -1:
        raise invalid("RetryConfig.maxAttempts must be greater or equal to -1.")
    if config.max_doublings < 0:
        raise invalid("RetryConfig.maxDoublings cannot be negative.")
    for field in ("max_retry_duration", "min_backoff", "max_backoff"):
        if getattr(config, field) < timedelta(0):
            first, *rest = field.split("_")
            raise invalid(f"RetryConfig.{first}{''.join(map(str.capitalize, rest))} cannot be negative.")
    if config.min_backoff > config.max_backoff:
        raise invalid("RetryConfig.minBackoff must be less than or equal to RetryConfig.maxBackoff.")


def _check_range(field: str, value: float, most: int) -> None:
    # NaN is in no range either; at a rate of zero a queue would wait for ever for its next token.
    if not 0 < value <= most:
        raise invalid(f"{field} must be greater than 0 and less than or equal to {most}.")


def _name(given: str, queue: str) -> str:
    if not given:
        return names.random_task(queue)
    if names.queue_of(names.task(given)) != queue:
        raise invalid(
            f"The queue name from request ('{queue}') must be the same as "
            f"the queue name in the named task ('{names.queue_of(given)}')."
        )
    return given


def _schedule_time(given: datetime | None, now: datetime) -> datetime:
    if given is None or given < now:
        return now
    if given - now > MAX_AHEAD:
        raise invalid(f"Task.scheduleTime must be at most {MAX_AHEAD.days} days in the future.")
    return given


def _deadline(given: timedelta | None) -> timedelta:
    if given is None:
        return DEFAULT_DEADLINE
    least, most = DEADLINES
    if not least <= given <= most:
        raise invalid("The Task.dispatchDeadline must be between [15s, 30m].")
    return given


def _request(request: HttpRequest) -> HttpRequest:
    _check_url(request.url)
    if request.body and request.method not in _METHODS_WITH_BODY:
        raise invalid(f"HttpRequest.body is not allowed with the method {request.method}.")
    if request.oidc_token and not request.oidc_token.service_account_email:
        raise invalid("HttpRequest.oidcToken.serviceAccountEmail is required.")
    return request.model_copy(update={"headers": _headers(request.headers)})


def _check_url(url: str) -> None:
    if not url:
        raise invalid("HttpRequest.url is required.")
    if not url.lower().startswith(("http://", "https://")):
        raise invalid("HttpTarget.url must start with 'http://' or 'https://'.")
    if len(url) > MAX_URL_CHARACTERS:
        raise invalid(f"HttpRequest.url must be at most {MAX_URL_CHARACTERS} characters long.")
    # Read by the library that will call it, so that what is checked and what is called are one host.
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise invalid(f"HttpRequest.url is invalid: {error}") from error
    if target.port is not None and target.port not in _PORTS:
        raise invalid(f"HttpRequest.url is invalid: there is no port {target.port}.")
    # As it is called: `host` would first read punycode, and fail where it is none.
    host = target.raw_host.decode()
    if host not in _THIS_MACHINE:
        raise invalid(f"HttpRequest.url must point to this machine (127.0.0.1, localhost, [::1]), not to '{host}'.")


def _headers(given: dict[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise invalid(f"HttpRequest.headers has an invalid header: {name!r}.")
    if sum(len(name) + len(value) for name, value in given.items()) > MAX_HEADER_BYTES:
        raise invalid("HttpRequest.headers must be smaller than 80 KB.")
    kept = {name: value for name, value in given.items() if not _GOOGLES_OWN.fullmatch(name)}
    return {**kept, "User-Agent": USER_AGENT}
