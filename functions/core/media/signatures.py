"""The true type of a file by how it begins: signatures by puremagic, and what lies behind the shared ones by us."""

from collections.abc import Set as AbstractSet
from typing import Any, Final, cast

from core.media import allowed, iso_media
from core.media.allowed import MediaType

HEAD: Final = 4096
"""As many bytes of a file are enough to tell."""

# By extension, as puremagic's names of types change between its versions.
_BY_EXTENSION: Final = {
    ".jpg": {allowed.JPEG},
    ".png": {allowed.PNG},
    ".gif": {allowed.GIF},
    ".webp": {allowed.WEBP},
    ".pdf": {allowed.PDF},
    ".wav": {allowed.WAV},
    ".ogg": {allowed.OGG},
}
_PACKAGES: Final = {
    *(allowed.ZIP, allowed.DOCX, allowed.XLSX, allowed.PPTX, allowed.ODT, allowed.ODS, allowed.ODP),
}
_NOTHING: Final[AbstractSet[MediaType]] = frozenset()
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # the second is an archive of nothing
_EBML: Final = b"\x1a\x45\xdf\xa3"  # Matroska and WebM (RFC 8794)
_DOC_TYPE_IS_WEBM: Final = b"\x42\x82\x84webm"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what Office wraps a document with a password in (MS-OFFCRYPTO)


def possible(head: bytes) -> AbstractSet[MediaType]:
    """Return what a file that begins so may be; nothing for text, and for what is not taken.

    Several where the beginning alone does not decide: packages differ by their directory, and one container holds
    sound with or without a picture.
    """
    if head.startswith(_ZIP):
        return _PACKAGES
    if head.startswith(_EBML):
        return {allowed.WEBM, allowed.WEBM_SOUND} if _DOC_TYPE_IS_WEBM in head[:64] else set()
    return iso_media.possible(head) or _signed(head) or _mp3(head)


def is_encrypted_office(head: bytes) -> bool:
    """Tell whether this may be an office document with a password; Office's formats before 2007 begin so too."""
    return head.startswith(_OLE)


def _signed(head: bytes) -> AbstractSet[MediaType]:
    import puremagic

    try:
        # Best match first. Older versions of puremagic have no types.
        matches = cast("list[Any]", puremagic.magic_string(head))  # pyright: ignore[reportUnknownMemberType]
    except (puremagic.PureError, ValueError):
        return set()
    known = (_BY_EXTENSION[match.extension] for match in matches if match.extension in _BY_EXTENSION)
    return next(known, _NOTHING)


def _mp3(head: bytes) -> AbstractSet[MediaType]:
    """MPEG audio has no signature: a tag in front (https://id3.org), or at once the header of a layer III frame."""
    if head.startswith(b"ID3"):
        return {allowed.MP3}
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return set()
    version_reserved = head[1] & 0x18 == 0x08
    bitrate_invalid = head[2] >> 4 in {0, 15}
    rate_reserved = head[2] & 0x0C == 0x0C
    return set() if version_reserved or bitrate_invalid or rate_reserved else {allowed.MP3}
