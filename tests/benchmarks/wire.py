"""An HTTP/1.1 client that costs as little as one in Python can: requests made beforehand, one connection a client."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

Next = Callable[[int], bytes]
"""The next request of client number n."""


class WrongAnswer(Exception):
    """A server answered something else than what is being measured."""


@dataclass
class Run:
    """What one run gave: seconds a request, and seconds from first to last."""

    seconds: list[float] = field(default_factory=list[float])
    elapsed: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.seconds) / self.elapsed


class Connection(asyncio.Protocol):
    """One connection, one request at a time. Understands answers with a Content-Length, as all servers here send."""

    def __init__(self) -> None:
        self._held, self._whole = b"", 0
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not checked with isinstance: uvloop's transports are none of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    async def send(self, request: bytes) -> bytes:
        """Return the whole answer, head and body."""
        self._held, self._whole = b"", 0
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def data_received(self, data: bytes) -> None:
        self._held += data
        if not self._whole and (end := self._held.find(b"\r\n\r\n")) >= 0:
            length = self._held[: end + 2].lower().partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
            self._whole = end + 4 + int(length or 0)
        if self._whole and len(self._held) >= self._whole and self._answer:
            answer, self._answer = self._answer, None
            answer.set_result(self._held)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer:
            self._answer.set_exception(exc or WrongAnswer(f"the connection ended after {self._held[:200]!r}"))

    def close(self) -> None:
        self._transport.close()


async def connect(port: int) -> Connection:
    _, connection = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", port)
    return connection


async def ask(port: int, request: bytes) -> bytes:
    """Send one request on a connection of its own."""
    connection = await connect(port)
    try:
        return await connection.send(request)
    finally:
        connection.close()


async def run(port: int, following: Next, clients: int, count: int, status: int = 200, seconds: float = 60) -> Run:
    """Send `count` requests by so many clients, each waiting for its answer; end early when the time is over."""
    found, expected, left = Run(), f"HTTP/1.1 {status}".encode(), count
    connections = [await connect(port) for _ in range(clients)]
    started = perf_counter()

    async def client(number: int) -> None:
        nonlocal left
        while left > 0 and perf_counter() - started < seconds:
            left -= 1
            request = following(number)
            sent = perf_counter()
            answer = await connections[number].send(request)
            found.seconds.append(perf_counter() - sent)
            if not answer.startswith(expected):
                raise WrongAnswer(f"not {status}: {answer[:2000].decode(errors='replace')}")

    await asyncio.gather(*map(client, range(clients)))
    found.elapsed = perf_counter() - started
    for connection in connections:
        connection.close()
    return found
