"""Cloud Tasks: work that is carried out later, at least once. Payloads carry ids, never data.

API: https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from core.failures import Unavailable
from core.ids import keyed_hash
from core.settings import REGION, Settings

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksAsyncClient

INVOKER = "tasks-invoker"


class Tasks:
    """The queues of one project. Each capability's tasks function has the queue of its name."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._channel: Any = None

    # Made with the first task: some routes enqueue one rarely, and need not pay for the SDK each time they start.
    @cached_property
    def _client(self) -> "CloudTasksAsyncClient":
        from google.cloud.tasks_v2 import CloudTasksAsyncClient

        if not (host := self._settings.tasks_emulator_host):
            return CloudTasksAsyncClient()
        from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
        from grpc import aio

        self._channel = aio.insecure_channel(host)
        return CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=self._channel))

    async def enqueue(
        self, function: str, handler: str, payload: Mapping[str, str | int], *, name: str, at: datetime | None = None
    ) -> None:
        """Have `/tasks/{handler}` of a private function called with this payload, now or at a time within 30 days.

        `name` says what the task does, once: a second task of that name, for an hour or more after the first, is none.
        Raises Unavailable when the queue cannot be reached.
        """
        from google.api_core import exceptions, retry_async

        address = self._settings.address_of(function)
        queue = f"projects/{self._settings.project_id}/locations/{REGION}/queues/{function}"
        task: dict[str, Any] = {
            # Hashed, as names in sequence make Cloud Tasks slow, and a name is no place for an id.
            "name": f"{queue}/tasks/{keyed_hash(self._settings.key, 'task', handler, name)}",
            "http_request": {
                "http_method": "POST",
                "url": f"{address}/tasks/{handler}",
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps(payload).encode(),
                "oidc_token": {"service_account_email": self._settings.account(INVOKER), "audience": address},
            },
        }
        if at:
            task["schedule_time"] = at
        retry = retry_async.AsyncRetry(
            predicate=retry_async.if_exception_type(exceptions.ServiceUnavailable), initial=0.05, timeout=5
        )
        try:
            await cast("Any", self._client).create_task(parent=queue, task=task, retry=retry, timeout=5)
        except exceptions.AlreadyExists:
            return
        except (exceptions.GoogleAPICallError, exceptions.RetryError) as error:
            raise Unavailable(retry_after=5) from error

    async def close(self) -> None:
        if self._channel:
            await self._channel.close()
