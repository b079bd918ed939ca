"""Objects as files, for code that runs in a thread: read in ranges, written in chunks, never whole in memory."""

import io
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Final, cast

from core.failures import Unavailable
from core.services.storage_errors import in_our_words

CHUNK: Final = 1024 * 1024
"""Bytes of one request; of a resumable upload a multiple of 256 KiB."""


class _Ranges(io.RawIOBase):
    """The bytes of one generation of an object, fetched as they are asked for.

    Google's own reader knows no generation that is gone and seeks only up to the end.
    """

    def __init__(self, size: int, fetch: Callable[[int, int], bytes]) -> None:
        self._size, self._fetch, self._at = size, fetch, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("nothing lies before an object's first byte")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        found = self._fetch(self._at, self._at + wanted - 1)
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


def reading(blob: Any, calls: dict[str, Any]) -> BinaryIO:
    """Open a blob whose generation is set, for seeking and reading. Raises ObjectMissing at once, or while reading."""
    with in_our_words():
        blob.reload(**calls)

    def fetch(first: int, last: int) -> bytes:
        with in_our_words():
            return blob.download_as_bytes(start=first, end=last, raw_download=True, checksum=None, **calls)

    return cast("BinaryIO", io.BufferedReader(_Ranges(blob.size, fetch), CHUNK))


@contextmanager
def writing(blob: Any, content_type: str, calls: dict[str, Any]) -> Generator[BinaryIO]:
    """Write an object of unknown length: it is there when the block ends well, and never in part.

    Raises ObjectExists at the end when there was one already.
    """
    from google.cloud.storage.fileio import BlobWriter  # pyright: ignore[reportMissingTypeStubs]

    make: Any = BlobWriter
    with in_our_words():
        stream = make(
            blob, chunk_size=CHUNK, ignore_flush=True, content_type=content_type, if_generation_match=0, **calls
        )
        try:
            yield stream
        except BaseException:
            # What was sent is let go of after a week in any case; asking for it sooner is a courtesy.
            with suppress(Unavailable, LookupError), in_our_words():
                stream.terminate()
            raise
        stream.close()
