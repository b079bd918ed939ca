"""The queues of the registry in the Tasks server, and the tasks that wait in them, over Cloud Tasks' own protocol."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import grpc.aio
from google.api_core.exceptions import AlreadyExists, GoogleAPICallError, RetryError
from google.cloud.tasks_v2 import CloudTasksAsyncClient
from google.cloud.tasks_v2 import types as wire
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport

from core.failures import Unavailable
from core.functions import Queue
from core.settings import REGION
from infra.local.gateway.clocks import rfc3339
from infra.local.gateway.loading import Served
from infra.local.gateway.settings import Settings

_DEADLINE = 5.0


class Queues:
    """What the gateway asks of the Tasks server. Raises Unavailable when it does not answer."""

    def __init__(self, served: Mapping[str, Served], settings: Settings) -> None:
        self._declared = [one.function.queue for one in served.values() if one.function.queue]
        self._host = settings.tasks_host
        self._parent = f"projects/{settings.project_id}/locations/{REGION}"
        self._client: Any = None

    async def make(self) -> None:
        """Make every declared queue, or bring it to the settings that the registry has now."""
        try:
            for queue in map(self._message, self._declared):
                try:
                    await self._connected().create_queue(
                        request={"parent": self._parent, "queue": queue}, retry=None, timeout=_DEADLINE
                    )
                except AlreadyExists:
                    await self._connected().update_queue(request={"queue": queue}, retry=None, timeout=_DEADLINE)
        except (GoogleAPICallError, RetryError) as error:
            raise Unavailable(f"The Tasks server does not answer: {error}") from error

    async def tasks(self) -> list[dict[str, Any]]:
        """Return the waiting tasks of all queues, each as `{name, queue, url, body, scheduleTime, …}`."""
        client, full = self._connected(), wire.Task.View.FULL
        try:
            queues = await client.list_queues(request={"parent": self._parent}, retry=None, timeout=_DEADLINE)
            pages = [
                await client.list_tasks(
                    request={"parent": queue.name, "response_view": full}, retry=None, timeout=_DEADLINE
                )
                async for queue in queues
            ]
            return [_view(task) for page in pages async for task in page]
        except (GoogleAPICallError, RetryError) as error:
            raise Unavailable(f"The Tasks server does not answer: {error}") from error

    async def close(self) -> None:
        if self._client is not None:
            await self._client.transport.close()

    def _connected(self) -> Any:
        if self._client is None:
            self._client = _client(self._host)
        return self._client

    def _message(self, queue: Queue) -> wire.Queue:
        return wire.Queue(
            name=f"{self._parent}/queues/{queue.name}",
            rate_limits=wire.RateLimits(
                max_dispatches_per_second=queue.max_dispatches_per_second,
                max_concurrent_dispatches=queue.max_concurrent_dispatches,
            ),
            retry_config=wire.RetryConfig(
                max_attempts=queue.max_attempts,
                min_backoff=timedelta(seconds=queue.min_backoff),
                max_backoff=timedelta(seconds=queue.max_backoff),
                max_doublings=queue.max_doublings,
            ),
        )


def _client(host: str | None) -> Any:
    if not host:
        raise Unavailable("CLOUD_TASKS_EMULATOR_HOST names no Tasks server.")
    channel: Any = grpc.aio.insecure_channel(host)
    return CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))


def _view(task: wire.Task) -> dict[str, Any]:
    attempt: Any = task.last_attempt
    return {
        "name": task.name.rpartition("/")[2],
        "queue": task.name.split("/")[-3],
        "url": task.http_request.url,
        "body": _readable(task.http_request.body),
        "scheduleTime": _moment(task.schedule_time),
        "createTime": _moment(task.create_time),
        "dispatchCount": task.dispatch_count,
        "responseCount": task.response_count,
        "lastMessage": attempt.response_status.message or None,
    }


def _moment(timestamp: Any) -> str | None:
    return rfc3339(timestamp) if timestamp else None


def _readable(body: bytes) -> object:
    """Return JSON as what it says, other text as it is."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
