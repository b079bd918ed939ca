"""A handler that tasks are sent to: a real HTTP server that remembers what it got and answers as it is told."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

METHODS = ["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"]


@dataclass
class Received:
    method: str
    path: str
    headers: Headers
    body: bytes


@dataclass
class Target:
    """`answers` are the statuses to come, then 200, each with `headers`.

    While `open` is cleared the requests wait for their answer.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list[Received])
    answers: deque[int] = field(default_factory=deque[int])
    headers: dict[str, str] = field(default_factory=dict[str, str])
    open: asyncio.Event = field(default_factory=asyncio.Event)
    busy: int = 0
    most_busy: int = 0

    @property
    def paths(self) -> list[str]:
        return [request.path for request in self.received]

    async def got(self, count: int) -> None:
        """Wait until that many requests have come."""
        async with asyncio.timeout(5):
            while len(self.received) < count:  # noqa: ASYNC110  a poll is plainer than a condition here
                await asyncio.sleep(0.002)

    async def handle(self, request: Request) -> Response:
        self.received.append(Received(request.method, request.url.path, request.headers, await request.body()))
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            await self.open.wait()
        finally:
            self.busy -= 1
        return Response(status_code=self.answers.popleft() if self.answers else 200, headers=self.headers)


@asynccontextmanager
async def running_target(sock: socket.socket | None = None) -> AsyncIterator[Target]:
    """A target on a free port of 127.0.0.1, or on a socket that is bound already."""
    target = Target()
    target.open.set()
    app = Starlette(routes=[Route("/{path:path}", target.handle, methods=METHODS)])
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Neither by `serve` nor by `shutdown`: they sleep by the tenth of a second, longer than most tests last.
    await server.startup(sockets=[sock] if sock else None)
    target.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield target
    target.open.set()
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
