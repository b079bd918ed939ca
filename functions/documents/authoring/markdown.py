"""Markdown to HTML and to plain text: CommonMark with tables and strikethrough, without raw HTML.

https://spec.commonmark.org/0.31.2/; tables and strikethrough as in https://github.github.com/gfm/.
"""

import base64
import hashlib
import html
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from documents.authoring.language import Language

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

UNTITLED: dict[Language, str] = {"nb": "Uten tittel", "en": "Untitled"}

# An opening bracket may cost 0.1 ms, as each could begin a link that ends anywhere: a text of nothing else would take
# minutes. What holds more of them than a long reference list is shown as it is written.
_MOST_BRACKETS = 20_000

_BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote", "ul", "ol", "li", "hr"}
_TAGS = _BLOCKS | {"em", "strong", "s", "code", "a", "br", "table", "thead", "tbody", "tr", "th", "td"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "th": {"align"}, "td": {"align"}}
_SCHEMES = {"http", "https", "mailto"}

_STYLE = """
body { max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; font: 1.0625rem/1.6 Georgia, "Times New Roman", serif; \
color: #1d1d1f; overflow-wrap: break-word }
h1, h2, h3, h4, h5, h6 { line-height: 1.25; margin: 2em 0 .6em; font-family: system-ui, sans-serif }
body > h1:first-child { margin-top: 0; font-size: 2rem }
a { color: #0b57a4 }
pre, code { font: .875em/1.5 ui-monospace, Menlo, Consolas, monospace; background: #f4f4f2; border-radius: 3px }
code { padding: .1em .25em }
pre { padding: .8em 1em; white-space: pre-wrap }
pre code { padding: 0; font-size: inherit }
blockquote { margin: 1.2em 0; padding-left: 1em; border-left: 3px solid #c9c9c4; color: #55554f }
table { border-collapse: collapse; margin: 1.2em 0 }
th, td { padding: .4em .7em; border-bottom: 1px solid #d8d8d3; text-align: left; vertical-align: top }
[align=right] { text-align: right } [align=center] { text-align: center }
hr { border: 0; border-top: 1px solid #c9c9c4; margin: 2em 0 }
@media print { @page { margin: 22mm } body { max-width: none; margin: 0; padding: 0; font-size: 11pt }
h1, h2, h3 { break-after: avoid } pre, blockquote, tr { break-inside: avoid } a { color: inherit } }
"""

_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{digest}'; \
base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{heading}{body}</body>
</html>
"""


def to_html(markdown: str, title: str, language: Language) -> str:
    """Return a whole HTML page that runs nothing, loads nothing and tells nobody that it is read.

    Links lead to http, https and mailto only. A remote picture becomes a link to it (loading it would give away the
    reader's address), one of the document's own files its alternative text.
    """
    import nh3

    body = nh3.clean(
        _reader().render(markdown),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )
    return _PAGE.format(
        language=language,
        digest=base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode(),
        title=html.escape(title or UNTITLED[language]),
        style=_STYLE,
        heading=f"<h1>{html.escape(title)}</h1>\n" if title else "",
        body=body,
    )


def excerpt(markdown: str, length: int = 200) -> str:
    """Return the beginning of the visible text on one line, at most `length` characters, "…" where it was cut."""
    # Markup and link destinations take room that is not seen; the rest of a long text need not be read.
    text = " ".join(plain_text(parse(markdown[: 20 * length + 2_000])).split())
    if len(text) <= length:
        return text
    cut = text[: length - 1]
    return cut.rsplit(" ", 1)[0].rstrip() + "…" if " " in cut else cut + "…"


def parse(markdown: str) -> list["Token"]:
    """Return markdown-it's tokens with pictures and unsafe links already resolved, as every export wants them."""
    return _reader().parse(markdown)


def plain_text(tokens: Sequence["Token"]) -> str:
    """Return what the tokens show, blocks apart by a space."""
    shown: list[str] = []
    for token in tokens:
        if token.children:
            shown.append(plain_text(token.children) + " ")
        elif token.type in {"softbreak", "hardbreak"}:
            shown.append(" ")
        elif token.type != "inline":
            shown.append(token.content + (" " if token.block else ""))
    return "".join(shown)


@lru_cache(maxsize=1)
def _reader() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "maxNesting": 100}).enable(["table", "strikethrough"])
    # Every address is let through here and judged in _resolved: a refused one would show its markup to the reader.
    reader.validateLink = _any
    reader.core.ruler.at("inline", _read_inline)
    reader.core.ruler.push("resolve", _resolve)
    return reader


def _any(url: str) -> bool:  # noqa: ARG001  markdown-it's signature
    return True


def _read_inline(state: "StateCore") -> None:
    """markdown-it's own step within the budget of brackets."""
    brackets = 0
    for token in state.tokens:
        if token.type != "inline":
            continue
        brackets += token.content.count("[")
        token.children = []
        if brackets <= _MOST_BRACKETS or "[" not in token.content:
            state.md.inline.parse(token.content, state.md, state.env, token.children)
        else:
            token.children.append(_text(token.content))


def _resolve(state: "StateCore") -> None:
    for token in state.tokens:
        if token.children:
            token.children = _resolved(token.children)
        elif token.type in {"th_open", "td_open"} and (style := str(token.attrs.pop("style", ""))):
            # The page's policy allows no style attributes.
            token.attrs["align"] = style.removeprefix("text-align:")


def _resolved(children: Sequence["Token"]) -> list["Token"]:
    """Without pictures, and without links to anywhere but the web and mail."""
    kept: list[Token] = []
    inside = False
    for child in children:
        if child.type == "link_open":
            inside = is_link(str(child.attrs["href"]))
        elif child.type == "image":
            kept += _picture(child, linked=inside)
            continue
        if child.type not in {"link_open", "link_close"} or inside:
            kept.append(child)
        inside = inside and child.type != "link_close"
    return kept


def _picture(image: "Token", *, linked: bool) -> list["Token"]:
    from markdown_it.token import Token

    source = str(image.attrs["src"])
    alternative = plain_text(_resolved(image.children or [])).strip()
    if linked or not is_link(source):
        return [_text(alternative)]
    link = Token("link_open", "a", 1, attrs={"href": source})
    return [link, _text(alternative or source), Token("link_close", "a", -1)]


def is_link(url: str) -> bool:
    """Tell whether the address may be followed from an export."""
    return url.partition(":")[0].lower() in _SCHEMES and ":" in url


def _text(content: str) -> "Token":
    from markdown_it.token import Token

    return Token("text", "", 0, content=content)
