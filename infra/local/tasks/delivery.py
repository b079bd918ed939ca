"""One dispatch of one task: the HTTP request that the handler sees, and what came of it.

Headers: https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from infra.local.tasks.records import Outcome, Task
from infra.local.tasks.store import microseconds


@dataclass
class Delivery:
    """Sends tasks by one HTTP client; `mint` makes the OIDC token for an e-mail address and an audience."""

    client: httpx.AsyncClient
    mint: Callable[[str, str], str]

    async def __call__(self, task: Task) -> Outcome:
        """Dispatch the task and wait for the answer, no longer than its dispatch deadline.

        A redirect isn't followed: it could lead off this machine. It counts as a failure.
        """
        try:
            async with asyncio.timeout(task.dispatch_deadline.total_seconds()):
                response = await self.client.send(self._request(task))
        except TimeoutError:
            return _unanswered(504, "DEADLINE_EXCEEDED: the handler did not answer within the dispatch deadline")
        except httpx.HTTPError as error:
            return _unanswered(503, f"UNAVAILABLE: {type(error).__name__} {error}")
        return Outcome(status=response.status_code, responded=True, message=f"HTTP status code {response.status_code}")

    def _request(self, task: Task) -> httpx.Request:
        request = task.request
        headers = httpx.Headers(request.headers)
        headers.update(self._authorization(task) | _content_type(task) | _task_headers(task))
        return self.client.build_request(request.method, request.url, headers=headers, content=request.body or None)

    def _authorization(self, task: Task) -> dict[str, str]:
        token = task.request.oidc_token
        if token is None:
            return {}
        return {"Authorization": f"Bearer {self.mint(token.service_account_email, token.audience or task.url)}"}


def http_client() -> httpx.AsyncClient:
    """A client for any number of dispatches at once, that goes straight to its target, never by a proxy."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=50)
    # A handler's cookie must not reach the next task: no two dispatches know of each other.
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    # No public authority vouches for this machine, and to read them all takes longer than the rest of the start.
    no_authorities = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Each dispatch has the deadline of its task.
    return httpx.AsyncClient(
        timeout=None,  # noqa: S113
        verify=no_authorities,
        limits=limits,
        trust_env=False,
        follow_redirects=False,
        cookies=no_cookies,
    )


def _unanswered(status: int, message: str) -> Outcome:
    return Outcome(status=status, responded=False, message=message)


def _content_type(task: Task) -> dict[str, str]:
    """What the task doesn't say is sent as bytes, and only on the wire: the task itself stays as it was created."""
    named = any(name.lower() == "content-type" for name in task.request.headers)
    return {} if named or not task.request.body else {"Content-Type": "application/octet-stream"}


def _task_headers(task: Task) -> dict[str, str]:
    seconds, fraction = divmod(microseconds(task.schedule_time), 1_000_000)
    headers = {
        "X-CloudTasks-QueueName": task.queue.rpartition("/")[2],
        "X-CloudTasks-TaskName": task.id,
        "X-CloudTasks-TaskRetryCount": str(task.dispatch_count - 1),
        "X-CloudTasks-TaskExecutionCount": str(task.execution_count),
        "X-CloudTasks-TaskETA": f"{seconds}.{fraction:06d}",
    }
    if task.previous_status is None:
        return headers
    # The reason is sent empty: that is what handlers by HTTP were seen to get, App Engine's alone get words.
    return headers | {
        "X-CloudTasks-TaskPreviousResponse": str(task.previous_status),
        "X-CloudTasks-TaskRetryReason": "",
    }
