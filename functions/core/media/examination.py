"""What an uploaded file really is, and whether it may stay, found in one pass over it."""

import hashlib
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import BinaryIO, Final

from core.media import allowed, office, reading, signatures, texts
from core.media.allowed import Family, MediaType
from core.media.reading import Reader
from core.media.rejection import Reason, Rejected
from core.media.scanning import Scan, Scanner

_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Declared:
    """What was said of the file before it came: a Content-Type, its bytes, and its SHA-256 in hex where known."""

    content_type: str
    size: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """What the file is; `safe_inline` says that a browser may show it on its own, outside a download."""

    media_type: MediaType
    size: int
    sha256: str
    safe_inline: bool


def examine(stream: BinaryIO, declared: Declared, scanner: Scanner | None = None) -> Examined:
    """Read a seekable stream once, from its start, in flat memory; then, of a package, the directory.

    Raises Rejected with the first reason found, and Unavailable when the scanner does not answer.
    """
    media_type = allowed.named(declared.content_type)
    _check_size(media_type, declared.size)
    reader = reading.reader(media_type)
    with scanner.scan() if scanner else nullcontext() as scan:
        sha256 = _pass(_chunks(stream, declared.size), media_type, reader, scan)
        if declared.sha256 is not None and declared.sha256.lower() != sha256:
            raise Rejected(Reason.WRONG_HASH)
        safe_inline = reader.is_safe_inline()
        _check_package(stream, media_type, declared.size)
        if scan is not None:
            scan.conclude()
    return Examined(media_type, declared.size, sha256, safe_inline)


def _check_size(media_type: MediaType, size: int) -> None:
    if size == 0:
        raise Rejected(Reason.EMPTY)
    if media_type.largest is not None and size > media_type.largest:
        raise Rejected(Reason.TOO_LARGE)


def _chunks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the stream in full chunks. Raises Rejected: EMPTY, WRONG_SIZE as soon as it is longer than declared."""
    total = 0
    while chunk := _chunk(stream):
        total += len(chunk)
        if total > size:
            raise Rejected(Reason.WRONG_SIZE)
        yield chunk
    if total < size:
        raise Rejected(Reason.WRONG_SIZE if total else Reason.EMPTY)


def _chunk(stream: BinaryIO) -> bytes:
    """Read until a chunk is full or the stream at its end: a raw stream may give less at a time."""
    chunk = stream.read(_CHUNK)
    if not chunk or len(chunk) == _CHUNK:
        return chunk
    filled = bytearray(chunk)
    while len(filled) < _CHUNK and (more := stream.read(_CHUNK - len(filled))):
        filled += more
    return bytes(filled)


def _pass(chunks: Iterator[bytes], media_type: MediaType, reader: Reader, scan: Scan | None) -> str:
    """Show every chunk to all who look at it. Returns the SHA-256 in hex."""
    digest = hashlib.sha256()
    for number, chunk in enumerate(chunks):
        if number == 0:
            _check_beginning(chunk[: signatures.HEAD], media_type)
        digest.update(chunk)
        reader.feed(chunk)
        if scan is not None:
            scan.feed(chunk)
    return digest.hexdigest()


def _check_beginning(head: bytes, media_type: MediaType) -> None:
    possible = signatures.possible(head)
    if media_type.family in {Family.TEXT, Family.DRAWING}:
        # Words may begin like a signature, so only what is no text at all is known by it.
        if possible and not texts.is_text(head):
            raise Rejected(Reason.WRONG_TYPE)
    elif media_type not in possible:
        locked = media_type.family is Family.OFFICE and signatures.is_encrypted_office(head)
        raise Rejected(Reason.ENCRYPTED if locked else Reason.WRONG_TYPE)


def _check_package(stream: BinaryIO, media_type: MediaType, size: int) -> None:
    packed = media_type.family in {Family.OFFICE, Family.ARCHIVE}
    if packed and office.true_type(stream, size) is not media_type:
        raise Rejected(Reason.WRONG_TYPE)
