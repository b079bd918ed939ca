"""Comments and messages as HTML: a small part of Markdown, and nothing that a hostile text could do harm with.

Paragraphs and line breaks, emphasis, strikethrough, code, quotes, lists and links, as in CommonMark
(https://spec.commonmark.org/0.31.2/). No raw HTML, no pictures, no headings or tables: all of that is shown as written.
"""

import asyncio
import html
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from documents.discussion.mentions import STORED

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# Each of these may begin or end something that reaches far, so a text of little else would take seconds.
_COSTLY: Final = "[]*_`~<>!\\&"
_MOST_COSTLY: Final = 500
_INLINE: Final = 2_000
"""Characters that are rendered on the event loop; more go to a thread, and others are served meanwhile."""

# One line without any of those, that begins no list and no fence: most of what people write to each other. It need not
# be parsed, which would take a millisecond or two.
PLAIN: Final = re.compile(r"(?![-+#\s\d])[^\[\]*_`~<>!\\&\n\r\t]+")

_TAGS: Final = {"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
_ATTRIBUTES: Final = {"*": set[str](), "a": {"href"}, "ol": {"start"}}
_SCHEMES: Final = {"http", "https", "mailto"}
_RULES: Final = (
    *("emphasis", "strikethrough", "backticks", "escape", "entity", "newline", "link", "autolink"),
    *("blockquote", "list", "fence"),
)

Text = tuple[str, Sequence[str]]
"""A text as it is stored, and the names of those whom it mentions, in the order of its numbers."""


async def rendered(texts: Sequence[Text]) -> list[str]:
    """Return the HTML of each text. Links lead to http, https and mailto alone, and tell nothing of the reader."""
    if sum(len(text) for text, _ in texts) <= _INLINE:
        return _all(texts)
    return await asyncio.to_thread(_all, texts)


def _all(texts: Sequence[Text]) -> list[str]:
    return [to_html(*text) for text in texts]


def to_html(text: str, names: Sequence[str]) -> str:
    """Return a text's HTML, with `@` and the name where it mentions somebody."""
    import nh3

    if not text:
        return ""
    if PLAIN.fullmatch(text) or sum(map(text.count, _COSTLY)) > _MOST_COSTLY:
        return f"<p>{html.escape(_named(text.strip(), names), quote=False)}</p>\n"
    reader = _reader()
    tokens = reader.parse(text)
    _name(tokens, names)
    written = reader.renderer.render(tokens, reader.options, {})
    return nh3.clean(
        written,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
    )


@lru_cache(maxsize=1)
def _reader() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("zero", {"html": False, "maxNesting": 20, "breaks": True}).enable(_RULES)


def _name(tokens: Sequence["Token"], names: Sequence[str]) -> None:
    """Put the names where the text mentions somebody. They are put in after parsing, so no name is read as Markdown."""
    for token in tokens:
        if token.children:
            _name(token.children, names)
        elif token.content:
            token.content = _named(token.content, names)


def _named(text: str, names: Sequence[str]) -> str:
    return STORED.sub(lambda found: f"@{names[int(found[1])]}" if int(found[1]) < len(names) else found[0], text)
