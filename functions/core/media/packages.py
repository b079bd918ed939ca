"""ZIP archives, judged by their directory (APPNOTE 6.3.10, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).

Nothing is extracted. What a reader of the archive would write is bounded by what the directory declares; that the
directory does not lie is checked by the room that the entries have between each other.
"""

import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Final

from core.media.rejection import Reason, Rejected

_MIB: Final = 1024 * 1024
_MOST_ENTRIES: Final = 10_000
_MOST_BYTES: Final = 2048 * _MIB
# Deflate reaches 1,032; tables and logs stay below 100. Small entries may do as they like.
_STEEPEST: Final = 200
_SMALL: Final = _MIB
_LARGEST_DIRECTORY: Final = 8 * _MIB

_END: Final = struct.Struct("<4s4H2LH")
_END_64_LOCATOR: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCAL_HEADER: Final = 30
_LARGEST_COMMENT: Final = 0xFFFF
# Between two entries stand what the local header has beyond the directory's, and a descriptor: some tens of bytes, with
# padding some hundreds. Data hidden there would come out of readers that do not look at the directory.
_LARGEST_GAP: Final = 0xFFFF + 24
_MOST_GAPS: Final = _MIB
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000

_FAULTS: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, RuntimeError, NotImplementedError),
    *(OverflowError, LookupError),
)


@dataclass(slots=True)
class Expansion:
    """What has been declared so far by an archive and those inside it."""

    entries: int = 0
    size: int = 0

    def add(self, entries: Sequence[zipfile.ZipInfo]) -> None:
        """Count in the entries of one archive. Raises Rejected(EXPANDS_TOO_FAR)."""
        self.entries += len(entries)
        self.size += sum(entry.file_size for entry in entries)
        if self.entries > _MOST_ENTRIES or self.size > _MOST_BYTES or any(map(_is_steep, entries)):
            raise Rejected(Reason.EXPANDS_TOO_FAR)


def opened(stream: BinaryIO, size: int, expansion: Expansion) -> zipfile.ZipFile:
    """Return the archive once its directory has proved bearable and honest; a few reads near its end are made.

    Raises Rejected: UNREADABLE, ENCRYPTED, EXPANDS_TOO_FAR.
    """
    try:
        start = _directory_start(stream, size)
        stream.seek(0)
        package = zipfile.ZipFile(stream)
    except _FAULTS:
        raise Rejected(Reason.UNREADABLE) from None
    entries = package.infolist()
    if any(entry.flag_bits & _ENCRYPTED for entry in entries):
        raise Rejected(Reason.ENCRYPTED)
    expansion.add(entries)
    _check_room(entries, start)
    return package


def content(package: zipfile.ZipFile, entry: zipfile.ZipInfo, largest: int) -> bytes:
    """Return one entry's content of at most so many bytes. Raises Rejected: UNREADABLE, EXPANDS_TOO_FAR."""
    if entry.file_size > largest:
        raise Rejected(Reason.EXPANDS_TOO_FAR)
    try:
        # zipfile never reads past the declared size, whatever the data say.
        return package.read(entry)
    except _FAULTS:
        raise Rejected(Reason.UNREADABLE) from None


def _is_steep(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > _SMALL and entry.file_size > _STEEPEST * entry.compress_size


def _directory_start(stream: BinaryIO, size: int) -> int:
    """Find where the directory begins, and that it is no longer than can be kept. Raises Rejected, ValueError."""
    length = min(size, _END.size + _LARGEST_COMMENT + _END_64_LOCATOR.size)
    tail = _read(stream, size - length, length)
    at = tail.rindex(b"PK\x05\x06")
    *_, count, directory, offset, comment = _END.unpack_from(tail, at)
    end = size - length + at
    if end + _END.size + comment != size:
        raise ValueError("something follows the archive")
    if count == 0xFFFF or 0xFFFFFFFF in {directory, offset}:
        count, directory, offset, end = _end_64(stream, tail[:at]) or (count, directory, offset, end)
    if count > _MOST_ENTRIES or directory > _LARGEST_DIRECTORY:
        raise Rejected(Reason.EXPANDS_TOO_FAR)
    if offset + directory != end:
        # Something stands before the archive, or within: a file of two kinds.
        raise ValueError("the directory is not where it says")
    return offset


def _end_64(stream: BinaryIO, before: bytes) -> tuple[int, int, int, int] | None:
    """Read the larger numbers that large archives have: entries, size and place of the directory, and its end."""
    locator = before[-_END_64_LOCATOR.size :]
    if not locator.startswith(b"PK\x06\x07"):
        return None
    _, _, at, _ = _END_64_LOCATOR.unpack(locator)
    *_, count, directory, offset = _END_64.unpack(_read(stream, at, _END_64.size))
    return count, directory, offset, at


def _read(stream: BinaryIO, at: int, length: int) -> bytes:
    """Read exactly so much; a raw stream may give less at a time."""
    stream.seek(at)
    read = bytearray()
    while len(read) < length and (chunk := stream.read(length - len(read))):
        read += chunk
    return bytes(read)


def _check_room(entries: Sequence[zipfile.ZipInfo], directory: int) -> None:
    """Refuse entries that share bytes, reach into the directory, or leave room for data that nobody declared."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    starts = [entry.header_offset for entry in ordered]
    ends = [entry.header_offset + _LOCAL_HEADER + len(entry.orig_filename) + entry.compress_size for entry in ordered]
    gaps = [start - end for start, end in zip([*starts, directory], [0, *ends], strict=True)]
    if any(gap < 0 for gap in gaps) or max(gaps) > _LARGEST_GAP or sum(gaps) > _MOST_GAPS or gaps[0] != 0:
        raise Rejected(Reason.EXPANDS_TOO_FAR)
