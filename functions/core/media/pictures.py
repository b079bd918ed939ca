"""Pictures made clean: decoded and encoded anew, so that of the file that came only what can be seen remains."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from core.media import allowed, opening, signatures
from core.media.allowed import Family, MediaType
from core.media.opening import Opened
from core.media.rejection import Reason, Rejected
from core.media.thumbnails import in_srgb, paintable, thumbnails, webp

if TYPE_CHECKING:
    from PIL import Image
    from PIL.Image import Exif

_ORIENTATION: Final = 0x0112
_GPS: Final = 0x8825
# Exif 3.0, 4.6.6, without GPSProcessingMethod and GPSAreaInformation: a place is numbers, these are words.
_GPS_TAGS: Final = set(range(32)) - {27, 28}
# HEVC is about twice as thrifty as JPEG: at this quality the copy shows no difference.
_HEIC_QUALITY: Final = 88
_WEBP_QUALITY: Final = 85


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A picture that may be shown, its size in pixels, and WebP copies by their longest side (see thumbnails.SIDES)."""

    content: bytes
    content_type: str
    suffix: str
    width: int
    height: int
    thumbnails: dict[int, bytes]


def clean(content: bytes, media_type: MediaType, *, keep_location: bool) -> Cleaned:
    """Return the picture upright and without metadata, its type kept; a HEIC becomes a JPEG.

    What stays is pixels, transparency, animation and the ICC profile, and with `keep_location` the GPS part of its EXIF
    (a GIF has none). Raises Rejected: TOO_LARGE, TOO_MANY_PIXELS, TOO_MANY_FRAMES, EXPANDS_TOO_FAR, UNREADABLE.
    """
    opened = opening.opened(content, media_type)
    kept = allowed.JPEG if media_type is allowed.HEIC else media_type
    with opening.faults():
        exif = _exif(opened.image)
        profile = opened.image.info.get("icc_profile")
        settings: dict[str, Any] = {"icc_profile": profile, "exif": _location(exif) if keep_location else b""}
        if opened.is_animated:
            encoded, shown = _animation(opened, settings)
        else:
            settings |= _settings(opened, media_type)
            shown = _upright(_bare(opened.image), exif)
            encoded = _encoded(shown, kept, settings)
        return Cleaned(encoded, kept.content_type, kept.suffix, *shown.size, thumbnails(shown, profile))


def square(content: bytes, size: int = 512) -> bytes:
    """Return the middle of a picture as a square WebP of `size` pixels, fewer where it has fewer. For profile pictures.

    The type is found by the content. Raises Rejected as `clean`, and TYPE_NOT_ALLOWED for what is no picture.
    """
    from PIL import ImageOps

    media_type = _picture_type(content)
    image = opening.opened(content, media_type).image
    with opening.faults():
        exif, profile = _exif(image), image.info.get("icc_profile")
        # A JPEG is decoded at the smallest scale that still has the pixels.
        image.draft("RGB", (2 * size, 2 * size))
        shown = _upright(paintable(image), exif)
        side = min(size, *shown.size)
        return webp(in_srgb(ImageOps.fit(shown, (side, side)), profile))


def _picture_type(content: bytes) -> MediaType:
    if not content:
        raise Rejected(Reason.EMPTY)
    for media_type in signatures.possible(content[: signatures.HEAD]):
        if media_type.family is Family.PICTURE:
            return media_type
    raise Rejected(Reason.TYPE_NOT_ALLOWED)


def _exif(image: "Image.Image") -> "Exif":
    """The picture's EXIF; empty where it cannot be read, as viewers pass over that too."""
    from PIL.Image import Exif

    try:
        exif = image.getexif()
        exif.get_ifd(_GPS)
    except (OSError, SyntaxError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError):
        return Exif()
    return exif


def _location(exif: "Exif") -> bytes:
    """An EXIF block of the GPS part alone; empty without a position."""
    from PIL.Image import Exif

    position = {tag: value for tag, value in exif.get_ifd(_GPS).items() if tag in _GPS_TAGS}
    if not position:
        return b""
    kept = Exif()
    kept[_GPS] = position
    return kept.tobytes()


def _bare(image: "Image.Image") -> "Image.Image":
    """The decoded picture without whatever else Pillow would carry from file to file (comments, XMP, resolution)."""
    image.load()
    image.info = {key: value for key, value in image.info.items() if key == "transparency"}
    return image


def _upright(image: "Image.Image", exif: "Exif") -> "Image.Image":
    """Turn as the camera said that it was held; Exif 3.0, 4.6.5, counts eight ways."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    turn = turns.get(exif.get(_ORIENTATION, 1))
    return image if turn is None else image.transpose(turn)


def _settings(opened: Opened, media_type: MediaType) -> dict[str, Any]:
    """What the encoder needs so that the copy is as good and about as large as what came."""
    if media_type is allowed.JPEG:
        return _jpeg_settings(opened.image)
    if media_type is allowed.WEBP:
        return {"lossless": opened.lossless, "quality": _WEBP_QUALITY}
    return {"quality": _HEIC_QUALITY} if media_type is allowed.HEIC else {}


def _jpeg_settings(image: "Image.Image") -> dict[str, Any]:
    """The quantisation and the sampling of the original: encoding again then loses next to nothing."""
    from PIL.JpegImagePlugin import JpegImageFile, get_sampling

    assert isinstance(image, JpegImageFile)
    return {
        "qtables": image.quantization,
        "subsampling": get_sampling(image),
        "progressive": bool(image.info.get("progressive")),
    }


def _encoded(image: "Image.Image", media_type: MediaType, settings: dict[str, Any]) -> bytes:
    if media_type is allowed.JPEG and image.mode not in {"L", "RGB", "CMYK"}:
        image = paintable(image).convert("RGB")
    out = io.BytesIO()
    image.save(out, media_type.suffix.upper().replace("JPG", "JPEG"), **settings)
    return out.getvalue()


def _animation(opened: Opened, settings: dict[str, Any]) -> tuple[bytes, "Image.Image"]:
    """Encode all frames anew. Returns them, and the first for its thumbnails."""
    image = opened.image
    assert image.format
    # Pillow hands out whole frames, so each covers the one before.
    per_format: dict[str, dict[str, Any]] = {
        "GIF": {"comment": b"", "disposal": 2},
        "PNG": {"disposal": 0, "blend": 0},
        "WEBP": {"duration": list(opened.durations), "lossless": opened.lossless, "quality": _WEBP_QUALITY},
    }
    loop = {"loop": image.info["loop"]} if "loop" in image.info else {}
    out = io.BytesIO()
    image.save(out, image.format, save_all=True, **settings, **per_format[image.format], **loop)
    image.seek(0)
    return out.getvalue(), _bare(image)
