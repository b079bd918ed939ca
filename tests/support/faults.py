"""A small proxy before the Firestore emulator that makes bad days: it passes raw bytes on and fails as it is told.

Lose the reply of a commit that took place, answer with a status instead, hang: each counted by method.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import grpc
from grpc import aio

UNAVAILABLE, ABORTED = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED

_STREAMS = {"BatchGetDocuments", "RunQuery", "RunAggregationQuery"}
_OPTIONS = [("grpc.max_receive_message_length", -1)]


class Bad(Enum):
    """What may become of a call, besides a status in place of its answer."""

    REPLY_LOST = "carried out, and then UNAVAILABLE"
    FIRST_REPLY_LOST = "the same, for the first of each request that comes several times"
    HANGS = "never answered"


Fate = Bad | grpc.StatusCode | None


@dataclass
class Faults:
    """`host` is the proxy's; `seen` counts the calls by method; `always` is what becomes of those not planned."""

    host: str = ""
    seen: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    always: dict[str, Fate] = field(default_factory=dict[str, Fate])
    _fates: defaultdict[str, deque[Fate]] = field(default_factory=lambda: defaultdict(deque))
    _requests: set[bytes] = field(default_factory=set[bytes])

    def plan(self, method: str, *fates: Fate) -> None:
        """Let the next calls of a method end so, one after the other; None is a call that goes well."""
        self._fates[method].extend(fates)

    async def reached(self, method: str) -> None:
        """Wait until a call of this method has come."""
        while not self.seen[method]:  # noqa: ASYNC110  a test looks every few milliseconds
            await asyncio.sleep(0.005)

    def next_of(self, method: str, request: bytes) -> Fate:
        self.seen[method] += 1
        fate = self._fates[method].popleft() if self._fates[method] else self.always.get(method)
        if fate is not Bad.FIRST_REPLY_LOST:
            return fate
        first = request not in self._requests
        self._requests.add(request)
        return Bad.REPLY_LOST if first else None


class _Proxy(grpc.GenericRpcHandler):
    def __init__(self, channel: aio.Channel, faults: Faults) -> None:
        self._channel, self._faults = channel, faults

    def service(self, handler_call_details: Any) -> Any:
        path: str = handler_call_details.method
        given: Any = handler_call_details.invocation_metadata
        metadata: Any = [pair for pair in given if pair[0] in ("authorization", "google-cloud-resource-prefix")]
        method = path.rpartition("/")[2]

        async def unary(request: bytes, context: Any) -> bytes:
            fate = await self._strike(method, request, context)
            answer = await self._channel.unary_unary(path)(request, metadata=metadata)
            await self._lose(fate, context)
            return answer

        async def stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
            fate = await self._strike(method, request, context)
            async for answer in self._channel.unary_stream(path)(request, metadata=metadata):
                yield answer
            await self._lose(fate, context)

        if method in _STREAMS:
            return grpc.unary_stream_rpc_method_handler(_told(stream))  # pyright: ignore[reportArgumentType]
        return grpc.unary_unary_rpc_method_handler(_told_once(unary))  # pyright: ignore[reportArgumentType]

    async def _strike(self, method: str, request: bytes, context: Any) -> Fate:
        fate = self._faults.next_of(method, request)
        if fate is Bad.HANGS:
            await asyncio.sleep(3600)
        if isinstance(fate, grpc.StatusCode):
            await context.abort(fate, "as the test wishes")
        return fate

    async def _lose(self, fate: Fate, context: Any) -> None:
        if fate is Bad.REPLY_LOST:
            await context.abort(UNAVAILABLE, "the reply was lost")


def _told_once(call: Any) -> Any:
    """Pass the emulator's own refusals on as they are."""

    async def handle(request: bytes, context: Any) -> bytes:
        try:
            return await call(request, context)
        except aio.AioRpcError as error:
            await context.abort(error.code(), error.details() or "")
            raise

    return handle


def _told(call: Any) -> Any:
    async def handle(request: bytes, context: Any) -> AsyncIterator[bytes]:
        try:
            async for answer in call(request, context):
                yield answer
        except aio.AioRpcError as error:
            await context.abort(error.code(), error.details() or "")

    return handle


@asynccontextmanager
async def faulty(firestore: str) -> AsyncIterator[Faults]:
    """Serve a proxy before the emulator at this address."""
    faults = Faults()
    async with aio.insecure_channel(firestore, options=_OPTIONS) as channel:
        server = aio.server(options=_OPTIONS)
        server.add_generic_rpc_handlers((_Proxy(channel, faults),))
        faults.host = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        await server.start()
        try:
            yield faults
        finally:
            await server.stop(None)
