"""Vorbis sound in WebM, whose words stand in the codec's own header (Vorbis I, 5), which copying leaves as it is."""

import struct
from collections.abc import Callable
from typing import Final

from core.media.rejection import Reason, Rejected

_COMMENTS: Final = b"\x03vorbis"
_SETUP: Final = b"\x05vorbis"
# The header stands at the beginning, before the first cluster.
_HEAD: Final = 256 * 1024
_LENGTHS: Final = 8
_FRAMING: Final = b"\x01"


class Silencer:
    """Passes a WebM on with its comments turned into as many blanks, so that no length around them changes."""

    def __init__(self, out: Callable[[bytes], object]) -> None:
        self._out = out
        self._head: bytearray | None = bytearray()

    def write(self, chunk: bytes) -> None:
        """Pass on what comes next. Raises Rejected(METADATA_NOT_REMOVABLE)."""
        if self._head is None:
            self._out(chunk)
            return
        self._head += chunk
        if len(self._head) >= _HEAD:
            self.close()

    def close(self) -> None:
        """Pass on what was held back. Raises Rejected(METADATA_NOT_REMOVABLE)."""
        if self._head is not None:
            self._out(_silenced(self._head))
            self._head = None


def _silenced(head: bytearray) -> bytes:
    begin = head.find(_COMMENTS)
    end = head.find(_SETUP, begin)
    room = end - begin - len(_COMMENTS) - _LENGTHS - len(_FRAMING)
    if begin < 0 or room < 0:
        raise Rejected(Reason.METADATA_NOT_REMOVABLE)
    # One vendor of nothing but blanks, and no comment after it.
    vendor = struct.pack("<L", room) + b" " * room
    head[begin + len(_COMMENTS) : end] = vendor + struct.pack("<L", 0) + _FRAMING
    return bytes(head)
