"""What people bring along: Markdown, HTML and Word documents, read into a title and a Markdown body."""

import html
import re
from dataclasses import dataclass

from documents.authoring import foreign_html, foreign_word, markdown
from documents.authoring.unreadable import UnreadableImport

_LONGEST_TITLE = 300

# The encodings that web pages have (https://encoding.spec.whatwg.org/#names-and-labels): Python's own registry also
# knows such as unicode_escape and idna, which are no place for a stranger's bytes.
_CHARSET = re.compile(
    r"utf-?(8|16(le|be)?)|(us-)?ascii|iso-?8859-\d{1,2}|latin-?1|(windows-|cp)125\d|koi8-[ru]", re.IGNORECASE
)
# As browsers do, since Latin-1 in the wild is the Windows one (https://encoding.spec.whatwg.org/#windows-1252).
_AS_WINDOWS = {"ascii", "us-ascii", "iso-8859-1", "iso8859-1", "latin1", "latin-1"}
_META_CHARSET = re.compile(rb"<meta[^<>]{0,200}charset=[\"']?\s{0,9}([\w-]{1,40})", re.IGNORECASE)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_FRONT_MATTER = re.compile(r"---[ \t]*\n((?:(?!---|\.\.\.)[^\n]*\n){0,200})(?:---|\.\.\.)[ \t]*(?:\n|$)")
_FRONT_TITLE = re.compile(r"^title:[ \t]*([^\n]+)$", re.MULTILINE)
_HEADING = re.compile(
    r"^ {0,3}(#{1,6})[ \t]([^\n]*)$|^([^\s>#\-*+`|][^\n]*)\n(=+|-+)[ \t]*$",
    re.MULTILINE,
)
_CLOSING_HASHES = re.compile(r"(?<!\S)#+$")
_FENCED = re.compile(
    # Possessive where it can be: a long run of one sign is looked at once.
    r"^ {0,3}(`{3,}+|~{3,}+)[^\n]*+\n.*?(?:^ {0,3}\1[`~]*+[ \t]*+$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_TITLE_TAG = re.compile(r"<title[^<>]*>([^<]{0,2000})</title", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Imported:
    """A title of at most 300 characters ("" when the source has none) and a Markdown body of any size."""

    title: str
    body: str


def from_markdown(data: bytes, charset: str | None = None) -> Imported:
    """Read Markdown; `charset` is what its Content-Type said (UTF-8 without), a byte order mark outranks it.

    The title is the front matter's or a heading's. Front matter (a YAML block between lines of ---) leaves the body.
    Raises UnreadableImport.
    """
    text = _printable(_decoded(data, charset))
    title = ""
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        if named := _FRONT_TITLE.search(front[1]):
            title = named[1].strip().strip("\"'")
    return _titled(title, text)


def from_html(data: bytes, charset: str | None = None) -> Imported:
    """Read HTML; `charset` is what its Content-Type said, a byte order mark outranks it, a <meta> follows it.

    Scripts, styles and embedded pictures go, the pictures' alternative text stays. Raises UnreadableImport.
    """
    if charset is None and (declared := _META_CHARSET.search(data[:1024])):
        charset = declared[1].decode()
    text = _decoded(data, charset)
    title = _TITLE_TAG.search(text[:100_000])
    return _converted(html.unescape(title[1]) if title else "", text)


def from_docx(data: bytes) -> Imported:
    """Read a Word document (ECMA-376); the title is that of its properties or the first heading's.

    Nothing outside the file is opened, nothing unpacked before its declared size is known to be bearable. Raises
    UnreadableImport: `encrypted_docx`, `damaged_docx`, `oversized_docx`, `unsafe_docx`.
    """
    title, page = foreign_word.to_html(data)
    return _converted(title, page)


def _decoded(data: bytes, charset: str | None) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        charset = "utf-8-sig"
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        charset = "utf-16"
    elif charset and not _CHARSET.fullmatch(charset):
        raise UnreadableImport("unknown_charset", "The text is in an encoding that is not supported.")
    elif charset and charset.lower() in _AS_WINDOWS:
        charset = "cp1252"
    try:
        return data.decode(charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        raise UnreadableImport("unreadable_text", f"The text is not in {charset or 'UTF-8'}.") from None


def _printable(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _converted(title: str, page: str) -> Imported:
    return _titled(_printable(title), _printable(foreign_html.to_markdown(page)))


def _titled(title: str, body: str) -> Imported:
    """Take the first heading where the source names no title; a heading on top that says just the title goes."""
    body = body.strip("\n")
    title = _one_line(title)
    # Code may hold lines like headings: blank it out, keeping every place.
    if heading := _HEADING.search(_FENCED.sub(lambda fence: " " * len(fence[0]), body)):
        written = _CLOSING_HASHES.sub("", (heading[2] or heading[3] or "").strip()).strip()
        title = title or _one_line(_visible(written[: 4 * _LONGEST_TITLE]))
        if heading.start() == 0 and written == title and (heading[1] == "#" or (heading[4] or "").startswith("=")):
            body = body[heading.end() :].strip("\n")
    return Imported(title, body + "\n" if body else "")


def _one_line(title: str) -> str:
    return " ".join(title.split())[:_LONGEST_TITLE].rstrip()


def _visible(markup: str) -> str:
    return markdown.plain_text(markdown.parse(markup))
