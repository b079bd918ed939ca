"""The chunks of a WebP (RFC 9649), read without unpacking a pixel."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_HEADER: Final = 12
_FRAME_HEADER: Final = 16


@dataclass(frozen=True, slots=True)
class Extent:
    """The canvas in pixels, the milliseconds that each frame of an animation stays, and how it is packed."""

    width: int
    height: int
    durations: tuple[int, ...]
    lossless: bool


def extent(content: bytes, most_frames: int) -> Extent:
    """Measure a WebP, up to one frame more than `most_frames`. Raises IndexError or ValueError where it breaks off."""
    size: tuple[int, int] | None = None
    durations: list[int] = []
    lossless = False
    for kind, at in _chunks(content, _HEADER):
        size = size or _size(content, kind, at)
        lossless = lossless or kind == b"VP8L"
        if kind == b"ANMF":
            durations.append(int.from_bytes(content[at + 12 : at + 15], "little"))
            lossless = lossless or any(inner == b"VP8L" for inner, _ in _chunks(content[: at + 64], at + _FRAME_HEADER))
        if len(durations) > most_frames:
            break
    if size is None:
        raise ValueError("no picture in it")
    return Extent(*size, tuple(durations), lossless)


def _chunks(content: bytes, at: int) -> Iterator[tuple[bytes, int]]:
    """Yield the name of each chunk and where its content begins."""
    while at + 8 <= len(content):
        yield content[at : at + 4], at + 8
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        at += 8 + length + length % 2


def _size(content: bytes, kind: bytes, at: int) -> tuple[int, int] | None:
    if kind == b"VP8X":
        return 1 + _little(content, at + 4, 3), 1 + _little(content, at + 7, 3)
    if kind == b"VP8L":
        packed = _little(content, at + 1, 4)
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        return _little(content, at + 6, 2) & 0x3FFF, _little(content, at + 8, 2) & 0x3FFF
    return None


def _little(content: bytes, at: int, length: int) -> int:
    return int.from_bytes(content[at : at + length], "little")
