"""What a PDF could do when it is opened, found in one pass over its bytes (names as in ISO 32000-2)."""

import re
from typing import Final

_ACTIVE: Final = (
    *("JavaScript", "JS", "Launch", "SubmitForm", "ImportData", "GoToE", "Rendition"),
    *("EmbeddedFile", "EmbeddedFiles", "RichMedia", "XFA"),
    # These hide objects from a look at the bytes, so nobody knows what they hold.
    *("ObjStm", "Encrypt"),
)


def _spelt(name: str) -> str:
    """A name in every spelling: any letter may be written as # and its code in hex (ISO 32000-2, 7.3.5)."""
    return "".join(f"(?:{letter}|#{ord(letter):02x}|#{ord(letter):02X})" for letter in name)


_DELIMITER: Final = r"[\x00\t\n\f\r ()<>\[\]{}/%]"
_FOUND: Final = re.compile(f"/(?:{'|'.join(map(_spelt, _ACTIVE))})(?={_DELIMITER})".encode())
# The longest name in its longest spelling, and a delimiter on both sides.
_WINDOW: Final = 3 * max(map(len, _ACTIVE)) + 2


class PdfReader:
    """Calls a PDF safe that can hold neither script nor file nor action beyond the page, as far as bytes can tell."""

    def __init__(self) -> None:
        self._tail = b""
        self._active = False

    def feed(self, chunk: bytes) -> None:
        if not self._active:
            window = self._tail + chunk
            self._active = _FOUND.search(window) is not None
            self._tail = window[-_WINDOW:]

    def is_safe_inline(self) -> bool:
        self.feed(b"\n")
        return not self._active
