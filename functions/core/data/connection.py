"""One gRPC channel to Firestore: plain protobuf messages out and in, each call within a deadline of its own.

The official client's defaults reach minutes. No vendor error leaves this module: a call is answered, or raises
Unavailable when trying longer is no use to a person who waits, or Refused when trying again is no use at all.

API: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence, Set
from time import monotonic
from typing import Any, Final, TypeVar

import grpc

from core.data import messages
from core.data.codec import Message
from core.failures import Unavailable

DEADLINE: Final = 5.0
"""Seconds that a caller waits for the database at most, all tries together."""

PASSING: Final[Set[grpc.StatusCode]] = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.INTERNAL,
}
PASSING_WITHIN: Final = PASSING - {grpc.StatusCode.ABORTED}
"""In a transaction, where ABORTED ends it: it is run again as a whole."""

_METHODS: Final = ("Commit", "BatchGetDocuments", "RunQuery", "RunAggregationQuery", "ListDocuments", "Rollback")

_NOT_AS_EXPECTED: Final = {
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
}

T = TypeVar("T")
Channel = grpc.aio.Channel
Stub = Callable[..., Any]


class Refused(Exception):
    """Firestore said no, and would again. `tries` tells how often it was asked: an earlier try may have succeeded."""

    def __init__(self, code: grpc.StatusCode, tries: int) -> None:
        super().__init__(code.name)
        self.tries = tries
        self.not_as_expected = code in _NOT_AS_EXPECTED
        self.aborted = code is grpc.StatusCode.ABORTED


class Connection:
    """A channel with its credentials, and the names and messages of one database.

    `metadata` goes with each call: the emulator's owner token.
    """

    def __init__(
        self,
        channel: Channel,
        project_id: str,
        database_id: str,
        metadata: Sequence[tuple[str, str]],
        deadline: float,
    ) -> None:
        firestore = messages.firestore()
        self.channel, self.deadline = channel, deadline
        self.name = f"projects/{project_id}/databases/{database_id}"
        self.root = f"{self.name}/documents"
        self._metadata = (("google-cloud-resource-prefix", self.name), *metadata)
        self._request = {method: getattr(firestore, f"{method}Request").pb() for method in _METHODS}
        self._answer = {
            # Rollback answers with an empty message, of which nothing is wanted.
            method: getattr(firestore, f"{method}Response").pb().FromString if method != "Rollback" else None
            for method in _METHODS
        }
        self._stubs: dict[str, Stub] = {}

    def request(self, method: str, **fields: Any) -> Message:
        """Make the request message of a method."""
        return self._request[method](**fields)

    async def call(self, method: str, request: Message, *, passing: Set[grpc.StatusCode] = PASSING) -> Message:
        """Call a method that answers once."""
        stub = self._stub(method, self.channel.unary_unary)

        async def send(seconds: float) -> Message:
            return await stub(request, timeout=seconds, metadata=self._metadata)

        return await self._until_answered(send, passing)

    async def collect(self, method: str, request: Message, *, passing: Set[grpc.StatusCode] = PASSING) -> list[Message]:
        """Call a method that answers with a stream, and return all of it."""
        stub = self._stub(method, self.channel.unary_stream)

        async def read(seconds: float) -> list[Message]:
            return [answer async for answer in stub(request, timeout=seconds, metadata=self._metadata)]

        return await self._until_answered(read, passing)

    def _stub(self, method: str, kind: Stub) -> Stub:
        if method not in self._stubs:
            self._stubs[method] = kind(
                f"/google.firestore.v1.Firestore/{method}",
                request_serializer=self._request[method].SerializeToString,
                response_deserializer=self._answer[method],
            )
        return self._stubs[method]

    async def _until_answered(self, send: Callable[[float], Awaitable[T]], passing: Set[grpc.StatusCode]) -> T:
        """Try within the deadline, waiting longer after each passing failure."""
        end, tries = monotonic() + self.deadline, 0
        while True:
            tries += 1
            try:
                return await send(max(end - monotonic(), 0.001))
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise Unavailable(retry_after=1) from error
                if error.code() not in passing:
                    raise Refused(error.code(), tries) from error
                wait = random.uniform(0.5, 1) * min(0.02 * 2**tries, 1.0)  # noqa: S311  jitter is no secret
                if monotonic() + wait >= end:
                    raise Unavailable(retry_after=1) from error
                await asyncio.sleep(wait)
