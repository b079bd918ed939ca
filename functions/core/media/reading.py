"""How the content of a file is looked through while it passes by once."""

from typing import Protocol

from core.media.allowed import Family, MediaType


class Reader(Protocol):
    """Sees a file chunk by chunk, of any length each, and keeps no more of it than a chunk."""

    def feed(self, chunk: bytes) -> None:
        """Look at what comes next. Raises Rejected as soon as that is certain."""
        ...

    def is_safe_inline(self) -> bool:
        """Tell, after the last chunk, whether a browser may show the file on its own. Raises Rejected."""
        ...


def reader(media_type: MediaType) -> Reader:
    """Return the reader for a type."""
    from core.media import pdf, svg, texts

    match media_type.family:
        case Family.TEXT:
            return texts.TextReader()
        case Family.PDF:
            return pdf.PdfReader()
        case Family.DRAWING:
            return svg.SvgReader()
        case Family.PICTURE | Family.VIDEO | Family.SOUND:
            return _Passed(safe_inline=True)
        case Family.OFFICE | Family.ARCHIVE:
            return _Passed(safe_inline=False)


class _Passed:
    """For what is told by its beginning, and re-encoded or looked into later."""

    def __init__(self, *, safe_inline: bool) -> None:
        self._safe_inline = safe_inline

    def feed(self, chunk: bytes) -> None:
        pass

    def is_safe_inline(self) -> bool:
        return self._safe_inline
