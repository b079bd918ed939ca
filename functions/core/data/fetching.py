"""Documents by their keys, of any collections, at one moment."""

from collections.abc import Sequence
from typing import Any, Protocol

from core.data import codec
from core.data.codec import Message
from core.data.collections import Key
from core.data.connection import PASSING, PASSING_WITHIN, Connection


class Reads(Protocol):
    """What a transaction is to the reads within it."""

    id: bytes

    def begin(self, request: Message) -> None: ...


async def get_all(
    connection: Connection, keys: Sequence[Key[Any]], heavy: tuple[str, ...], within: Reads | None = None
) -> tuple[Any, ...]:
    """Read documents in the order of their keys, None for one that is missing: 1 RPC, a read for each."""
    if not keys:
        return ()
    lines = {
        key.collection: codec.selection(
            key.collection.record, tuple(name for name in heavy if name in key.collection.record.model_fields)
        )
        for key in keys
    }
    request = connection.request(
        "BatchGetDocuments",
        database=connection.name,
        # Asking for one document twice is an error, so each is asked for once.
        documents=list(dict.fromkeys(f"{connection.root}/{key.path}" for key in keys)),
    )
    request.mask.field_paths.extend({line.stored for chosen in lines.values() for line in chosen})
    if within:
        within.begin(request)
    found: dict[str, Message] = {}
    for answer in await connection.collect("BatchGetDocuments", request, passing=PASSING_WITHIN if within else PASSING):
        if within and answer.transaction:
            within.id = answer.transaction
        if answer.HasField("found"):
            found[answer.found.name] = answer.found
    return tuple(
        codec.decode(document, key.collection.record, lines[key.collection])
        if (document := found.get(f"{connection.root}/{key.path}"))
        else None
        for key in keys
    )
