"""Mentions: people whom a text names as `@{uid}`, kept beside it as a list.

The text that is stored has a number in the place of each uid (`@{0}`), so whoever is to be found, shown by name or
forgotten is found in the list alone.
"""

import re
from collections.abc import Sequence
from typing import Final

from core.failures import Fault, Invalid
from core.ids import is_storable

MOST: Final = 50
"""Different people whom one text may name."""

_WRITTEN: Final = re.compile(r"@\{([^{}]{1,128})\}")
STORED: Final = re.compile(r"@\{(\d{1,2})\}")
"""A mention as it is stored: the place in the list."""


def taken_apart(text: str) -> tuple[str, list[str]]:
    """Return a text as it is stored, and whom it names, each once. Raises Invalid for too many."""
    named = list(dict.fromkeys(_WRITTEN.findall(text)))
    if len(named) > MOST:
        raise _invalid("too_many_mentions", f"A text may name {MOST} people.")
    if not all(map(is_storable, named)):
        raise cannot_be_mentioned()
    place = {uid: number for number, uid in enumerate(named)}
    return _WRITTEN.sub(lambda found: f"@{{{place[found[1]]}}}", text), named


def put_together(stored: str, named: Sequence[str]) -> str:
    """Return a text as it was written, with the uids (or what erasure put in their place) where the numbers stand."""
    return STORED.sub(lambda found: f"@{{{named[int(found[1])]}}}" if int(found[1]) < len(named) else found[0], stored)


def cannot_be_mentioned() -> Invalid:
    """What whoever names somebody is told who cannot read the document, or who is not there: the same for both."""
    return _invalid("cannot_be_mentioned", "Only people who can read the document can be mentioned.")


def _invalid(code: str, detail: str) -> Invalid:
    return Invalid(faults=[Fault("/body", code, detail)])
