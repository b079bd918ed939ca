"""Names that people chose, made harmless for a mail in which Dokker speaks: whoever reads it trusts its links."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 60
"""Characters of a name in a mail. A name of 200 could be a message of its own."""

# Mail programs make links of what only looks like one: schemes, addresses, dots with letters on both sides.
_BINDS: Final = re.compile(r"[:/\\@]+")
_DOT_WITHIN: Final = re.compile(r"[.\u2024\u3002\ufe52\uff0e\uff61](?=\S)")
# Joiners stand inside real names; other marks of format could turn the line around or hide in it.
_JOINERS: Final = "\u200c\u200d"


def harmless(name: str) -> str:
    """Return a name on one line, with nothing in it that becomes a link, a header or another direction of writing.

    "Kari Nordmann" stays as it is, and "evil.example/login" becomes "evil. example login".
    """
    visible = "".join(letter if _shows(letter) else " " for letter in unicodedata.normalize("NFC", name))
    spread = _DOT_WITHIN.sub(". ", _BINDS.sub(" ", visible))
    tidy = " ".join(spread.split())
    return tidy if len(tidy) <= LONGEST else f"{tidy[: LONGEST - 1].rstrip()}…"


def _shows(letter: str) -> bool:
    return letter in _JOINERS or unicodedata.category(letter)[0] not in "CZ"
