"""Drawings in SVG: well-formed, an <svg> at the root, no entity. As they may hold scripts, none is shown inline.

Expat reads them piece by piece, opens nothing outside, and is stopped by the first declaration of an entity, so that a
billion laughs cost nothing.
"""

from typing import Final
from xml.parsers import expat

from core.media.rejection import Reason, Rejected

_ROOT: Final = "http://www.w3.org/2000/svg svg"
# Browsers and editors build a tree of it: no drawing is as deep.
_DEEPEST: Final = 256


class SvgReader:
    def __init__(self) -> None:
        self._depth = 0
        self._rooted = False
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.EntityDeclHandler = _refuse_entity

    def feed(self, chunk: bytes) -> None:
        self._parse(chunk)

    def is_safe_inline(self) -> bool:
        self._parse(b"", final=True)
        return False

    def _parse(self, chunk: bytes, *, final: bool = False) -> None:
        try:
            self._parser.Parse(chunk, final)
        except (expat.ExpatError, LookupError, ValueError):
            # Python looks up an encoding that Expat does not know, and may know none itself.
            raise Rejected(Reason.UNREADABLE if self._rooted else Reason.WRONG_TYPE) from None

    def _begin(self, name: str, _attributes: dict[str, str]) -> None:
        if not self._rooted and name != _ROOT:
            raise Rejected(Reason.WRONG_TYPE)
        self._rooted = True
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Rejected(Reason.EXPANDS_TOO_FAR)

    def _end(self, _name: str) -> None:
        self._depth -= 1


def _refuse_entity(*_declaration: object) -> None:
    raise Rejected(Reason.EXPANDS_TOO_FAR)
