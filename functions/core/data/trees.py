"""A document with everything below it, as the declarations have it."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol

from core.data import declarations
from core.data.collections import Collection, Key
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.objects import ObjectKey, keys_of, prefixes_of

_BATCH: Final = 300


class Deletes(Protocol):
    """What deleting needs of the object store (`core.services.objects.Objects`)."""

    async def delete_with_all_below(self, keys: Iterable[ObjectKey]) -> None:
        """Delete these objects and all that is named below them, in all generations; a missing one is fine."""


def children(collection: Collection[Any]) -> Iterator[Collection[Any]]:
    """Yield the collections declared directly below a document of this one."""
    for pattern, declared in Collection.declared.items():
        if pattern.rpartition("/")[0].rpartition("/")[0] == collection.pattern:
            yield declared


async def delete_below(db: Database, objects: Deletes, key: Key[Any]) -> None:
    """Delete all that lies below a document, deepest first: killed anywhere, it can be done again.

    Documents that exist only as parents of others are found, too. A commit for each 300 leaves. Objects go before the
    records that name them, as nobody would find them afterwards, and what a record counts for elsewhere is given back
    while it is there. Where neither is declared, that costs nothing.
    """
    declarations.load()
    ids = key.path.split("/")[1::2]
    for collection in children(key.collection):
        while below := await db.keys_below(collection, *ids, limit=_BATCH):
            await _delete_all(db, objects, collection, below)


@again_when_moved
async def _delete_all(db: Database, objects: Deletes, collection: Collection[Any], keys: list[Key[Any]]) -> None:
    if any(children(collection)):
        for key in keys:
            await delete_below(db, objects, key)
    if prefixes_of(collection) or collection.tally:
        records = [record for record in await db.get_all(*keys) if record is not None]
        for record in records:
            await db.commit(*collection.uncount(record))
        await objects.delete_with_all_below(
            [object_key for record in records for object_key in keys_of(collection, record)]
        )
    await db.commit(*(collection.remove(key) for key in keys))
