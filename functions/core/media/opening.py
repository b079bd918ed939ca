"""Pictures opened by Pillow, once their headers have said that they are bearable: nothing is decoded before that."""

import io
import struct
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.media import allowed, gif, webp
from core.media.allowed import MediaType
from core.media.rejection import Reason, Rejected

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS: Final = 50_000_000
"""Of a still picture: decoded it takes four bytes each at most."""
MOST_FRAMES: Final = 1_000
MOST_ANIMATED_PIXELS: Final = 100_000_000
"""Of all frames of an animation together, as encoders keep them all."""

# Each pass over a progressive JPEG costs time by its pixels, and can be a hundred bytes short.
_MOST_SCANS: Final = 200
_SCAN: Final = b"\xff\xda"

_FORMATS: Final = {
    allowed.JPEG: ("JPEG", "MPO"),
    allowed.PNG: ("PNG",),
    allowed.GIF: ("GIF",),
    allowed.WEBP: ("WEBP",),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture not decoded yet. `durations` (ms) and `lossless` are a WebP's, which Pillow keeps back."""

    image: "Image.Image"
    durations: tuple[int, ...] = ()
    lossless: bool = False

    @property
    def is_animated(self) -> bool:
        """Several frames that play; the second picture in a phone's JPEG does not."""
        return self.image.format != "MPO" and getattr(self.image, "n_frames", 1) > 1


def opened(content: bytes, media_type: MediaType) -> Opened:
    """Open a picture of a known type. Raises Rejected: TOO_LARGE, TOO_MANY_PIXELS, TOO_MANY_FRAMES, UNREADABLE."""
    if media_type.largest is not None and len(content) > media_type.largest:
        raise Rejected(Reason.TOO_LARGE)
    with faults():
        if media_type is allowed.HEIC:
            return _heic(content)
        if media_type is allowed.GIF:
            found = gif.extent(content, MOST_FRAMES)
            _bound(found.width, found.height, found.frames)
        if media_type is allowed.WEBP:
            return _webp(content)
        if media_type is allowed.JPEG and content.count(_SCAN) > _MOST_SCANS:
            raise Rejected(Reason.EXPANDS_TOO_FAR)
        return Opened(_pillow(content, media_type))


@contextmanager
def faults() -> Generator[None]:
    """Turn what Pillow and libheif make of bad pictures into Rejected(UNREADABLE)."""
    from PIL.Image import DecompressionBombError

    try:
        yield
    except DecompressionBombError:
        raise Rejected(Reason.TOO_MANY_PIXELS) from None
    except (OSError, SyntaxError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError) as error:
        raise Rejected(Reason.UNREADABLE) from error
    except (EOFError, RuntimeError, MemoryError, struct.error) as error:
        raise Rejected(Reason.UNREADABLE) from error


def _bound(width: int, height: int, frames: int) -> None:
    if width * height > MOST_PIXELS:
        raise Rejected(Reason.TOO_MANY_PIXELS)
    if frames > MOST_FRAMES or (frames > 1 and frames * width * height > MOST_ANIMATED_PIXELS):
        raise Rejected(Reason.TOO_MANY_FRAMES)


def _pillow(content: bytes, media_type: MediaType) -> "Image.Image":
    from PIL import Image

    image = Image.open(io.BytesIO(content), formats=_FORMATS[media_type])
    _bound(*image.size, 1 if image.format in {"MPO", "GIF"} else getattr(image, "n_frames", 1))
    return image


def _webp(content: bytes) -> Opened:
    found = webp.extent(content, MOST_FRAMES)
    _bound(found.width, found.height, max(1, len(found.durations)))
    return Opened(_pillow(content, allowed.WEBP), found.durations, found.lossless)


def _heic(content: bytes) -> Opened:
    """Open the primary picture; libheif turns it as its container says."""
    from pillow_heif import open_heif  # pyright: ignore[reportUnknownVariableType]

    container = open_heif(content, convert_hdr_to_8bit=True)
    _bound(*container.size, 1)
    return Opened(container.to_pillow())
