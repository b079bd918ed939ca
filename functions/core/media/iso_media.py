"""Files in boxes (ISO/IEC 14496-12): MP4, M4A, QuickTime and HEIC, told apart by their brands.

Brands are registered at https://mp4ra.org/registered-types/brands.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from core.media import allowed
from core.media.allowed import MediaType

_HEIC: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_MP4: Final = {
    *(b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42", b"avc1"),
    *(b"M4V ", b"M4VH", b"M4VP", b"dash", b"mmp4", b"MSNV"),
}
_M4A: Final = {b"M4A ", b"M4B "}
# QuickTime came before brands: its older files begin at once with one of these.
_UNBRANDED: Final = {b"moov", b"mdat", b"wide"}


def possible(head: bytes) -> AbstractSet[MediaType]:
    """Return what the boxes at the beginning of a file announce; nothing when there are none that are taken."""
    kind = head[4:8]
    if kind in _UNBRANDED and _is_length(head[:4]):
        return {allowed.MOV}
    if kind != b"ftyp":
        return set()
    major, brands = head[8:12], _brands(head)
    if major == b"qt  ":
        return {allowed.MOV}
    if major in _M4A:
        return {allowed.M4A}
    # The general brands of pictures (mif1, msf1) are AVIF's too, so HEVC's own must be among them.
    if brands & _HEIC:
        return {allowed.HEIC}
    # Recorders write sound alone under the brands of video.
    return {allowed.MP4, allowed.M4A} if brands & _MP4 else set()


def _brands(head: bytes) -> set[bytes]:
    """The major brand and the compatible ones; four bytes of version stand between them."""
    end = min(int.from_bytes(head[:4]), len(head))
    return {head[8:12]} | {head[at : at + 4] for at in range(16, end - 3, 4)}


def _is_length(size: bytes) -> bool:
    """A box holds at least its own header; 0 and 1 say that the length is the file's rest, or stands behind."""
    return int.from_bytes(size) in {0, 1} or int.from_bytes(size) >= 8
