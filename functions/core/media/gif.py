"""The blocks of a GIF (GIF89a, https://www.w3.org/Graphics/GIF/spec-gif89a.txt), counted without unpacking a pixel."""

from dataclasses import dataclass
from typing import Final

_IMAGE: Final = 0x2C
_EXTENSION: Final = 0x21
_HEADER: Final = 13


@dataclass(frozen=True, slots=True)
class Extent:
    """What a decoder will need: the canvas in pixels, widened by frames that reach beyond it, and how many frames."""

    width: int
    height: int
    frames: int


def extent(content: bytes, most_frames: int) -> Extent:
    """Measure a GIF, up to one frame more than `most_frames`. Raises IndexError or ValueError where it breaks off."""
    width, height = _short(content, 6), _short(content, 8)
    at = _HEADER + _colours(content[10])
    frames = 0
    while at < len(content) and frames <= most_frames:
        if content[at] == _IMAGE:
            frames += 1
            width = max(width, _short(content, at + 1) + _short(content, at + 5))
            height = max(height, _short(content, at + 3) + _short(content, at + 7))
            at = _past_blocks(content, at + 11 + _colours(content[at + 9]))
        elif content[at] == _EXTENSION:
            at = _past_blocks(content, at + 2)
        else:  # the trailer, or what decoders take for it
            break
    return Extent(width, height, frames)


def _short(content: bytes, at: int) -> int:
    return content[at] | content[at + 1] << 8


def _colours(flags: int) -> int:
    """The length of a colour table, where its flag is set."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _past_blocks(content: bytes, at: int) -> int:
    while content[at]:
        at += content[at] + 1
    return at + 1
