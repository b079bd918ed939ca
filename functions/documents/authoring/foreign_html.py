"""Foreign HTML to Markdown: sanitised by nh3, flattened to a depth that recursion bears, written by markdownify."""

import re
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nh3 import Cleaner

from documents.authoring.unreadable import UnreadableImport

_TAGS = {
    *("p", "div", "section", "article", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "hr", "br"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("a", "img", "em", "i", "strong", "b", "s", "del", "code", "kbd", "samp", "figure", "figcaption"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt"}, "ol": {"start"}, "td": {"colspan"}, "th": {"colspan"}}
_HIDDEN = {"script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math", "select"}

_VOID = {"br", "hr", "img"}
# End tags that HTML lets people leave out, and elements that have none: neither nests by being repeated.
_UNCLOSED = {
    *("p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup", "col"),
    *("area", "base", "br", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"),
}
_OPENING_OR_CLOSING = re.compile(r"<(/?)([a-z][^\s/<>]*)", re.IGNORECASE)
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)(?:[^<>"]++|"[^"]*+")*+>')
# html5ever's time grows with the square of the depth: 2,000 take milliseconds, 100,000 a minute.
_DEEPEST_SOURCE = 2_000
# markdownify takes up to 0.1 ms an element, all the while holding the interpreter.
_MOST_ELEMENTS = 20_000
# A body may hold 900 KiB; what is longer would be refused after markdownify had taken its time with it.
_LONGEST = 2_000_000
# A reference such as &amp; takes bs4 some 10 µs.
_MOST_REFERENCES = 100_000
# From each of these nh3 looks through the rest of its text for the next: 30 GB take it a second, while others are
# served.
_ESCAPED = re.compile(r"[&\x80-\xbf]")
_FARTHEST_LOOKED = 30_000_000_000
# markdownify takes some four frames a level of a stack of 1,000.
_DEEPEST = 60
# Each level of these is written at the beginning of every line below it; a list and its item make two.
_INDENTING = {"blockquote", "ul", "ol", "li", "dl", "dd", "dt"}
_MOST_INDENTED = 16


def to_markdown(page: str) -> str:
    """Return the visible content as Markdown; pictures and links keep absolute addresses of the web only.

    Raises UnreadableImport: `too_many_elements` above 20,000, `too_deep` above 2,000 that are open at once; from 60 on,
    nesting is flattened. `too_many_references` above 100,000, and in a very long text without tags sooner. `too_long`
    above 2,000,000 characters of markup and text.
    """
    if page.count("<") > 2 * _MOST_ELEMENTS:
        raise UnreadableImport("too_many_elements", f"The page has more than {_MOST_ELEMENTS} elements.")
    if _deeper_than(_DEEPEST_SOURCE, page):
        raise UnreadableImport("too_deep", "The page nests its elements too deep.")
    if len(_ESCAPED.findall(page)) * len(page) > _FARTHEST_LOOKED:
        raise _too_many_references()
    clean = _cleaner().clean(page)
    if clean.count("&") > _MOST_REFERENCES:
        raise _too_many_references()
    if len(clean) > _LONGEST:
        raise UnreadableImport("too_long", "The page holds more text than a document can.")
    return _writer()(_flattened(_narrowed(clean)))


def _too_many_references() -> UnreadableImport:
    return UnreadableImport("too_many_references", "The page has too many references such as &amp;.")


def _deeper_than(limit: int, page: str) -> bool:
    open_elements: Counter[str] = Counter()
    depth = 0
    for tag in _OPENING_OR_CLOSING.finditer(page):
        name = tag[2].lower()
        if name in _UNCLOSED or (tag[1] and not open_elements[name]):
            continue
        step = -1 if tag[1] else 1
        open_elements[name] += step
        depth += step
        if depth > limit:
            return True
    return False


def _narrowed(clean: str) -> str:
    """One space for many, except in <pre>, where at most 200: markdownify's time grows with the square of a run."""
    pieces = re.split(r"(<pre>.*?</pre>)", clean, flags=re.DOTALL)
    pieces[::2] = [re.sub(r"\s+", " ", piece) for piece in pieces[::2]]
    pieces[1::2] = [re.sub(r"([ \t]{200})[ \t]+|(\n{200})\n+", r"\1\2", piece) for piece in pieces[1::2]]
    return "".join(pieces)


def _flattened(clean: str) -> str:
    """Leave out the tags (not the text) below the depth: nh3's output is well-formed, so counters will do."""
    depth = indented = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth, indented
        if tag[2] in _VOID:
            return tag[0]
        indents = tag[2] in _INDENTING
        depth -= bool(tag[1])
        indented -= bool(tag[1]) and indents
        shown = tag[0] if depth < _DEEPEST and (indented < _MOST_INDENTED or not indents) else " "
        depth += not tag[1]
        indented += not tag[1] and indents
        return shown

    return _TAG.sub(kept, clean)


@lru_cache(maxsize=1)
def _cleaner() -> "Cleaner":
    from nh3 import Cleaner

    return Cleaner(
        tags=_TAGS,
        clean_content_tags=_HIDDEN,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel=None,
    )


class _Element(Protocol):
    """What is used of bs4's Tag."""

    name: str
    attrs: dict[str, str]
    parent: "_Element"


@lru_cache(maxsize=1)
def _writer() -> Callable[[str], str]:
    from markdownify import ATX, MarkdownConverter

    class Writer(MarkdownConverter):
        def convert_img(self, el: _Element, _text: str, **_context: object) -> str:
            """An embedded picture has lost its source by now; its alternative text stays."""
            alternative = _SPECIAL.sub(r"\\\1", " ".join(el.attrs.get("alt", "").split()))
            return f"![{alternative}]({_address(source)})" if (source := el.attrs.get("src")) else alternative

        def convert_a(self, el: _Element, text: str, **_context: object) -> str:
            if not text.strip() or not (href := el.attrs.get("href")):
                return text
            before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
            return f"{before}[{' '.join(text.split())}]({_address(href)}){after}"

        def convert_li(self, el: _Element, text: str, **_context: object) -> str:
            """The library counts all earlier items for each one; here the list itself keeps the next number."""
            bullet = "- "
            if el.parent.name == "ol":
                start = el.parent.attrs.get("start", "1")
                number = int(start) if _ORDINAL.fullmatch(start) else 1
                el.parent.attrs["start"] = str(number + 1)
                bullet = f"{number}. "
            return bullet + _LATER_LINE.sub(" " * len(bullet), text.strip()) + "\n"

    return Writer(heading_style=ATX, bullets="-", escape_misc=True).convert


# As many digits as CommonMark reads.
_ORDINAL = re.compile(r"[0-9]{1,9}")
_LATER_LINE = re.compile(r"(?<=\n)(?=[^\n])")
_SPECIAL = re.compile(r"([\[\]\\*_`<&])")
# What would end a link's destination too early (https://spec.commonmark.org/0.31.2/#link-destination).
_ENDS_ADDRESS = re.compile(r"[\s<>()\\]")


def _address(url: str) -> str:
    return _ENDS_ADDRESS.sub(lambda character: "".join(f"%{byte:02X}" for byte in character[0].encode()), url.strip())
