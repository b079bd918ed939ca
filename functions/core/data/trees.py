"""A document with everything below it, as the declarations have it."""

from collections.abc import Iterator
from typing import Any, Final

from core.data.collections import Collection, Key
from core.data.database import Database

_BATCH: Final = 300


def children(collection: Collection[Any]) -> Iterator[Collection[Any]]:
    """Yield the collections declared directly below a document of this one."""
    for pattern, declared in Collection.declared.items():
        if pattern.rpartition("/")[0].rpartition("/")[0] == collection.pattern:
            yield declared


async def delete_below(db: Database, key: Key[Any]) -> None:
    """Delete all that lies below a document, deepest first: killed anywhere, it can be done again.

    Documents that exist only as parents of others are found, too. A commit for each 300 leaves.
    """
    ids = key.path.split("/")[1::2]
    for collection in children(key.collection):
        while below := await db.keys_below(collection, *ids, limit=_BATCH):
            await _delete_all(db, collection, below)


async def _delete_all(db: Database, collection: Collection[Any], keys: list[Key[Any]]) -> None:
    if any(children(collection)):
        for key in keys:
            await delete_below(db, key)
    await db.commit(*(collection.remove(key) for key in keys))
