"""A small HTTP server before the Storage server that makes bad days: it passes requests on, and loses answers."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.support.api import serving

_OF_ONE_HOP = {"connection", "transfer-encoding", "content-length", "content-encoding", "accept-encoding", "host"}


@dataclass
class Stumbling:
    """`lost` is how many answers are still to be lost, of requests that are carried out all the same."""

    to: str
    client: httpx.AsyncClient
    url: str = ""
    lost: int = 0
    seen: list[str] = field(default_factory=list[str])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.seen.append(request.method)
        # As it came: a name's slashes are percent-encoded.
        address = f"{self.to}{scope['raw_path'].decode()}?{request.url.query}"
        headers = {name: value for name, value in request.headers.items() if name not in _OF_ONE_HOP}
        answer = await self.client.request(request.method, address, content=await request.body(), headers=headers)
        kept = {name: value for name, value in answer.headers.items() if name not in _OF_ONE_HOP}
        response = Response(answer.content, answer.status_code, kept)
        # The library looks at the bucket in a thread of its own, for tracing; that is nobody's answer.
        if self.lost and "/o" in scope["path"]:
            self.lost -= 1
            response = Response(status_code=503)
        await response(scope, receive, send)


@asynccontextmanager
async def stumbling(to: str) -> AsyncIterator[Stumbling]:
    """Serve before the Storage server at this address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with httpx.AsyncClient(trust_env=False) as client:
            made = Stumbling(to, client, f"http://127.0.0.1:{listener.getsockname()[1]}")
            async with serving(made, listener):
                yield made
