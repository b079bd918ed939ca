"""Tags: short labels in one spelling, so that the same tag is the same string wherever it is compared."""

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 50

# C0, DEL, C1 and lone surrogates: nobody types them into a label, and Firestore cannot store the last.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class InvalidTag(ValueError):
    """One tag is refused: `code` is stable, `index` is its place in the input (for a pointer such as /tags/3)."""

    def __init__(self, index: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.index = index
        self.code = code
        self.detail = detail


def normalise(tags: Iterable[str]) -> list[str]:
    """Return the tags in lower case and NFC, trimmed, inner white space as one space, without empty and repeated ones.

    The first mention decides the order. A normalised list comes back unchanged. Raises InvalidTag for a tag over 50
    characters (`too_long`) or with a control character (`control_character`).
    """
    kept: dict[str, None] = {}
    for index, tag in enumerate(tags):
        if spelt := _spelling(index, tag):
            kept[spelt] = None
    return list(kept)


def _spelling(index: int, tag: str) -> str:
    trimmed = tag.strip()
    if _UNPRINTABLE.search(trimmed):
        raise InvalidTag(index, "control_character", "A tag cannot hold control characters.")
    # Lower-casing can undo NFC (İ becomes two characters), so it comes first.
    spelt = unicodedata.normalize("NFC", " ".join(trimmed.lower().split()))
    if len(spelt) > LONGEST:
        raise InvalidTag(index, "too_long", f"A tag has at most {LONGEST} characters.")
    return spelt
