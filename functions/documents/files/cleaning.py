"""Cleaning: an upload is looked at, and what may stay is put where it is served from. Records are not touched here.

Bytes pass at most twice, in parts: once to be examined, and once more where they are cleaned. All else is copied by
Cloud Storage itself.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.data.objects import ObjectKey
from core.media import examination, pictures, recordings
from core.media.allowed import Family, MediaType
from core.media.examination import Declared, Examined
from core.media.scanning import Scanner
from core.services.objects import ObjectExists, ObjectMissing, Objects
from documents.files import reading
from documents.files.records import FileRecord, contents, thumbnails

_LONGEST_READ: Final = timedelta(minutes=15)
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True)
class Kept:
    """What is served from now on."""

    content_type: str
    size: int
    sha256: str
    inline: bool
    thumbnails: list[int]


async def clean(
    objects: Objects, file: FileRecord, upload: ObjectKey, generation: int, scanner: Scanner | None
) -> Kept:
    """Examine the upload and keep what is clean of it. Done again after a crash, it comes to the same.

    Raises core.media's Rejected, ObjectMissing when the upload is no longer there, and Unavailable.
    """
    declared = Declared(file.content_type, file.size, file.sha256)
    examined = await asyncio.to_thread(_examine, objects, upload, generation, declared, scanner)
    match examined.media_type.family:
        case Family.PICTURE:
            return await _picture(objects, file, upload, generation, examined.media_type)
        case Family.VIDEO | Family.SOUND:
            return await _recording(objects, file, upload, generation, examined.media_type)
        case _:
            return await _as_it_came(objects, file, upload, generation, examined)


def _examine(
    objects: Objects, upload: ObjectKey, generation: int, declared: Declared, scanner: Scanner | None
) -> Examined:
    with objects.reader(upload, generation) as stream:
        return examination.examine(stream, declared, scanner)


async def _picture(
    objects: Objects, file: FileRecord, upload: ObjectKey, generation: int, media_type: MediaType
) -> Kept:
    picture = await asyncio.to_thread(_redrawn, objects, upload, generation, file.size, media_type)
    kept = Kept(
        picture.content_type,
        len(picture.content),
        hashlib.sha256(picture.content).hexdigest(),
        inline=True,
        thumbnails=sorted(picture.thumbnails),
    )
    async with asyncio.TaskGroup() as group:
        for size, content in picture.thumbnails.items():
            group.create_task(_put(objects, thumbnails[size].of(file), content, reading.THUMBNAIL_TYPE, file))
        group.create_task(_put(objects, contents.of(file), picture.content, kept.content_type, file))
    return kept


def _redrawn(
    objects: Objects, upload: ObjectKey, generation: int, size: int, media_type: MediaType
) -> pictures.Cleaned:
    with objects.reader(upload, generation) as stream:
        # Nobody can have consented yet: consent to precise location comes with privacy/consent.
        return pictures.clean(stream.read(size), media_type, keep_location=False)


async def _put(objects: Objects, key: ObjectKey, content: bytes, content_type: str, file: FileRecord) -> None:
    # There already means that an earlier delivery of this event got as far as here, with the same result.
    await objects.put(key, content, content_type, disposition=_disposition(file, content_type, inline=True))


async def _recording(
    objects: Objects, file: FileRecord, upload: ObjectKey, generation: int, media_type: MediaType
) -> Kept:
    try:
        return await asyncio.to_thread(_rewritten, objects, file, upload, generation, media_type)
    except ObjectExists:
        # An earlier delivery of this event got as far as here, or another is just ahead.
        return await _as_it_lies_there(objects, file, media_type.content_type)


async def _as_it_lies_there(objects: Objects, file: FileRecord, content_type: str) -> Kept:
    stored = await objects.stat(contents.of(file))
    if stored is None:
        raise ObjectMissing

    def digest() -> str:
        found = hashlib.sha256()
        with objects.reader(stored.key, stored.generation) as stream:
            while chunk := stream.read(_CHUNK):
                found.update(chunk)
        return found.hexdigest()

    return Kept(content_type, stored.size, await asyncio.to_thread(digest), inline=True, thumbnails=[])


def _rewritten(objects: Objects, file: FileRecord, upload: ObjectKey, generation: int, media_type: MediaType) -> Kept:
    digest, size = hashlib.sha256(), 0
    content_type = media_type.content_type
    with objects.writer(
        contents.of(file), content_type, disposition=_disposition(file, content_type, inline=True)
    ) as stream:

        def out(chunk: bytes) -> None:
            nonlocal size
            digest.update(chunk)
            size += len(chunk)
            stream.write(chunk)

        source = objects.read_url(upload, generation, _LONGEST_READ)
        recordings.clean(source, media_type, out, keep_location=False)
    return Kept(content_type, size, digest.hexdigest(), inline=True, thumbnails=[])


async def _as_it_came(
    objects: Objects, file: FileRecord, upload: ObjectKey, generation: int, examined: Examined
) -> Kept:
    content_type = examined.media_type.content_type
    there = await objects.copy(
        upload,
        contents.of(file),
        reading.served_type(content_type),
        generation=generation,
        disposition=_disposition(file, content_type, inline=examined.safe_inline),
    )
    if not there:
        raise ObjectMissing
    return Kept(content_type, examined.size, examined.sha256, examined.safe_inline, thumbnails=[])


def _disposition(file: FileRecord, content_type: str, *, inline: bool) -> str:
    return reading.disposition(file.model_copy(update={"content_type": content_type, "inline": inline}))
