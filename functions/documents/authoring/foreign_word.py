"""Word documents (DOCX: ECMA-376, a ZIP of XML parts) to HTML by mammoth, once nothing in them can do harm."""

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Protocol, cast
from xml.parsers import expat

from documents.authoring.unreadable import UnreadableImport

if TYPE_CHECKING:
    from collections.abc import Callable

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what Office wraps an encrypted document in (MS-OFFCRYPTO), and old .doc
_ENCRYPTED_FLAG = 0x1

_MOST_PARTS = 5_000
# zipfile never reads past the declared size, so the declaration is a bound, whatever the data says.
_LARGEST = 64 * 1024 * 1024
# Deflate reaches 1,032; text in Word's XML stays near 20. Small parts may do as they like.
_STEEPEST = 200
_SMALL = 1024 * 1024
# mammoth reads recursively, several frames a level; Word's own nesting (tables in tables) stays far below.
_DEEPEST = 120

_TITLE = "http://purl.org/dc/elements/1.1/ title"


def to_html(data: bytes) -> tuple[str, str]:
    """Return the document's title property ("" without) and its body as HTML, pictures by alternative text alone.

    Raises UnreadableImport: `encrypted_docx`, `damaged_docx`, `oversized_docx`, `unsafe_docx`.
    """
    if data.startswith(_OLE):
        raise UnreadableImport("encrypted_docx", "The document is protected by a password, or in Word's old format.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _check(package)
            title = _title(package)
        return title, _body(data)
    except UnreadableImport:
        raise
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, EOFError, OSError, RecursionError, RuntimeError) as error:
        raise UnreadableImport("damaged_docx", "The file is not a whole Word document.") from error
    except (LookupError, ValueError, TypeError, AttributeError, NotImplementedError) as error:
        # mammoth takes the format at its word: a part without what it needs ends in one of these.
        raise UnreadableImport("damaged_docx", "The file does not hold a Word document.") from error


def _check(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    if any(part.flag_bits & _ENCRYPTED_FLAG for part in parts):
        raise UnreadableImport("encrypted_docx", "The document is protected by a password.")
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _LARGEST or any(map(_is_steep, parts)):
        raise UnreadableImport("oversized_docx", "The document unpacks to more than can be read.")
    if any(part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} for part in parts):
        raise UnreadableImport("damaged_docx", "The document is packed in a way that Word does not use.")
    if len({part.filename for part in parts}) < len(parts):
        raise UnreadableImport("unsafe_docx", "The document holds two parts of one name.")
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            _check_xml(package.read(part))


def _is_steep(part: zipfile.ZipInfo) -> bool:
    return part.file_size > _SMALL and part.file_size > _STEEPEST * part.compress_size


def _check_xml(part: bytes) -> None:
    """Refuse a document type, and with it every entity (ECMA-376 part 2 allows none), and bottomless nesting.

    By a real parser, as an encoding declaration can hide both from a search through the bytes.
    """
    depth = 0

    def begin(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise UnreadableImport("unsafe_docx", "The document nests its parts too deep.")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_declaration: object) -> None:
        raise UnreadableImport("unsafe_docx", "The document declares XML entities, which Word never does.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.Parse(part, True)


def _title(package: zipfile.ZipFile) -> str:
    if "docProps/core.xml" not in package.namelist():
        return ""
    found: list[str] = []
    inside = False

    def begin(name: str, _attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = name == _TITLE

    def text(piece: str) -> None:
        if inside:
            found.append(piece)

    def end(_name: str) -> None:
        nonlocal inside
        inside = False

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begin
    parser.CharacterDataHandler = text
    parser.EndElementHandler = end
    parser.Parse(package.read("docProps/core.xml"), True)
    return "".join(found)


class _Result(Protocol):
    value: str


def _body(data: bytes) -> str:
    # mammoth has no type information.
    import mammoth  # pyright: ignore[reportMissingTypeStubs]

    convert = cast("Callable[..., _Result]", mammoth.convert_to_html)  # pyright: ignore[reportUnknownMemberType]
    # The picture itself is never opened: only its alternative text is carried on.
    return convert(
        io.BytesIO(data),
        convert_image=_alternative,
        include_embedded_style_map=False,
        external_file_access=False,
    ).value


def _alternative(image: Any) -> list[object]:
    from mammoth import html  # pyright: ignore[reportMissingTypeStubs]

    text: str = image.alt_text or ""
    return [cast("Callable[[str], object]", html.text)(text)]  # pyright: ignore[reportUnknownMemberType]
