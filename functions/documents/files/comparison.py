"""Buckets and records held against each other: objects without a record go, records without an object are reported.

Both come sorted, objects by name and records by path, so that one pass over each is enough, in constant memory. The two
orders are one only because all ids are of one length; what looks wrong is therefore looked at once more by itself.
A record whose object is missing is left alone: nobody but a person can know what was meant.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.data.database import Database
from core.data.objects import Prefix
from core.services.objects import Objects, Stored
from documents.files.records import FileRecord, FileState, clean_objects, contents, files, uploads

YOUNG: Final = timedelta(hours=24)
"""An object younger than this may belong to a record that is just being written."""

_PAGE: Final = 300


@dataclass
class Differences:
    """`orphans` are files or uploads without a record, which are deleted; `missing` records without their object."""

    orphans: int = 0
    missing: int = 0


@dataclass(frozen=True)
class Place:
    """Where the objects of one file lie together, the oldest of them from then."""

    document_id: str
    file_id: str
    since: datetime

    @property
    def ids(self) -> tuple[str, str]:
        return self.document_id, self.file_id


async def compare(db: Database, objects: Objects, now: datetime, *, dry: bool) -> Differences:
    """Find and, unless it is dry, delete what no record names; count what is named and not there."""
    found = Differences()
    await _uploads(db, objects, now - YOUNG, found, dry=dry)
    places, records = aiter(_places(objects)), aiter(_records(db))
    place, record = await anext(places, None), await anext(records, None)
    while place or record:
        if place and (record is None or place.ids <= (record.document_id, record.id)):
            if record and place.ids == (record.document_id, record.id):
                record = await anext(records, None)
            else:
                await _orphan(db, objects, place, now - YOUNG, found, dry=dry)
            place = await anext(places, None)
        elif record:
            found.missing += await _is_missing(objects, record)
            record = await anext(records, None)
    return found


async def _orphan(
    db: Database, objects: Objects, place: Place, before: datetime, found: Differences, *, dry: bool
) -> None:
    if place.since > before or await db.get(files.at(*place.ids)):
        return
    found.orphans += 1
    if not dry:
        await objects.delete_with_all_below(clean_objects(*place.ids))


async def _is_missing(objects: Objects, record: FileRecord) -> bool:
    return record.state is FileState.READY and await objects.stat(contents.of(record)) is None


async def _uploads(db: Database, objects: Objects, before: datetime, found: Differences, *, dry: bool) -> None:
    async for stored in _stored(objects, uploads):
        file_id = uploads.ids_of(stored.key.name)["id"]
        awaited = files.everywhere().where("upload", "==", file_id).limit(1).only("id")
        if stored.updated <= before and not await db.query(awaited):
            found.orphans += 1
            if not dry:
                await objects.delete(stored.key)


async def _places(objects: Objects) -> AsyncIterator[Place]:
    last: Place | None = None
    async for stored in _stored(objects, contents):
        _, document_id, file_id, *_ = stored.key.name.split("/")
        if last and last.ids == (document_id, file_id):
            last = Place(document_id, file_id, min(last.since, stored.updated))
            continue
        if last:
            yield last
        last = Place(document_id, file_id, stored.updated)
    if last:
        yield last


async def _stored(objects: Objects, prefix: Prefix[FileRecord]) -> AsyncIterator[Stored]:
    after: str | None = None
    while page := await objects.list(prefix.under(), after=after):
        for stored in page:
            yield stored
        after = page[-1].key.name


async def _records(db: Database) -> AsyncIterator[FileRecord]:
    query = files.everywhere().limit(_PAGE).only("document_id", "id", "state")
    page = await db.query(query)
    while page:
        for record in page:
            yield record
        page = await db.query(query.start_after(files.key_of(page[-1])))
