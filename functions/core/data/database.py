"""Firestore as the use cases see it: typed reads, queries and atomic commits."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast, overload

from core.data import codec, commits, fetching, queries, transactions
from core.data.collections import Collection, Key
from core.data.commits import MOST_WRITES, Moved
from core.data.connection import DEADLINE, Channel, Connection
from core.data.operations import Query, Write
from core.data.records import Record
from core.data.transactions import Transaction

__all__ = ["DEADLINE", "MOST_WRITES", "Database", "Moved", "Transaction"]

R = TypeVar("R", bound=Record)
R1 = TypeVar("R1", bound=Record)
R2 = TypeVar("R2", bound=Record)
R3 = TypeVar("R3", bound=Record)
T = TypeVar("T")


class Database:
    """One Firestore database.

    `channel` is a grpc.aio channel with its credentials; `metadata` goes with each call (the emulator's owner token).
    Every method raises Unavailable when no answer comes within `deadline` seconds.
    """

    def __init__(
        self,
        channel: Channel,
        project_id: str,
        database_id: str = "(default)",
        *,
        metadata: Sequence[tuple[str, str]] = (),
        deadline: float = DEADLINE,
    ) -> None:
        self.connection = Connection(channel, project_id, database_id, metadata, deadline)

    @property
    def name(self) -> str:
        """The database's full name."""
        return self.connection.name

    async def close(self) -> None:
        """Close the channel."""
        await self.connection.channel.close()

    async def get(self, key: Key[R], *, heavy: tuple[str, ...] = ()) -> R | None:
        """Read one document, or None when there is none: 1 RPC, 1 read."""
        (found,) = await fetching.get_all(self.connection, (key,), heavy)
        return cast("R | None", found)

    @overload
    async def get_all(
        self, first: Key[R1], second: Key[R2], /, *, heavy: tuple[str, ...] = ()
    ) -> tuple[R1 | None, R2 | None]: ...
    @overload
    async def get_all(
        self, first: Key[R1], second: Key[R2], third: Key[R3], /, *, heavy: tuple[str, ...] = ()
    ) -> tuple[R1 | None, R2 | None, R3 | None]: ...
    @overload
    async def get_all(self, *keys: Key[R], heavy: tuple[str, ...] = ()) -> tuple[R | None, ...]: ...
    async def get_all(self, *keys: Key[Any], heavy: tuple[str, ...] = ()) -> tuple[Any, ...]:
        """Read documents of any collections at one moment, in the order of their keys: 1 RPC, a read for each.

        `heavy` names the heavy fields to read where a record has them.
        """
        return await fetching.get_all(self.connection, keys, heavy)

    async def query(self, query: Query[R]) -> list[R]:
        """Run a query: 1 RPC, a read for each record that it yields (at least one)."""
        lines = codec.selection(query.collection.record, query.heavy, query.fields)
        request = self.connection.request("RunQuery", parent=self._parent(query))
        queries.fill(request.structured_query, query, lines, self.connection.root)
        answers = await self.connection.collect("RunQuery", request)
        return [
            codec.decode(answer.document, query.collection.record, lines)
            for answer in answers
            if answer.HasField("document")
        ]

    async def count(self, query: Query[Any]) -> int:
        """Count what a query would yield: 1 RPC, a read for each 1,000 index entries."""
        request = self.connection.request("RunAggregationQuery", parent=self._parent(query))
        aggregation = request.structured_aggregation_query
        queries.fill(aggregation.structured_query, query, (), self.connection.root)
        aggregation.aggregations.add(alias="all").count.SetInParent()
        (answer,) = await self.connection.collect("RunAggregationQuery", request)
        return answer.result.aggregate_fields["all"].integer_value

    async def keys_below(self, collection: Collection[R], *ids: str, limit: int) -> list[Key[R]]:
        """List keys of the documents of one collection, missing parents of others included: 1 RPC.

        A query does not see a document that only exists as the parent of others; this does.
        """
        request = self.connection.request(
            "ListDocuments",
            parent=self._parent(collection.under(*ids)),
            collection_id=collection.name,
            page_size=limit,
            show_missing=True,
        )
        request.mask.field_paths.append("__name__")
        answer = await self.connection.call("ListDocuments", request)
        root = f"{self.connection.root}/"
        return [Key(collection, document.name.removeprefix(root)) for document in answer.documents]

    def _parent(self, query: Query[Any]) -> str:
        root = self.connection.root
        return f"{root}/{query.parent}" if query.parent else root

    async def commit(self, *writes: Write[Any]) -> None:
        """Carry out all writes or none: 1 RPC, a write for each. The written records then know their version.

        Raises Moved when a guarded write's document is not as expected.
        """
        await commits.carry_out(self.connection, writes)

    async def transaction(self, work: Callable[[Transaction], Awaitable[T]], *, tries: int = transactions.TRIES) -> T:
        """Run `work`, whose reads and writes take effect as at one moment; when another wins, run it again.

        `work` may run several times, so it must have no other effect. Raises Unavailable when it keeps losing.
        """
        return await transactions.run(self.connection, work, tries)
