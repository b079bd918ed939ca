"""What goes over the wire to Firestore, counted where it goes: RPCs, billed reads and writes, and every query."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from grpc import aio

from tests.support.index_guard import IndexGuard


@dataclass
class Wire:
    """The calls since the last `reset`. Queries without an index in production stay in `guard.missing`."""

    guard: IndexGuard
    rpcs: list[str] = field(default_factory=list)
    reads: int = 0
    writes: int = 0

    def reset(self) -> None:
        self.rpcs.clear()
        self.reads = self.writes = 0

    @property
    def cost(self) -> tuple[int, int, int]:
        """RPCs, documents read and documents written, as Firestore bills them."""
        return len(self.rpcs), self.reads, self.writes

    def interceptors(self) -> list[aio.ClientInterceptor]:
        return [_Unary(self), _Streaming(self)]

    def sent(self, details: aio.ClientCallDetails, request: Any) -> str:
        method = details.method if isinstance(details.method, str) else details.method.decode()
        name = method.rsplit("/", 1)[-1]
        self.rpcs.append(name)
        if name == "Commit":
            self.writes += len(request.writes)
            for write in request.writes:
                self.guard.check_document(write.update.name or write.delete, write.update.fields)
        elif name == "RunQuery":
            self.guard.check(request.structured_query)
        elif name == "RunAggregationQuery":
            self.guard.check(request.structured_aggregation_query.structured_query)
        return name


class _Unary(aio.UnaryUnaryClientInterceptor):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def intercept_unary_unary(
        self, continuation: Callable[..., Any], client_call_details: aio.ClientCallDetails, request: Any
    ) -> Any:
        name = self._wire.sent(client_call_details, request)
        call = await continuation(client_call_details, request)
        if name == "ListDocuments":
            self._wire.reads += max(1, len((await call).documents))
        return call


class _Streaming(aio.UnaryStreamClientInterceptor):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def intercept_unary_stream(
        self, continuation: Callable[..., Any], client_call_details: aio.ClientCallDetails, request: Any
    ) -> Any:
        name = self._wire.sent(client_call_details, request)
        return self._counted(name, await continuation(client_call_details, request))

    async def _counted(self, name: str, call: Any) -> AsyncIterator[Any]:
        found = 0
        async for answer in call:
            if name == "BatchGetDocuments":
                # A document that is missing is billed as well.
                self._wire.reads += answer.HasField("found") or bool(answer.missing)
            elif name == "RunQuery":
                found += answer.HasField("document")
            else:
                self._wire.reads += 1
            yield answer
        if name == "RunQuery":
            self._wire.reads += max(1, found)
