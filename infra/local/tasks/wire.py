"""The border to protobuf: google-cloud-tasks' messages on one side, plain values on the other.

The messages have no types to check, so nothing outside this module and `rpc.py` touches one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from google.cloud import tasks_v2

from infra.local.tasks.records import Attempt, HttpRequest, OidcToken, Queue, QueueConfig, RetryConfig, Task, TaskDraft
from infra.local.tasks.refusals import invalid

T = TypeVar("T")

# google.rpc.Code by HTTP status: https://cloud.google.com/apis/design/errors#handling_errors
_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 499: 1, 500: 13, 501: 12, 503: 14, 504: 4}

_RATE_FIELDS = ("max_dispatches_per_second", "max_concurrent_dispatches")
_RETRY_FIELDS = ("max_attempts", "max_retry_duration", "min_backoff", "max_backoff", "max_doublings")
_SECTIONS = {"rate_limits": _RATE_FIELDS, "retry_config": _RETRY_FIELDS}
_OUTPUT_ONLY = {"name", "state", "purge_time", "rate_limits.max_burst_size"}


def message_class(name: str) -> Any:
    """The plain protobuf class of that name, which google-cloud-tasks wraps."""
    wrapped: Any = getattr(tasks_v2, name)
    return wrapped.pb()


# Reading


def draft(message: Any) -> TaskDraft:
    """Read a Task that a client sends. Raises Refusal for what can't be served here."""
    if message.HasField("app_engine_http_request"):
        raise invalid("Tasks for App Engine are not served here; use http_request.")
    return TaskDraft(
        name=message.name,
        request=_request(message.http_request) if message.HasField("http_request") else None,
        schedule_time=_moment(message, "schedule_time"),
        dispatch_deadline=_span(message, "dispatch_deadline"),
        retry=_retry(message) if message.HasField("retry_config") else None,
    )


def queue_config(message: Any) -> QueueConfig:
    """Read a Queue's configuration; what isn't set takes Google's default.

    Raises Refusal for what can't be served here.
    """
    for field in ("http_target", "app_engine_routing_override"):
        if message.HasField(field):
            raise invalid(f"Queue.{field} is not served here.")
    return QueueConfig(**_given(message, "rate_limits"), **_given(message, "retry_config"))


def changed_config(message: Any, paths: list[str], config: QueueConfig) -> QueueConfig:
    """The configuration with the fields that an update mask names; with an empty mask, with all.

    A number that the mask names is taken as it stands, which is the only way to say no doublings.
    """
    fresh = queue_config(message)
    if not paths:
        return fresh
    changes: dict[str, object] = {}
    for path in paths:
        changes |= {field: getattr(fresh, field) for field in _masked_fields(path)}
    if "retry_config.max_doublings" in paths:
        changes["max_doublings"] = message.retry_config.max_doublings
    return config.model_copy(update=changes)


def _masked_fields(path: str) -> tuple[str, ...]:
    section, _, field = path.partition(".")
    if path in _OUTPUT_ONLY:
        return ()
    if section not in _SECTIONS or (field and field not in _SECTIONS[section]):
        raise invalid(f"Unknown field in updateMask: {path}.")
    return (field,) if field else _SECTIONS[section]


def _given(message: Any, section: str) -> dict[str, Any]:
    """The fields of a section that are set; numbers have no presence, so zero means unset."""
    part = getattr(message, section)
    spans = {"max_retry_duration", "min_backoff", "max_backoff"}
    read = {
        field: _span(part, field) if field in spans else getattr(part, field) or None for field in _SECTIONS[section]
    }
    return {field: value for field, value in read.items() if value is not None}


def _retry(message: Any) -> RetryConfig:
    return RetryConfig(**_given(message, "retry_config"))


def _request(message: Any) -> HttpRequest:
    if message.HasField("oauth_token"):
        raise invalid("HttpRequest.oauthToken is for *.googleapis.com, which is never called from here.")
    token = message.oidc_token if message.HasField("oidc_token") else None
    return HttpRequest(
        url=message.url,
        method=_method_name(message.http_method),
        headers=dict(message.headers),
        body=message.body,
        oidc_token=token and OidcToken(service_account_email=token.service_account_email, audience=token.audience),
    )


def _method_name(number: int) -> str:
    if number not in set(tasks_v2.HttpMethod):
        raise invalid(f"HttpRequest.httpMethod {number} is unknown.")
    return tasks_v2.HttpMethod(number or tasks_v2.HttpMethod.POST).name


def _moment(message: Any, field: str) -> datetime | None:
    return _in_range(field, lambda: getattr(message, field).ToDatetime(UTC)) if message.HasField(field) else None


def _span(message: Any, field: str) -> timedelta | None:
    return _in_range(field, lambda: getattr(message, field).ToTimedelta()) if message.HasField(field) else None


def _in_range(field: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (ValueError, OverflowError) as error:
        raise invalid(f"{field} is out of range: {error}") from error


# Writing


def queue(queue: Queue) -> Any:
    config = queue.config
    message = message_class("Queue")(name=queue.name, state=tasks_v2.Queue.State[queue.state])
    message.rate_limits.max_dispatches_per_second = config.max_dispatches_per_second
    message.rate_limits.max_concurrent_dispatches = config.max_concurrent_dispatches
    message.rate_limits.max_burst_size = config.max_burst_size
    _write_retry(message.retry_config, config)
    if queue.purge_time:
        message.purge_time.FromDatetime(queue.purge_time)
    return message


def task(task: Task, *, full: bool) -> Any:
    """Write a Task; the BASIC view leaves out the body."""
    view = tasks_v2.Task.View.FULL if full else tasks_v2.Task.View.BASIC
    message = message_class("Task")(
        name=task.name, dispatch_count=task.dispatch_count, response_count=task.response_count, view=view
    )
    message.schedule_time.FromDatetime(task.schedule_time)
    message.create_time.FromDatetime(task.create_time.replace(microsecond=0))
    message.dispatch_deadline.FromTimedelta(task.dispatch_deadline)
    _write_request(message.http_request, task.request, full=full)
    if task.retry:
        _write_retry(message.retry_config, task.retry)
    if task.first_dispatch_time:
        message.first_attempt.dispatch_time.FromDatetime(task.first_dispatch_time)
    if task.last_attempt:
        _write_attempt(message.last_attempt, task.last_attempt)
    return message


def size(subject: Task) -> int:
    """Bytes of the task as it is kept: its message with name, times and defaults filled in."""
    return task(subject, full=True).ByteSize()


def wants_full(message: Any) -> bool:
    return message.response_view == tasks_v2.Task.View.FULL


def _write_request(message: Any, request: HttpRequest, *, full: bool) -> None:
    message.url = request.url
    message.http_method = tasks_v2.HttpMethod[request.method]
    message.headers.update(request.headers)
    if full:
        message.body = request.body
    if request.oidc_token:
        message.oidc_token.service_account_email = request.oidc_token.service_account_email
        message.oidc_token.audience = request.oidc_token.audience


def _write_retry(message: Any, config: RetryConfig) -> None:
    message.max_attempts = config.max_attempts
    message.max_retry_duration.FromTimedelta(config.max_retry_duration)
    message.min_backoff.FromTimedelta(config.min_backoff)
    message.max_backoff.FromTimedelta(config.max_backoff)
    message.max_doublings = config.max_doublings


def _write_attempt(message: Any, attempt: Attempt) -> None:
    message.schedule_time.FromDatetime(attempt.schedule_time)
    message.dispatch_time.FromDatetime(attempt.dispatch_time)
    if attempt.response_time and attempt.status is not None:
        message.response_time.FromDatetime(attempt.response_time)
        message.response_status.code = 0 if 200 <= attempt.status < 300 else _CODES.get(attempt.status, 2)
        message.response_status.message = attempt.message
