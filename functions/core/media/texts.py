"""Text that is text: UTF-8 and nothing that a machine would take for something else.

A whole web page is refused under the name of text: it is no type that is taken, and what is told to be text but is not
ends up opened as what it is. Markdown may begin with a tag, as many do; then browsers get it as a download only.
"""

import codecs
import re
from typing import Final

from core.media.rejection import Reason, Rejected

# The binary data bytes of https://mimesniff.spec.whatwg.org/#binary-data-byte, less the end mark that DOS editors left.
_BINARY: Final = bytes([*range(0x09), 0x0B, *range(0x0E, 0x1A), *range(0x1C, 0x20)])
# What browsers sniff for, less the tags that Markdown begins with (https://mimesniff.spec.whatwg.org/#rules-for-
# identifying-an-unknown-mime-type), and past comments, where a page could hide its first tag.
_PAGE: Final = re.compile(
    rb"\s*+(?:<!--(?:(?!-->).)*+-->\s*+)*+<(?:!doctype|html|head|body|script|iframe|style|title|meta|svg|\?xml)\b"
    rb"|%PDF-|GIF8[79]a",
    re.IGNORECASE | re.DOTALL,
)
_TAG: Final = re.compile(rb"\s*+<")
_HEAD: Final = 4096


class TextReader:
    """Demands UTF-8 (RFC 3629), with or without a byte order mark."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._head = b""

    def feed(self, chunk: bytes) -> None:
        self._decode(chunk)
        if len(chunk.translate(None, _BINARY)) < len(chunk):
            raise Rejected(Reason.WRONG_TYPE)
        self._head += chunk[: _HEAD - len(self._head)]

    def is_safe_inline(self) -> bool:
        self._decode(b"", final=True)
        head = self._head.removeprefix(codecs.BOM_UTF8)
        if _PAGE.match(head):
            raise Rejected(Reason.WRONG_TYPE)
        return not _TAG.match(head)

    def _decode(self, chunk: bytes, *, final: bool = False) -> None:
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError:
            raise Rejected(Reason.NOT_UTF8) from None


def is_text(beginning: bytes) -> bool:
    """Tell whether the first bytes of a file, cut off anywhere, can be text."""
    try:
        TextReader().feed(beginning)
    except Rejected:
        return False
    return True
