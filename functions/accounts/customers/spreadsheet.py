"""Lists of people as spreadsheets write them: CSV (RFC 4180) in whatever encoding and with whatever separator.

A line is `address[,role[,groups]]`, several groups separated by semicolons or in cells of their own. What a cell holds
is never given back, as `=`, `+`, `-` and `@` at its beginning make a formula of it where it is opened again
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from accounts.memberships import CustomerRole
from core import addresses
from core.failures import Fault, Invalid, TooLarge

MOST_LINES: Final = 1_000
MOST_BYTES: Final = 1024 * 1024

_HEADINGS: Final = frozenset({"email", "e-mail", "mail", "address", "epost", "e-post", "e-postadresse", "epostadresse"})
_SEPARATORS: Final = (";", "\t", ",")
_FORMULA: Final = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Line:
    """One line that names somebody, or `fault`, the code of what is wrong with it. Lines are counted from 1."""

    number: int
    email: str | None = None
    role: CustomerRole = CustomerRole.MEMBER
    group_ids: tuple[str, ...] = ()
    fault: str | None = None


def read(content: bytes) -> list[Line]:
    """Return the lines that hold something, less a heading. Raises Invalid for what is no list, and TooLarge."""
    lines: list[Line] = []
    for number, cells in _records(_text(content)):
        if not lines and cells[0].casefold() in _HEADINGS:
            continue
        if len(lines) == MOST_LINES:
            raise TooLarge(f"A list holds {MOST_LINES} lines at most. Send it in parts.")
        lines.append(_line(number, cells))
    if not lines:
        raise _unfit("empty", "The list names nobody.")
    return lines


def _unfit(code: str, detail: str) -> Invalid:
    return Invalid(detail, faults=[Fault("", code, detail)])


def _text(content: bytes) -> str:
    """Decode by the byte order mark, else as UTF-8, else as Windows-1252, in which western spreadsheets write."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _alternates(content):
        return content.decode(_utf_16(content), errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _alternates(content: bytes) -> bool:
    """Tell whether each other byte of the beginning is zero, as in UTF-16 without a mark."""
    head = content[:64]
    return len(head) > 3 and (not any(head[::2]) or not any(head[1::2]))


def _utf_16(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-16-be" if content[0] == 0 else "utf-16-le"


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), skipinitialspace=True)
    number = 1
    try:
        for cells in reader:
            if any(stripped := [cell.strip() for cell in cells]):
                yield number, stripped
            number = reader.line_num + 1
    except csv.Error as error:
        raise _unfit("unreadable", f"Line {number} cannot be read as CSV.") from error


def _separator(text: str) -> str:
    """Return the sign that first stands behind an address or a heading: neither holds any of them."""
    return next((letter for letter in text if letter in _SEPARATORS), ",")


def _line(number: int, cells: list[str]) -> Line:
    try:
        email = _address(cells[0])
    except addresses.NotAnAddress:
        return Line(number, fault="not_an_address")
    given, *rest = [*cells[1:], ""]
    try:
        role = CustomerRole(given.lower() or CustomerRole.MEMBER)
    except ValueError:
        return Line(number, email, fault="unknown_role")
    named = [part.strip() for cell in rest for part in cell.split(";")]
    return Line(number, email, role, tuple(dict.fromkeys(filter(None, named))))


def _address(cell: str) -> str:
    if cell.startswith(_FORMULA):
        raise addresses.NotAnAddress
    return addresses.normalised(cell)
