"""Small WebP copies of a picture, in sRGB and without a word about it."""

import io
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from PIL import Image

SIDES: Final = (1280, 320)
"""Their longest sides in pixels, largest first as each is made from the one before."""
_QUALITY: Final = 80
# Of 0 to 6: above this, twice the time and more saves a hundredth of the bytes.
_EFFORT: Final = 2


def thumbnails(image: "Image.Image", profile: bytes | None) -> dict[int, bytes]:
    """Return a WebP for each of SIDES from a decoded, upright picture with its ICC profile; none is enlarged."""
    made: dict[int, bytes] = {}
    small = paintable(image)
    for side in SIDES:
        first = not made
        small = shrunk(small, side)
        if first:
            small = in_srgb(small, profile)
        made[side] = webp(small)
    return made


def paintable(image: "Image.Image") -> "Image.Image":
    """Return the picture in a mode that can be scaled: no palette, no bits, no sixteen of them."""
    if image.mode in {"L", "RGB", "RGBA", "CMYK"} and "transparency" not in image.info:
        return image
    if image.mode.startswith("I"):
        # Sixteen bits of grey; Pillow's own conversion would cut all but the darkest off.
        return image.convert("I").point(_high_byte).convert("L")  # pyright: ignore[reportUnknownMemberType]
    has_alpha = image.mode in {"LA", "PA", "La", "RGBa"} or "transparency" in image.info
    return image.convert("RGBA" if has_alpha else "RGB")


def _high_byte(value: Any) -> Any:
    return value / 256


def shrunk(image: "Image.Image", side: int) -> "Image.Image":
    """Return a copy whose longest side is at most `side`."""
    from PIL.Image import Resampling

    longest = max(image.size)
    if longest <= side:
        return image
    size = (max(1, round(image.width * side / longest)), max(1, round(image.height * side / longest)))
    return image.resize(size, Resampling.BICUBIC, reducing_gap=2.0)  # pyright: ignore[reportUnknownMemberType]


def in_srgb(image: "Image.Image", profile: bytes | None) -> "Image.Image":
    """Return the picture in the colours that are assumed where no profile is told; roughly if its own is bad."""
    from PIL import ImageCms

    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    if profile:
        try:
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.ImageCmsProfile(cast("Any", ImageCms).createProfile("sRGB"))
            turned = ImageCms.profileToProfile(image, own, srgb, outputMode=mode)
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            turned = None
        if turned is not None:
            return turned
    return image if image.mode == "L" else image.convert(mode)


def webp(image: "Image.Image") -> bytes:
    """Encode a small picture with nothing beside its pixels."""
    image.info = {}
    out = io.BytesIO()
    image.save(out, "WEBP", quality=_QUALITY, method=_EFFORT)
    return out.getvalue()
