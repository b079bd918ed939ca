"""ETags and the conditions on them (RFC 9110, section 13)."""

import re
from dataclasses import dataclass
from typing import Final

from core.failures import Fault, Malformed, StaleEtag

_TEXT: Final = r"[\x21\x23-\x7e\x80-\xff]*"
# Behind a tag stands a comma or the end; a comma that ends the list is an empty element (RFC 9110, section 5.6.1.2).
_ENTITY_TAG: Final = re.compile(rf'[ \t]*(W/)?"({_TEXT})"[ \t]*(?:,|$)')

_ONE: Final = rf'[ \t]*(?:W/)?"{_TEXT}"[ \t]*'
PATTERN: Final = rf"^(?:[ \t]*\*[ \t]*|{_ONE}(?:,{_ONE})*,?)$"
"""What EntityTags reads, as JSON Schema's `pattern`."""


@dataclass(frozen=True)
class EntityTags:
    """The value of If-Match or If-None-Match: `*`, or strong and weak tags without their quotes."""

    anything: bool
    strong: frozenset[str]
    weak: frozenset[str]

    def names(self, etag: str) -> bool:
        """Tell whether this ETag is among them (weak comparison, as If-None-Match has it)."""
        return self.anything or etag in self.strong | self.weak

    @classmethod
    def of(cls, header: str, name: str) -> "EntityTags":
        """Read a header's value. Raises Malformed when it is neither `*` nor a list of quoted tags."""
        if header.strip(" \t") == "*":
            return cls(True, frozenset(), frozenset())
        tags: list[tuple[str, str]] = []
        place = 0
        while place < len(header):
            if not (found := _ENTITY_TAG.match(header, place)):
                detail = f'{name} holds "*" or quoted ETags, such as "3-owner".'
                raise Malformed(detail, faults=[Fault(f"/header/{name}", "malformed_etag", detail)])
            tags.append((found[1] or "", found[2]))
            place = found.end()
        if not tags:
            return cls.of("?", name)
        return cls(
            False,
            frozenset(tag for weak, tag in tags if not weak),
            frozenset(tag for weak, tag in tags if weak),
        )


@dataclass(frozen=True)
class IfMatch:
    """What the client last read, demanded before it may change anything."""

    tags: EntityTags

    def check_revision(self, revision: int) -> None:
        """Raise StaleEtag unless the client read this revision; what an ETag holds behind a hyphen may have moved."""
        if not (self.tags.anything or any(tag.partition("-")[0] == str(revision) for tag in self.tags.strong)):
            raise StaleEtag

    def check(self, etag: str) -> None:
        """Raise StaleEtag unless this is the version that the client read (strong comparison)."""
        if not (self.tags.anything or etag in self.tags.strong):
            raise StaleEtag
