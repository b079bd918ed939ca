"""What a text looks like as HTML, and that nothing dangerous can come out of it."""

from __future__ import annotations

import time
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.discussion import rendering
from documents.discussion.rendering import to_html

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>*{display:none}</style><base href=//x.no><!-- --!><script>x</script>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#115;cript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\tjavascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x) [x](file:///etc/passwd) [x](//x.no) [x](/v1/me) [x](blob:x)",
    "<javascript:alert(1)>",
    "![x](javascript:alert(1))",
    '[x](https://x.no" onclick="alert(1))',
    '[x](https://x.no "onmouseover=alert(1)")',
    "[x]: javascript:alert(1)\n\n[x]",
    "```<script>\n</code></pre><script>alert(1)</script>\n```",
    "`</code><script>alert(1)</script>`",
    "> <b onclick=x>\n\n- <i style=x>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script>alert(1)</script>",
    "<<script>script>alert(1)<</script>/script>",
]


class Seen(HTMLParser):
    """The tags and attributes that a browser would make of a text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.other: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)


def harmless(html: str) -> bool:
    seen = Seen(html)
    tags = {"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
    return seen.tags <= tags and not seen.other and all(map(allowed, seen.attributes))


def allowed(attribute: tuple[str, str, str]) -> bool:
    match attribute:
        case ("a", "href", address):
            return urlsplit(address).scheme in {"http", "https", "mailto"}
        case ("a", "rel", value):
            return value == "noopener noreferrer nofollow"
        case ("ol", "start", number):
            return number.isdigit()
    return False


class TestHtml:
    @pytest.mark.parametrize("text", HOSTILE)
    def test_is_harmless_whatever_is_written(self, text: str) -> None:
        assert harmless(to_html(text, ()))
        assert harmless(to_html(f"Hei\n{text} *og*\n\n> {text}\n\n1. {text}", ()))

    @pytest.mark.parametrize("name", HOSTILE)
    def test_is_harmless_whatever_somebody_is_called(self, name: str) -> None:
        for text in ("@{0}", "*@{0}* `@{0}`", "[@{0}](https://x.no/@{0})", "```\n@{0}\n```"):
            html = to_html(text, [name])
            assert harmless(html)
            # A name is no Markdown, so it makes no link.
            assert ("<a" in html) == ("](" in text)

    # Many processes share the machine, and the first text loads the parser.
    @settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=200)
    @given(st.lists(st.sampled_from([*HOSTILE, "*", "_", "`", "[", "](", ")", "<", ">", "\n", "- ", "\\", "&", "~~"])))
    def test_is_harmless_in_any_mixture(self, parts: list[str]) -> None:
        assert harmless(to_html("".join(parts), ()))

    def test_has_a_part_of_markdown(self) -> None:
        html = to_html("*a* **b** ~~c~~ `d`\ne\n\n> f\n\n- g\n- h\n\n3. i\n\n[j](https://k.no) <mailto:l@m.no>", ())
        for wanted in (
            "<em>a</em> <strong>b</strong> <s>c</s> <code>d</code><br>\ne",
            "<blockquote>\n<p>f</p>",
            "<li>g</li>",
            '<ol start="3">',
            '<a href="https://k.no" rel="noopener noreferrer nofollow">j</a>',
            '<a href="mailto:l@m.no"',
        ):
            assert wanted in html

    @pytest.mark.parametrize("text", ["# Stor", "|a|b|\n|-|-|", "<b>fet</b>", "Stor\n===="])
    def test_shows_the_rest_as_it_is_written(self, text: str) -> None:
        html = to_html(text, ())
        assert Seen(html).tags <= {"p", "br"}
        assert text.split("\n", maxsplit=1)[0].replace("<", "&lt;").replace(">", "&gt;") in html

    @settings(deadline=None)
    @given(st.text("aæ .,;:?@{}()0'\"=/|%$", min_size=1, max_size=40))
    def test_of_a_plain_line_is_what_the_long_way_makes_of_it(self, text: str) -> None:
        if rendering.PLAIN.fullmatch(text) and text.strip():
            # An emphasis around it takes the way through the parser.
            assert to_html(text, ()).replace("<p>", "").replace("</p>\n", "") in to_html(f"`x` {text}", ())

    @pytest.mark.parametrize(
        "bit", ["[", "*a ", "**", "> ", "- ", "`", "~~", "<", "![](", "[](<", "\\", "&amp;", "_a_"]
    )
    def test_of_the_worst_text_takes_no_second(self, bit: str) -> None:
        text = (bit * 10_000)[:10_000]
        begun = time.perf_counter()
        assert harmless(to_html(text, ()))
        assert time.perf_counter() - begun < 1
