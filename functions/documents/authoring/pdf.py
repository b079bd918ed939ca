"""Markdown to PDF, set by Typst: one wheel with its fonts inside, no system library (https://typst.app/docs/).

The text never becomes Typst's markup: each piece of it is a string literal in a program of calls that are written
here, so nothing that a person writes can run.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from documents.authoring import markdown as reading
from documents.authoring.language import Language

if TYPE_CHECKING:
    from markdown_it.token import Token
    from typst import Fonts

# Typst refuses layouts nested more than some 70 deep, and nothing is readable far earlier: deeper blocks are set as
# plain paragraphs of the twelfth.
_DEEPEST = 12
# Wider tables fit no page; their rows are set as lines.
_MOST_COLUMNS = 16
# What Typst holds while it works grows with the pieces (4 KiB each, so 400 MiB) far more than with the letters: 900 KiB
# of prose are some 40,000, of one-word list items over a million. A text of more is set as it is written.
_MOST_PIECES = 100_000
# Typst's time grows with the square of the lines in one block of code or plain text.
_LINES = 200
# Typst remembers the results of its last ten runs, 400 MB for each very long text. Ten runs of nothing make it forget;
# they take as long as setting a page, so short texts go without.
_FORGET_FROM = 50_000
_MEMORY = 11
# Typst refuses addresses above 8,000 characters.
_LONGEST_LINK = 2_000

_OPENS = {
    "em_open": "#emph[",
    "strong_open": "#strong[",
    "s_open": "#strike[",
    "blockquote_open": "#quoted[",
    "list_item_open": "[",
    "thead_open": "table.header(",
    "th_open": "[",
    "td_open": "[",
}
_CLOSES = {
    "em_open": "]",
    "strong_open": "]",
    "s_open": "]",
    "link_open": "]",
    "paragraph_open": "\n\n",
    "heading_open": "]\n\n",
    "blockquote_open": "]\n\n",
    "bullet_list_open": ")\n\n",
    "ordered_list_open": ")\n\n",
    "list_item_open": "],\n",
    "table_open": ")\n\n",
    "thead_open": "),\n",
    "th_open": "],",
    "td_open": "],",
}
_LEAVES = {"softbreak": '#" "', "hardbreak": "#linebreak()", "hr": "#rule\n\n"}

_PREAMBLE = """\
#set document(title: {title}, date: none)
#set page("a4", margin: (x: 26mm, top: 26mm, bottom: 30mm), numbering: "1 / 1", footer-descent: 45%)
#set text(font: "Libertinus Serif", size: 11pt, lang: "{language}", fill: luma(12%))
#set par(leading: 0.72em, spacing: 1.15em, linebreaks: "simple")
#set list(indent: 0.4em, body-indent: 0.6em, marker: ([•], [–], [◦]))
#set enum(indent: 0.4em, body-indent: 0.6em)
#set table(stroke: (x, y) => (bottom: if y == 0 {{ 0.9pt + luma(45%) }} else {{ 0.4pt + luma(80%) }}), \
inset: (x: 6pt, y: 5pt), align: left)
#show table: set text(size: 9.5pt, hyphenate: true)
#show table: set par(leading: 0.55em)
#show table.cell.where(y: 0): strong
#show heading: set block(above: 1.7em, below: 0.85em, sticky: true)
#show heading.where(level: 1): set text(size: 17pt)
#show heading.where(level: 2): set text(size: 14pt)
#show heading.where(level: 3): set text(size: 12pt)
#show title: set text(size: 24pt, weight: "bold")
#show title: set block(below: 1.1em)
#show link: set text(fill: rgb("#0b57a4"))
#show raw: set text(font: "DejaVu Sans Mono", size: 8.8pt)
#show raw.where(block: true): it => block(fill: luma(96%), inset: 9pt, radius: 3pt, width: 100%, it)
#let quoted(body) = block(stroke: (left: 2pt + luma(78%)), inset: (left: 1em, y: 0.25em), \
text(fill: luma(32%), body))
#let rule = align(center, line(length: 35%, stroke: 0.6pt + luma(65%)))
"""

# Typst breaks lines only where a language allows it; a run of this length would leave its column.
_LONG_RUN = re.compile(r"\S{28,}")
_LONG_IN_CELL = re.compile(r"\S{14,}")
_LONG_IN_CODE = re.compile(r"\S{60,}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def to_pdf(markdown: str, title: str, language: Language) -> bytes:
    """Return a tagged A4 PDF with title and language set; the same input always gives the same bytes.

    Characters that the fonts lack (most emoji) appear as boxes. Pictures and links are as in `markdown.to_html`.
    """
    title, markdown = _stacks().sub(r"\1", title), _stacks().sub(r"\1", markdown)
    # In one expression, so that the tokens are gone before Typst needs the memory.
    source = _PREAMBLE.format(title=_literal(title), language=language) + "".join(_content(markdown, title))
    document = _run(source)
    if len(source) > _FORGET_FROM:
        for _ in range(_MEMORY):
            _run("")
    return document


def _content(markdown: str, title: str) -> Iterator[str]:
    if title.strip():
        yield "#title()\n\n"
    tokens = reading.parse(markdown)
    if sum(1 + len(token.children or []) for token in tokens) <= _MOST_PIECES:
        yield from _blocks(tokens)
    else:
        lines = markdown if markdown.count("\n") <= _MOST_PIECES else " ".join(markdown.split())
        yield from (f"#{_literal(part)}\n\n" for part in _parts(lines, _LONG_RUN))


def _run(source: str) -> bytes:
    from typst import Compiler

    try:
        document = Compiler(source.encode(), font_paths=_fonts()).compile(format="pdf")
    except BaseException as error:
        # A panic in Rust arrives as a BaseException of its own, which would end the worker.
        if type(error).__name__ != "PanicException":
            raise
        raise RuntimeError("Typst gave up") from error
    assert isinstance(document, bytes), "a PDF comes in one piece"
    return document


@lru_cache(maxsize=1)
def _fonts() -> "Fonts":
    """Those inside the wheel alone, so that the result is the same on every machine."""
    from typst import Fonts

    return Fonts(include_system_fonts=False)


def _blocks(tokens: Sequence["Token"]) -> Iterator[str]:
    """Typst source of a token stream: every opening leaves what will close it on a stack."""
    closing: list[str] = []
    wide = False
    for index, token in enumerate(tokens):
        if token.type == "table_open":
            wide = _columns(tokens, index) > _MOST_COLUMNS
        flat = len(closing) >= _DEEPEST or (wide and token.type in _TABLE_PARTS)
        if token.nesting == 1:
            closing.append(_flat_close(token) if flat else " " if token.hidden else _CLOSES.get(token.type, ""))
            yield "" if flat else _opening(tokens, index)
        elif token.nesting == -1:
            yield closing.pop()
            wide = wide and token.type != "table_close"
        elif token.type == "inline":
            long = _LONG_IN_CELL if tokens[index - 1].type in {"th_open", "td_open"} else _LONG_RUN
            yield from _inline(token.children or [], long)
        else:
            yield _leaf(token, _LONG_RUN)


_TABLE_PARTS = {"table_open", "thead_open", "tbody_open", "tr_open", "th_open", "td_open"}


def _flat_close(token: "Token") -> str:
    return '#" · "' if token.type in {"th_open", "td_open"} else "\n\n"


def _opening(tokens: Sequence["Token"], index: int) -> str:
    token = tokens[index]
    match token.type:
        case "heading_open":
            return f"#heading(level: {int(token.tag[1])})["
        case "bullet_list_open":
            return f"#list(tight: {_tight(tokens, index)}, "
        case "ordered_list_open":
            return f"#enum(tight: {_tight(tokens, index)}, start: {int(token.attrs.get('start', 1))}, "
        case "table_open":
            return f"#table(columns: {_columns(tokens, index)}, align: ({_alignments(tokens, index)}), "
        case _:
            return _OPENS.get(token.type, "")


def _tight(tokens: Sequence["Token"], index: int) -> str:
    """A list is tight when markdown-it hides the paragraph of its first item."""
    first = tokens[index + 2] if index + 2 < len(tokens) else None
    return "false" if first and first.type == "paragraph_open" and not first.hidden else "true"


def _header(tokens: Sequence["Token"], index: int) -> Iterator["Token"]:
    for token in tokens[index + 1 :] if index + 200 > len(tokens) else tokens[index + 1 : index + 200]:
        if token.type == "thead_close":
            return
        if token.type == "th_open":
            yield token


def _columns(tokens: Sequence["Token"], index: int) -> int:
    return sum(1 for _ in _header(tokens, index))


def _alignments(tokens: Sequence["Token"], index: int) -> str:
    return "".join(f"{token.attrs.get('align', 'left')}, " for token in _header(tokens, index))


def _inline(children: Sequence["Token"], long: re.Pattern[str]) -> Iterator[str]:
    closing: list[str] = []
    for child in children:
        if child.nesting == 1:
            flat = len(closing) >= _DEEPEST
            opening = "" if flat else _link(child) if child.type == "link_open" else _OPENS.get(child.type, "")
            closing.append(_CLOSES.get(child.type, "") if opening else "")
            yield opening
        elif child.nesting == -1:
            yield closing.pop()
        else:
            yield _leaf(child, long)


def _link(token: "Token") -> str:
    href = str(token.attrs["href"])
    return f"#link({_literal(href)})[" if len(href) <= _LONGEST_LINK else ""


def _leaf(token: "Token", long: re.Pattern[str]) -> str:
    match token.type:
        case "fence" | "code_block":
            return "".join(f"#raw({_literal(part)}, block: true)\n\n" for part in _parts(token.content, _LONG_IN_CODE))
        case "code_inline":
            return f"#raw({_literal(_breakable(token.content, long))})"
        case _:
            return _LEAVES.get(token.type) or "#" + _literal(_breakable(token.content, long))


def _parts(text: str, long: re.Pattern[str]) -> Iterator[str]:
    lines = _breakable(text.rstrip(), long).split("\n")
    return ("\n".join(lines[first : first + _LINES]) for first in range(0, len(lines), _LINES))


def _breakable(text: str, long: re.Pattern[str]) -> str:
    """With a zero width space after every sixth character of the runs that no line could hold."""
    return long.sub(lambda run: "\u200b".join(re.findall(r"(?s).{1,6}", run[0])), text)


def _literal(text: str) -> str:
    """A Typst string: https://typst.app/docs/reference/foundations/str/ has no other escapes that matter here."""
    plain = _UNPRINTABLE.sub("\ufffd", text)
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'


@lru_cache(maxsize=1)
def _stacks() -> re.Pattern[str]:
    """More marks on one letter than any language has: the shaper's time grows with their square, then it panics."""
    marks = "".join(
        chr(code) for code in range(0x300, 0x20000) if unicodedata.category(chr(code)) in {"Mn", "Mc", "Me"}
    )
    return re.compile(f"([{marks}]{{8}})[{marks}]+")
