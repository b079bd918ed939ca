"""Cloud Storage: objects at declared keys, and signed URLs by which clients reach them without passing through here.

Each call is bounded in time; no vendor error leaves. `reader`, `writer` and `read_url` are for code that runs in a
thread; everything else is awaited.
API: https://cloud.google.com/storage/docs/json_api/v1/objects
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from threading import RLock
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

from core import clock
from core.data.objects import ObjectKey, ObjectPath, prefix_of
from core.ids import random_id
from core.services.bucket_client import DEADLINE, BucketClient
from core.services.storage_errors import ObjectExists, ObjectMissing, in_our_words
from core.settings import Settings

if TYPE_CHECKING:
    from core.services.signing import Signer

__all__ = ["ObjectExists", "ObjectMissing", "Objects", "Stored", "Upload"]

SESSION: Final = timedelta(days=7)
"""How long a resumable upload can be gone on with: https://cloud.google.com/storage/docs/resumable-uploads"""

_AT_ONCE: Final = 8
_MARK: Final = "write"
"""Metadata that holds a random id: how a `put` knows its own write again, when only its answer was lost."""

T = TypeVar("T")


@dataclass(frozen=True)
class Upload:
    """How a client sends an object: this request, with exactly these headers, until then."""

    method: str
    url: str
    headers: Mapping[str, str]
    resumable: bool
    expires_at: datetime


@dataclass(frozen=True)
class Stored:
    """What is known of an object. `size` is in bytes."""

    key: ObjectKey
    generation: int
    size: int
    content_type: str
    metadata: Mapping[str, str]
    updated: datetime


class Objects:
    """The buckets of one project. Client and signer are made on first use, in the thread that needs them first."""

    def __init__(self, settings: Settings, *, signer: "Signer | None" = None, deadline: float = DEADLINE) -> None:
        self._settings, self._given = settings, signer
        self._held = BucketClient(settings, deadline)
        self._lock = RLock()

    @property
    def project_id(self) -> str:
        """The project whose buckets these are."""
        return self._settings.project_id

    # Signed URLs

    async def signed_upload(self, key: ObjectKey, content_type: str, size: int, valid_for: timedelta) -> Upload:
        """Sign a PUT of exactly `size` bytes of this type to a name that nothing has yet: 1 call to IAM.

        Source: https://cloud.google.com/storage/docs/access-control/signed-urls
        """
        headers = {
            "content-type": content_type,
            "x-goog-content-length-range": f"{size},{size}",
            "x-goog-if-generation-match": "0",
        }
        expires_at = clock.wall() + valid_for
        url = await asyncio.to_thread(self._signed, key, "PUT", valid_for, headers=dict(headers))
        return Upload("PUT", url, headers, resumable=False, expires_at=expires_at)

    async def resumable_upload(self, key: ObjectKey, content_type: str, size: int, origin: str | None) -> Upload:
        """Begin an upload that can be interrupted, of exactly `size` bytes of this type: 1 call to Cloud Storage.

        Its URL is a secret that needs no signature. `origin` is the web client's, whose browser may then send to it.
        """

        def begin() -> str:
            blob = self._held.blob(key)
            return blob.create_resumable_upload_session(
                content_type=content_type, size=size, origin=origin, if_generation_match=0, **self._held.calls
            )

        expires_at = clock.wall() + SESSION
        return Upload("PUT", await self._in_thread(begin), {}, resumable=True, expires_at=expires_at)

    async def signed_download(
        self, key: ObjectKey, *, content_type: str, disposition: str, valid_for: timedelta
    ) -> str:
        """Return the URL of a GET that answers with this Content-Type and Content-Disposition: 1 call to IAM."""
        wish = {"response_type": content_type, "response_disposition": disposition}
        return await asyncio.to_thread(self._signed, key, "GET", valid_for, **wish)

    def read_url(self, key: ObjectKey, generation: int, valid_for: timedelta) -> str:
        """Return the URL of a GET of one generation, for a program that reads by itself: 1 call to IAM."""
        return self._signed(key, "GET", valid_for, generation=generation)

    def _signed(self, key: ObjectKey, method: str, valid_for: timedelta, **more: Any) -> str:
        with in_our_words():
            return self._held.blob(key).generate_signed_url(
                version="v4", expiration=valid_for, method=method, credentials=self._signer, **more
            )

    # Content, from a thread

    def reader(self, key: ObjectKey, generation: int) -> BinaryIO:
        """Open one generation of an object, to seek in and to read. Raises ObjectMissing, also while it is read."""
        from core.services import object_streams

        return object_streams.reading(self._held.blob(key, generation), self._held.calls)

    def writer(
        self,
        key: ObjectKey,
        content_type: str,
        *,
        disposition: str | None = None,
        cache_control: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> AbstractContextManager[BinaryIO]:
        """Write an object whose length nobody knows yet: `with objects.writer(…) as stream`.

        It is there when the block ends well; an exception that passes leaves nothing behind. Raises ObjectExists at
        the end when there is one already.
        """
        from core.services import object_streams

        blob = self._held.described(key, None, disposition, cache_control, metadata)
        return object_streams.writing(blob, content_type, self._held.calls)

    # Whole objects

    async def put(
        self,
        key: ObjectKey,
        content: bytes,
        content_type: str,
        *,
        disposition: str | None = None,
        cache_control: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        """Store an object. Returns False, and changes nothing, when there is one already."""
        mark = random_id()

        def send() -> None:
            blob = self._held.described(key, None, disposition, cache_control, {**(metadata or {}), _MARK: mark})
            blob.upload_from_string(content, content_type=content_type, if_generation_match=0, **self._held.calls)

        try:
            await self._in_thread(send)
        except ObjectExists:
            # Perhaps it is this very write, carried out by a try whose answer was lost.
            found = await self.stat(key)
            return found is not None and found.metadata.get(_MARK) == mark
        return True

    async def copy(
        self,
        source: ObjectKey,
        target: ObjectKey,
        content_type: str,
        *,
        generation: int | None = None,
        disposition: str | None = None,
        cache_control: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> bool:
        """Copy an object within Cloud Storage, described anew. Returns False when there is nothing to copy.

        A target that is there already stays as it is: an earlier delivery of the same event has made it.
        """

        def rewrite() -> None:
            of = self._held.blob(source, generation)
            to = self._held.described(target, content_type, disposition, cache_control, metadata)
            token = None
            while True:
                token, _, _ = to.rewrite(of, token=token, if_generation_match=0, **self._held.moving)
                if token is None:
                    return

        try:
            await self._in_thread(rewrite)
        except ObjectMissing:
            return False
        except ObjectExists:
            return True
        return True

    async def stat(self, key: ObjectKey) -> Stored | None:
        """Return what is known of an object, or None when there is none: 1 call."""

        def look() -> Stored:
            blob = self._held.blob(key)
            blob.reload(**self._held.calls)
            return _stored(key, blob)

        try:
            return await self._in_thread(look)
        except ObjectMissing:
            return None

    async def list(self, path: ObjectPath, *, after: str | None = None, limit: int = 1_000) -> list[Stored]:
        """List objects by name, from behind the name `after`: 1 call for each 1,000.

        What has no name of ours is left out: it was put there past this house, and nobody here can say whose it is.
        """

        def look() -> list[Stored]:
            # An offset is inclusive, so the one before is asked for as well, and left out.
            found = self._held.listed(path.bucket, path.path, start_offset=after, page_size=limit + 1)
            ours = (blob for blob in found if blob.name != after and prefix_of(path.bucket, blob.name))
            return [_stored(ObjectKey(path.bucket, blob.name), blob) for blob in islice(ours, limit)]

        return await self._in_thread(look)

    async def delete(self, key: ObjectKey) -> None:
        """Delete an object in all generations; one that is not there is fine."""
        await self._in_thread(lambda: self._held.delete(key.bucket, key.name, lambda name: name == key.name))

    async def delete_below(self, path: ObjectPath) -> None:
        """Delete all objects whose names begin so, in all generations."""
        await self._in_thread(lambda: self._held.delete(path.bucket, path.path, lambda _: True))

    async def delete_with_all_below(self, keys: Iterable[ObjectKey]) -> None:
        """Delete these objects and all that is named below them, in all generations, several at once."""
        room = asyncio.Semaphore(_AT_ONCE)

        async def delete(key: ObjectKey) -> None:
            below = key.below.path
            async with room:
                await self._in_thread(
                    lambda: self._held.delete(
                        key.bucket, key.name, lambda name: name == key.name or name.startswith(below)
                    )
                )

        await asyncio.gather(*map(delete, keys))

    async def _in_thread(self, work: Callable[[], T]) -> T:
        def run() -> T:
            with in_our_words():
                return work()

        return await asyncio.to_thread(run)

    @property
    def _signer(self) -> "Signer":
        with self._lock:
            return self._given or self._made_signer

    @cached_property
    def _made_signer(self) -> "Signer":
        from core.services.signing import signer_for

        return signer_for(self._settings)


def _stored(key: ObjectKey, blob: Any) -> Stored:
    return Stored(key, blob.generation, blob.size, blob.content_type or "", dict(blob.metadata or {}), blob.updated)
