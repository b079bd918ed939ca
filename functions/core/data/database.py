"""Firestore, over plain protobuf messages on one gRPC channel: typed reads, queries and atomic commits.

Every call has a deadline of its own and is tried again within it, since the official client's defaults reach minutes.
A commit whose answer was lost is recognised by the random id that it left in the document, so a retry makes no false
conflict. No vendor error leaves this module.

API: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence, Set
from contextlib import suppress
from time import monotonic
from typing import Any, Final, TypeVar, cast, overload

import grpc

from core.data import codec, queries
from core.data.codec import Message
from core.data.records import COMMIT_FIELD, Collection, Key, Query, Record, Version, Write
from core.failures import Unavailable
from core.ids import random_id

DEADLINE: Final = 5.0
"""Seconds that a caller waits for the database at most, all tries together."""

MOST_WRITES: Final = 500
"""Writes in one commit. The API takes more today; what is bounded by this stays quick and below 10 MiB."""

_PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.INTERNAL,
}
_PASSING_WITHIN = _PASSING - {grpc.StatusCode.ABORTED}
"""In a transaction, where ABORTED ends it: it is run again as a whole."""

_NOT_AS_EXPECTED = {
    grpc.StatusCode.ALREADY_EXISTS,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION,
}

R = TypeVar("R", bound=Record)
R1 = TypeVar("R1", bound=Record)
R2 = TypeVar("R2", bound=Record)
R3 = TypeVar("R3", bound=Record)
R4 = TypeVar("R4", bound=Record)
T = TypeVar("T")
Stub = Callable[..., Any]


class Moved(Exception):
    """A guarded write met a document that is not as expected: it exists already, is gone, or was changed."""


class _Aborted(Exception):
    """A transaction lost against another and may be tried again."""


class Database:
    """One Firestore database.

    `channel` is a grpc.aio channel with its credentials; `metadata` goes with each call (the emulator's owner token).
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        project_id: str,
        database_id: str = "(default)",
        *,
        metadata: Sequence[tuple[str, str]] = (),
        deadline: float = DEADLINE,
    ) -> None:
        from google.cloud.firestore_v1.types import firestore

        self.channel, self.deadline = channel, deadline
        self.name = f"projects/{project_id}/databases/{database_id}"
        self.root = f"{self.name}/documents"
        self._metadata = (("google-cloud-resource-prefix", self.name), *metadata)
        messages = {name: getattr(firestore, name).pb() for name in _MESSAGES}
        self._message = messages
        self._commit = self._stub(channel.unary_unary, "Commit")
        self._get = self._stub(channel.unary_stream, "BatchGetDocuments")
        self._run = self._stub(channel.unary_stream, "RunQuery")
        self._aggregate = self._stub(channel.unary_stream, "RunAggregationQuery")
        self._list = self._stub(channel.unary_unary, "ListDocuments")
        self._rollback = self._stub(channel.unary_unary, "Rollback")

    def _stub(self, kind: Stub, method: str) -> Stub:
        answer = self._message.get(f"{method}Response")
        return kind(
            f"/google.firestore.v1.Firestore/{method}",
            request_serializer=self._message[f"{method}Request"].SerializeToString,
            # Rollback answers with an empty message, of which nothing is wanted.
            response_deserializer=answer.FromString if answer else None,
        )

    # Reading

    async def get(self, key: Key[R], *, heavy: tuple[str, ...] = ()) -> R | None:
        """Read one document, or None when there is none: 1 RPC, 1 read."""
        (found,) = await self._get_all((key,), heavy)
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
        return await self._get_all(keys, heavy)

    async def _get_all(
        self, keys: Sequence[Key[Any]], heavy: tuple[str, ...], transaction: "Transaction | None" = None
    ) -> tuple[Any, ...]:
        if not keys:
            return ()
        lines = {
            key.collection: codec.selection(
                key.collection.record, tuple(name for name in heavy if name in key.collection.record.model_fields)
            )
            for key in keys
        }
        request = self._message["BatchGetDocumentsRequest"](
            database=self.name,
            # Asking for one document twice is an error, so each is asked for once.
            documents=list(dict.fromkeys(f"{self.root}/{key.path}" for key in keys)),
        )
        request.mask.field_paths.extend({line.stored for chosen in lines.values() for line in chosen})
        if transaction:
            transaction.begin(request)
        found: dict[str, Message] = {}
        for answer in await self._collect(self._get, request, _PASSING_WITHIN if transaction else _PASSING):
            if transaction and answer.transaction:
                transaction.id = answer.transaction
            if answer.HasField("found"):
                found[answer.found.name] = answer.found
        return tuple(
            codec.decode(document, key.collection.record, lines[key.collection])
            if (document := found.get(f"{self.root}/{key.path}"))
            else None
            for key in keys
        )

    async def query(self, query: Query[R]) -> list[R]:
        """Run a query: 1 RPC, a read for each record that it yields (at least one)."""
        lines = codec.selection(query.collection.record, query.heavy, query.fields)
        request = self._message["RunQueryRequest"](parent=self._parent(query))
        queries.fill(request.structured_query, query, lines, self.root)
        answers = await self._collect(self._run, request)
        return [
            codec.decode(answer.document, query.collection.record, lines)
            for answer in answers
            if answer.HasField("document")
        ]

    async def count(self, query: Query[Any]) -> int:
        """Count what a query would yield: 1 RPC, a read for each 1,000 index entries."""
        request = self._message["RunAggregationQueryRequest"](parent=self._parent(query))
        aggregation = request.structured_aggregation_query
        queries.fill(aggregation.structured_query, query, (), self.root)
        aggregation.aggregations.add(alias="all").count.SetInParent()
        (answer,) = await self._collect(self._aggregate, request)
        return answer.result.aggregate_fields["all"].integer_value

    async def keys_below(self, collection: Collection[R], *ids: str, limit: int) -> list[Key[R]]:
        """List keys of the documents of one collection, missing parents of others included: 1 RPC.

        A query does not see a document that only exists as the parent of others; this does.
        """
        query = collection.under(*ids)
        request = self._message["ListDocumentsRequest"](
            parent=self._parent(query), collection_id=collection.name, page_size=limit, show_missing=True
        )
        request.mask.field_paths.append("__name__")
        answer = await self._call(self._list, request)
        return [Key(collection, document.name.removeprefix(f"{self.root}/")) for document in answer.documents]

    def _parent(self, query: Query[Any]) -> str:
        return f"{self.root}/{query.parent}" if query.parent else self.root

    # Writing

    async def commit(self, *writes: Write[Any]) -> None:
        """Carry out all writes or none: 1 RPC, a write for each. The written records then know their version.

        Raises Moved when a guarded write's document is not as expected.
        """
        await self._commit_all(writes, None)

    async def _commit_all(self, writes: Sequence[Write[Any]], transaction: bytes | None) -> None:
        if not writes:
            return
        if len(writes) > MOST_WRITES:
            raise ValueError(f"a commit takes {MOST_WRITES} writes, not {len(writes)}")
        commit_id = random_id()
        request = self._message["CommitRequest"](database=self.name)
        for write in writes:
            self._add(request.writes.add(), write, commit_id if write.guarded or transaction else None)
        if transaction:
            request.transaction = transaction
        tries = _Tries(self.deadline, _PASSING_WITHIN if transaction else _PASSING)
        try:
            answer = await tries.until_answered(lambda seconds: self._send(self._commit, request, seconds))
        except grpc.aio.AioRpcError as error:
            again = tries.made > 1
            # The first try may have been carried out and only its answer lost.
            if again and await self._took_place(writes, request.writes, commit_id):
                return
            if error.code() in _NOT_AS_EXPECTED:
                raise Moved from error
            # A second try also fails when the first has ended the transaction in whatever way.
            if transaction and (again or error.code() is grpc.StatusCode.ABORTED):
                raise _Aborted from error
            raise
        _note_versions(writes, [result.update_time for result in answer.write_results])

    def _add(self, message: Message, write: Write[Any], mark: str | None) -> None:
        name = f"{self.root}/{write.key.path}"
        if write.content is None:
            message.delete = name
        else:
            message.update.name = name
            codec.encode(message.update.fields, write.content, write.fields if write.kind == "update" else None)
            if write.kind == "update":
                message.update_mask.field_paths.extend(map(codec.stored_name, write.fields))
            if mark:
                codec.mark(message.update.fields, mark)
                if write.kind == "update":
                    message.update_mask.field_paths.append(COMMIT_FIELD)
        if write.kind == "create":
            message.current_document.exists = False
        elif write.version:
            stamp = message.current_document.update_time
            stamp.seconds, stamp.nanos = write.version.seconds, write.version.nanos

    async def _took_place(self, writes: Sequence[Write[Any]], sent: Sequence[Message], commit_id: str) -> bool:
        """Tell from a document that bears the commit's mark whether it was carried out; note the versions if so.

        A commit that does nothing but delete took place when the first document that it guards is gone.
        """
        marked = [message.update.name for message in sent if COMMIT_FIELD in message.update.fields]
        deleted = [f"{self.root}/{write.key.path}" for write in writes if write.guarded and write.content is None]
        if not marked and not deleted:
            return False
        request = self._message["BatchGetDocumentsRequest"](database=self.name, documents=[*marked, *deleted][:1])
        request.mask.field_paths.append(COMMIT_FIELD)
        (answer,) = await self._collect(self._get, request)
        if not marked:
            return not answer.HasField("found")
        if answer.found.fields[COMMIT_FIELD].string_value != commit_id:
            return False
        # All writes of a commit bear the same time.
        _note_versions(writes, [answer.found.update_time] * len(writes))
        return True

    async def transaction(self, work: "Callable[[Transaction], Awaitable[T]]", *, tries: int = 5) -> T:
        """Run `work`, whose reads and writes take effect as at one moment; when another wins, run it again.

        `work` may run several times, so it must have no other effect. Raises Unavailable when it keeps losing.
        """
        previous = b""
        for attempt in range(tries):
            transaction = Transaction(self, previous)
            try:
                result = await work(transaction)
                await transaction.finish()
            except _Aborted:
                previous = transaction.id or previous
                await asyncio.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311  jitter is no secret
            except BaseException:
                await transaction.abandon()
                raise
            else:
                return result
        raise Unavailable(retry_after=1)

    async def _roll_back(self, transaction: bytes) -> None:
        await self._call(self._rollback, self._message["RollbackRequest"](database=self.name, transaction=transaction))

    # Calling

    async def _call(self, stub: Stub, request: Message) -> Message:
        return await _Tries(self.deadline, _PASSING).until_answered(lambda seconds: self._send(stub, request, seconds))

    async def _send(self, stub: Stub, request: Message, seconds: float) -> Message:
        return await stub(request, timeout=seconds, metadata=self._metadata)

    async def _collect(self, stub: Stub, request: Message, passing: Set[grpc.StatusCode] = _PASSING) -> list[Message]:
        async def read(seconds: float) -> list[Message]:
            return [answer async for answer in stub(request, timeout=seconds, metadata=self._metadata)]

        return await _Tries(self.deadline, passing).until_answered(read)


_METHODS = ("Commit", "BatchGetDocuments", "RunQuery", "RunAggregationQuery", "ListDocuments")
_MESSAGES = (*(f"{method}{way}" for method in _METHODS for way in ("Request", "Response")), "RollbackRequest")


def _note_versions(writes: Sequence[Write[Any]], stamps: Sequence[Message]) -> None:
    for write, stamp in zip(writes, stamps, strict=True):
        if write.content is not None:
            write.content.stored_at(Version(stamp.seconds, stamp.nanos))


class Transaction:
    """Reads that lock, and writes that wait for the end, of one `Database.transaction`."""

    def __init__(self, database: Database, previous: bytes) -> None:
        self.id = b""
        self._database, self._previous = database, previous
        self._writes: list[Write[Any]] = []

    async def get_all(self, *keys: Key[Any], heavy: tuple[str, ...] = ()) -> tuple[Any, ...]:
        """Read documents in the transaction, which the first read begins: 1 RPC."""
        try:
            return await self._database._get_all(keys, heavy, self)  # pyright: ignore[reportPrivateUsage]  one class in two
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.ABORTED:
                raise _Aborted from error
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
        if not self._writes:
            return await self.abandon()
        return await self._database._commit_all(self._writes, self.id or None)  # pyright: ignore[reportPrivateUsage]  one class in two

    async def abandon(self) -> None:
        """Let the locks go without writing. They would go by themselves; sooner is kinder, so failing is no matter."""
        if self.id:
            with suppress(grpc.aio.AioRpcError, Unavailable):
                await self._database._roll_back(self.id)  # pyright: ignore[reportPrivateUsage]  one class in two


class _Tries:
    """Tries of one call within one deadline, waiting longer after each passing failure."""

    def __init__(self, deadline: float, passing: Set[grpc.StatusCode]) -> None:
        self._end = monotonic() + deadline
        self._passing = passing
        self.made = 0

    async def until_answered(self, send: Callable[[float], Awaitable[T]]) -> T:
        """Return the answer. Raises Unavailable when the deadline passes, and the RPC's error when trying is no use."""
        while True:
            self.made += 1
            try:
                return await send(max(self._end - monotonic(), 0.001))
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise Unavailable(retry_after=1) from error
                if error.code() not in self._passing:
                    raise
                wait = random.uniform(0.5, 1) * min(0.02 * 2**self.made, 1.0)  # noqa: S311  jitter is no secret
                if monotonic() + wait >= self._end:
                    raise Unavailable(retry_after=1) from error
                await asyncio.sleep(wait)
