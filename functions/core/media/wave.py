"""WAV made clean: of its chunks only the samples, and what they need to be heard (Microsoft RIFF MCI, 3: Waveform).

ffmpeg cannot write the length of a WAV into a pipe. The format is simple enough to be copied as it streams by.
"""

import struct
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from core.failures import Unavailable
from core.media.rejection import Reason, Rejected

_CHUNK: Final = 256 * 1024
_STALLED_SECONDS: Final = 30.0
# What players take, and how long the description of each may be: PCM, ADPCM, floats, A-law, µ-law, IMA, extensible.
_FORMATS: Final = {1: 16, 2: 50, 3: 18, 6: 18, 7: 18, 0x11: 20, 0xFFFE: 40}
_LONGEST_FORMAT: Final = 4096
_LARGEST: Final = 0xFFFFFFFF


def clean(url: str, out: Callable[[bytes], object], *, seconds: float) -> None:
    """Copy the samples of the WAV behind an http or https URL to `out`, under a new header that says nothing else.

    Raises Rejected (UNREADABLE, METADATA_NOT_REMOVABLE for formats that could hold words), Unavailable.
    """
    until = time.monotonic() + seconds
    with _fetched(url) as response:
        described, length = _found(response)
        left = response.length
        # Recorders that never came to write the length leave nothing or all ones there.
        if left is not None and (length in {0, _LARGEST} or length > left):
            length = left
        length = min(length, _LARGEST - _LONGEST_FORMAT)
        out(_header(described, length))
        for piece in _pieces(response, length):
            if time.monotonic() > until:
                raise Unavailable("The file cannot be fetched in time.", retry_after=60)
            out(piece)
        if length % 2:
            out(b"\0")


@contextmanager
def _fetched(url: str) -> Generator[HTTPResponse]:
    where = urlsplit(url)
    if where.scheme not in {"http", "https"}:
        raise ValueError("only http and https are read")
    kind = HTTPSConnection if where.scheme == "https" else HTTPConnection
    connection = kind(where.netloc, timeout=_STALLED_SECONDS)
    try:
        connection.request("GET", where._replace(scheme="", netloc="", fragment="").geturl() or "/")
        response = connection.getresponse()
        if response.status != 200:
            raise Unavailable("The file cannot be fetched at the moment.", retry_after=60)
        yield response
    except (OSError, HTTPException) as error:
        raise Unavailable("The file cannot be fetched at the moment.", retry_after=60) from error
    finally:
        connection.close()


def _found(response: HTTPResponse) -> tuple[bytes, int]:
    """Read up to the samples: the chunks that describe them, and how many bytes they are said to be."""
    begin = _exactly(response, 12)
    if begin[:4] != b"RIFF" or begin[8:] != b"WAVE":
        raise Rejected(Reason.UNREADABLE)
    described = b""
    while True:
        name, length = struct.unpack("<4sL", _exactly(response, 8))
        if name == b"data":
            if not described:
                raise Rejected(Reason.UNREADABLE)
            return described, length
        if name == b"fmt ":
            described = _described(_exactly(response, min(length, _LONGEST_FORMAT)))
            length -= min(length, _LONGEST_FORMAT)
        for _ in _pieces(response, length + length % 2):
            pass


def _described(content: bytes) -> bytes:
    """The chunk of the format, cut to what its kind has."""
    longest = _FORMATS.get(int.from_bytes(content[:2], "little"))
    if longest is None:
        raise Rejected(Reason.METADATA_NOT_REMOVABLE)
    if len(content) < 16:
        raise Rejected(Reason.UNREADABLE)
    kept = content[:longest]
    return struct.pack("<4sL", b"fmt ", len(kept)) + kept


def _header(described: bytes, length: int) -> bytes:
    size = 4 + len(described) + 8 + length + length % 2
    return struct.pack("<4sL4s", b"RIFF", size, b"WAVE") + described + struct.pack("<4sL", b"data", length)


def _exactly(response: HTTPResponse, length: int) -> bytes:
    return b"".join(_pieces(response, length))


def _pieces(response: HTTPResponse, length: int) -> Generator[bytes]:
    """Read so many bytes. Raises Rejected(UNREADABLE) where the file is shorter, Unavailable where the answer is."""
    while length > 0:
        piece = response.read(min(length, _CHUNK))
        if not piece:
            if response.length:
                raise Unavailable("The file cannot be fetched at the moment.", retry_after=60)
            raise Rejected(Reason.UNREADABLE)
        length -= len(piece)
        yield piece
