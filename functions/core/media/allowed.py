"""The types of file that are taken, all others being refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from core.media.rejection import Reason, Rejected

_MIB: Final = 1024 * 1024


class Family(StrEnum):
    """What is done with a file: pictures are re-encoded, video and sound copied clean, all else kept as it came."""

    PICTURE = "picture"
    DRAWING = "drawing"  # SVG: a program as much as a picture
    VIDEO = "video"
    SOUND = "sound"
    TEXT = "text"
    PDF = "pdf"
    OFFICE = "office"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class MediaType:
    """One type that is taken: its name as served (RFC 6838), the suffix of its downloads (no dot), its family.

    `largest` is the most bytes taken of it where its handling needs memory; elsewhere the caller's own limit rules.
    """

    content_type: str
    suffix: str
    family: Family
    largest: int | None = None


def _picture(content_type: str, suffix: str) -> MediaType:
    return MediaType(content_type, suffix, Family.PICTURE, largest=40 * _MIB)


JPEG: Final = _picture("image/jpeg", "jpg")
PNG: Final = _picture("image/png", "png")
GIF: Final = _picture("image/gif", "gif")
WEBP: Final = _picture("image/webp", "webp")
HEIC: Final = _picture("image/heic", "heic")
SVG: Final = MediaType("image/svg+xml", "svg", Family.DRAWING, largest=20 * _MIB)
PDF: Final = MediaType("application/pdf", "pdf", Family.PDF)
PLAIN: Final = MediaType("text/plain", "txt", Family.TEXT)
MARKDOWN: Final = MediaType("text/markdown", "md", Family.TEXT)
CSV: Final = MediaType("text/csv", "csv", Family.TEXT)
_OOXML: Final = "application/vnd.openxmlformats-officedocument."
DOCX: Final = MediaType(_OOXML + "wordprocessingml.document", "docx", Family.OFFICE)
XLSX: Final = MediaType(_OOXML + "spreadsheetml.sheet", "xlsx", Family.OFFICE)
PPTX: Final = MediaType(_OOXML + "presentationml.presentation", "pptx", Family.OFFICE)
_ODF: Final = "application/vnd.oasis.opendocument."
ODT: Final = MediaType(_ODF + "text", "odt", Family.OFFICE)
ODS: Final = MediaType(_ODF + "spreadsheet", "ods", Family.OFFICE)
ODP: Final = MediaType(_ODF + "presentation", "odp", Family.OFFICE)
MP3: Final = MediaType("audio/mpeg", "mp3", Family.SOUND)
M4A: Final = MediaType("audio/mp4", "m4a", Family.SOUND)
WAV: Final = MediaType("audio/wav", "wav", Family.SOUND)
OGG: Final = MediaType("audio/ogg", "ogg", Family.SOUND)
# What browsers record sound as (https://developer.mozilla.org/docs/Web/API/MediaRecorder).
WEBM_SOUND: Final = MediaType("audio/webm", "weba", Family.SOUND)
MP4: Final = MediaType("video/mp4", "mp4", Family.VIDEO)
MOV: Final = MediaType("video/quicktime", "mov", Family.VIDEO)
WEBM: Final = MediaType("video/webm", "webm", Family.VIDEO)
ZIP: Final = MediaType("application/zip", "zip", Family.ARCHIVE)

_EVERY: Final = (
    *(JPEG, PNG, GIF, WEBP, HEIC, SVG, PDF, PLAIN, MARKDOWN, CSV, DOCX, XLSX, PPTX, ODT, ODS, ODP),
    *(MP3, M4A, WAV, OGG, WEBM_SOUND, MP4, MOV, WEBM, ZIP),
)

# What browsers and phones say instead; the file is kept under the name that we serve.
_ALIASES: Final = {
    "image/jpg": JPEG,
    "image/pjpeg": JPEG,
    "image/heif": HEIC,
    "text/x-markdown": MARKDOWN,
    "audio/mp3": MP3,
    "audio/m4a": M4A,
    "audio/x-m4a": M4A,
    "audio/wave": WAV,
    "audio/x-wav": WAV,
    "audio/vnd.wave": WAV,
    "audio/opus": OGG,
    "application/ogg": OGG,
    "application/x-zip-compressed": ZIP,
}

ALLOWED: Final[Mapping[str, MediaType]] = MappingProxyType({kind.content_type: kind for kind in _EVERY} | _ALIASES)
"""By content type, in lower case and without parameters, aliases among them."""


def named(content_type: str) -> MediaType:
    """Return the type that a Content-Type names, whatever its parameters. Raises Rejected(TYPE_NOT_ALLOWED)."""
    found = ALLOWED.get(content_type.partition(";")[0].strip().lower())
    if found is None:
        raise Rejected(Reason.TYPE_NOT_ALLOWED)
    return found
