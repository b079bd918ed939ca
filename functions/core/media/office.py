"""What kind of package a ZIP archive is: office documents by what they say of themselves, and archives inside archives.

Office Open XML: ECMA-376 part 2; OpenDocument: OASIS ODF 1.3 part 2.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, Final
from xml.parsers import expat

from core.media import allowed, packages
from core.media.allowed import MediaType
from core.media.packages import Expansion
from core.media.rejection import Reason, Rejected

_MIB: Final = 1024 * 1024

_CONTENT_TYPES: Final = "[Content_Types].xml"
_OOXML: Final = "application/vnd.openxmlformats-officedocument."
_MAIN: Final = {
    _OOXML + "wordprocessingml.document.main+xml": allowed.DOCX,
    _OOXML + "spreadsheetml.sheet.main+xml": allowed.XLSX,
    _OOXML + "presentationml.presentation.main+xml": allowed.PPTX,
}
_ODF: Final = {kind.content_type: kind for kind in (allowed.ODT, allowed.ODS, allowed.ODP)}
_ODF_MACROS: Final = ("Basic/", "Scripts/")
_CONTENT_TYPES_NAMESPACE: Final = "http://schemas.openxmlformats.org/package/2006/content-types "
_LARGEST_CONTENT_TYPES: Final = _MIB

# An archive in an archive in an archive is a class's hand-ins with their documents; what is deeper is built to burst.
_DEEPEST: Final = 3
_LARGEST_INSIDE: Final = 32 * _MIB
_MOST_INSIDE: Final = 128 * _MIB
# What is packed already hardly packs again, unless it repeats itself as bombs within bombs do.
_STEEPEST_INSIDE: Final = 10
_INSIDE: Final = (
    *(".zip", ".jar", ".war", ".apk", ".epub", ".docx", ".docm", ".xlsx", ".xlsm", ".pptx", ".pptm"),
    *(".odt", ".ods", ".odp"),
)
_PACKED: Final = (*_INSIDE, ".7z", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".rar")


def true_type(stream: BinaryIO, size: int) -> MediaType:
    """Return which package the whole stream is, after its directory and those of archives inside were looked at.

    Raises Rejected: UNREADABLE, ENCRYPTED, EXPANDS_TOO_FAR, MACROS, WRONG_TYPE (an office document of another kind).
    """
    expansion = Expansion()
    with packages.opened(stream, size, expansion) as package:
        kind = _kind(package)
        _look_inside(package, expansion, depth=1, room=_MOST_INSIDE)
    return kind


def _kind(package: zipfile.ZipFile) -> MediaType:
    entries = package.infolist()
    names = {entry.filename for entry in entries}
    if len(names) < len(entries):
        # Readers differ on which of two parts of one name they take.
        raise Rejected(Reason.UNREADABLE)
    if _CONTENT_TYPES in names:
        return _ooxml(package, names)
    if entries and entries[0].filename == "mimetype":
        return _odf(package, names)
    return allowed.ZIP


def _ooxml(package: zipfile.ZipFile, names: set[str]) -> MediaType:
    content = packages.content(package, package.getinfo(_CONTENT_TYPES), _LARGEST_CONTENT_TYPES)
    types = set(_content_types(content))
    if any("macroenabled" in kind or "vbaproject" in kind for kind in types) or any(
        name.lower().endswith("vbaproject.bin") for name in names
    ):
        raise Rejected(Reason.MACROS)
    main = [_MAIN[kind] for kind in types & _MAIN.keys()]
    if len(main) != 1:
        raise Rejected(Reason.WRONG_TYPE)
    return main[0]


def _content_types(part: bytes) -> Iterator[str]:
    """Yield the types that the package's parts have, in lower case. Raises Rejected(UNREADABLE)."""
    found: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if name in {_CONTENT_TYPES_NAMESPACE + "Override", _CONTENT_TYPES_NAMESPACE + "Default"}:
            found.append(attributes.get("ContentType", "").lower())

    def refuse(*_declaration: object) -> None:
        raise Rejected(Reason.EXPANDS_TOO_FAR)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, LookupError, ValueError):
        raise Rejected(Reason.UNREADABLE) from None
    return iter(found)


def _odf(package: zipfile.ZipFile, names: set[str]) -> MediaType:
    named = packages.content(package, package.getinfo("mimetype"), 256).strip().decode("ascii", "replace")
    if any(name.startswith(_ODF_MACROS) for name in names):
        raise Rejected(Reason.MACROS)
    if named not in _ODF:
        raise Rejected(Reason.WRONG_TYPE)
    return _ODF[named]


def _look_inside(package: zipfile.ZipFile, expansion: Expansion, *, depth: int, room: int) -> None:
    """Hold the archives in an archive to the same bounds, all together. Raises Rejected(EXPANDS_TOO_FAR)."""
    for entry in package.infolist():
        name = entry.filename.lower()
        if name.endswith(_PACKED) and entry.file_size > _STEEPEST_INSIDE * max(entry.compress_size, 1024):
            raise Rejected(Reason.EXPANDS_TOO_FAR)
        if not name.endswith(_INSIDE):
            continue
        room -= entry.file_size
        if depth == _DEEPEST or room < 0:
            raise Rejected(Reason.EXPANDS_TOO_FAR)
        _look_into(packages.content(package, entry, _LARGEST_INSIDE), expansion, depth=depth + 1, room=room)


def _look_into(inner: bytes, expansion: Expansion, *, depth: int, room: int) -> None:
    try:
        with packages.opened(io.BytesIO(inner), len(inner), expansion) as package:
            _look_inside(package, expansion, depth=depth, room=room)
    except Rejected as rejected:
        # What only bears the name of an archive, or keeps its content to itself, expands to nothing.
        if rejected.reason is Reason.EXPANDS_TOO_FAR:
            raise
