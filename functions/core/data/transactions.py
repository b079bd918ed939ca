"""Transactions: reads that lock and writes that wait for the end, run again when another wins."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

from core.data import commits, fetching
from core.data.codec import Message
from core.data.collections import Key
from core.data.commits import Aborted
from core.data.connection import Connection, Refused
from core.data.operations import Write
from core.failures import Unavailable

TRIES: Final = 5

T = TypeVar("T")


class Transaction:
    """One run of a transaction. Its first read begins it."""

    def __init__(self, connection: Connection, previous: bytes) -> None:
        self.id = b""
        self._connection, self._previous = connection, previous
        self._writes: list[Write[Any]] = []

    async def get_all(self, *keys: Key[Any], heavy: tuple[str, ...] = ()) -> tuple[Any, ...]:
        """Read documents in the transaction: 1 RPC."""
        try:
            return await fetching.get_all(self._connection, keys, heavy, self)
        except Refused as refusal:
            if refusal.aborted:
                raise Aborted from refusal
            raise

    def write(self, *writes: Write[Any]) -> None:
        """Add writes to the commit at the end."""
        self._writes.extend(writes)

    def begin(self, request: Message) -> None:
        """Put the transaction, or the wish for one, into a read."""
        if self.id:
            request.transaction = self.id
            return
        options = request.new_transaction.read_write
        options.SetInParent()
        if self._previous:
            options.retry_transaction = self._previous

    async def finish(self) -> None:
        """Commit what was written; locks are let go."""
        if self._writes:
            await commits.carry_out(self._connection, self._writes, self.id)
        else:
            await self.abandon()

    async def abandon(self) -> None:
        """Let the locks go without writing. They would go by themselves; sooner is kinder, so failing is no matter."""
        if self.id:
            request = self._connection.request("Rollback", database=self._connection.name, transaction=self.id)
            with suppress(Refused, Unavailable):
                await self._connection.call("Rollback", request)


async def run(connection: Connection, work: Callable[[Transaction], Awaitable[T]], tries: int) -> T:
    """Run `work` up to so many times. Raises Unavailable when it keeps losing."""
    previous = b""
    for attempt in range(tries):
        transaction = Transaction(connection, previous)
        try:
            result = await work(transaction)
            await transaction.finish()
        except Aborted:
            previous = transaction.id or previous
            await asyncio.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  jitter is no secret
        except BaseException:
            await transaction.abandon()
            raise
        else:
            return result
    raise Unavailable(retry_after=1)
