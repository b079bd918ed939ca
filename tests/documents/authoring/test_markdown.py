"""Markdown to a page and to plain text."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.authoring import markdown


def body_of(text: str) -> str:
    page = markdown.to_html(text, "", "nb")
    return page.partition("<body>\n")[2].partition("</body>")[0].strip()


class TestPage:
    def test_is_whole_and_in_its_language(self) -> None:
        page = markdown.to_html("Hei", 'Tur & "mål" <b>', "nb")

        assert page.startswith('<!doctype html>\n<html lang="nb">')
        assert "<title>Tur &amp; &quot;mål&quot; &lt;b&gt;</title>" in page
        assert "<h1>Tur &amp; &quot;mål&quot; &lt;b&gt;</h1>\n<p>Hei</p>" in page

    def test_runs_and_loads_nothing(self) -> None:
        policy = re.search(r'Content-Security-Policy" content="([^"]+)"', markdown.to_html("", "", "en"))

        assert policy and policy[1].startswith("default-src 'none'; style-src 'sha256-")

    def test_without_a_title_says_so_in_its_language(self) -> None:
        assert "<title>Uten tittel</title>" in markdown.to_html("", "", "nb")
        assert "<title>Untitled</title>" in markdown.to_html("", "", "en")


class TestBody:
    def test_commonmark_with_tables_and_strikethrough(self) -> None:
        assert body_of("~~a~~ *b*") == "<p><s>a</s> <em>b</em></p>"
        assert '<td align="right">1</td>' in body_of("| a |\n|--:|\n| 1 |")
        assert body_of("3. a") == '<ol start="3">\n<li>a</li>\n</ol>'

    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[a](javascript:alert(1))",
            "[a](JaVaScRiPt&colon;alert(1))",
            "[a](data:text/html,<script>alert(1)</script>)",
            "![a](javascript:alert(1))",
            "<javascript:alert(1)>",
            "[a](vbscript:x)",
            "```<script>\nx\n```",
            '[a](https://x.no "onmouseover=alert(1)")',
        ],
    )
    def test_nothing_of_it_can_run(self, text: str) -> None:
        tags = re.findall(r"<[^>]*>", body_of(text))

        assert not [tag for tag in tags if re.search(r"script|src=|\son\w+=", tag.replace('title="onmouseover', ""))]

    def test_links_lead_to_the_web_and_mail_only(self) -> None:
        assert body_of("[a](https://x.no)") == '<p><a href="https://x.no" rel="noopener noreferrer">a</a></p>'
        assert body_of("<kari@x.no>") == '<p><a href="mailto:kari@x.no" rel="noopener noreferrer">kari@x.no</a></p>'
        assert body_of("[a](/etc) [b](file:1) [c](//x.no)") == "<p>a b c</p>"

    def test_a_remote_picture_is_a_link_to_it(self) -> None:
        assert body_of("![Elg](https://x.no/e.png)") == (
            '<p><a href="https://x.no/e.png" rel="noopener noreferrer">Elg</a></p>'
        )
        assert ">https://x.no/e.png</a>" in body_of("![](https://x.no/e.png)")

    def test_a_picture_of_the_document_is_its_alternative_text(self) -> None:
        assert body_of("![En *elg*](file:abc)") == "<p>En elg</p>"
        assert body_of("![x](data:image/png;base64,AAAA)") == "<p>x</p>"

    def test_a_picture_in_a_link_leaves_the_link(self) -> None:
        assert body_of("[![Elg](https://x.no/e.png)](https://y.no)") == (
            '<p><a href="https://y.no" rel="noopener noreferrer">Elg</a></p>'
        )
        assert 'href="https://x.no/e.png"' in body_of("[![Elg](https://x.no/e.png)](file:1)")

    def test_a_wall_of_brackets_is_shown_as_it_is(self) -> None:
        begun = time.perf_counter()

        assert body_of("[" * 200_000) == f"<p>{'[' * 200_000}</p>"
        assert time.perf_counter() - begun < 5

    @given(st.text(alphabet=st.one_of(st.sampled_from("[]()!*_`~<>#|-\n\t: &1."), st.characters(codec="utf-8"))))
    def test_any_text_makes_a_page(self, text: str) -> None:
        page = markdown.to_html(text, text, "en")

        assert page.rstrip().endswith("</html>")
        assert not re.search(r"<(script|img|iframe|style)\b", body_of(text))


class TestExcerpt:
    def test_is_the_visible_text_on_one_line(self) -> None:
        assert markdown.excerpt("# Tur\n\nVi **gikk** [hit](https://x.no)\n\n- en\n- to\n\n![Elg](file:1)") == (
            "Tur Vi gikk hit en to Elg"
        )

    def test_is_cut_between_words(self) -> None:
        assert markdown.excerpt("en to tre fire", length=10) == "en to…"
        assert markdown.excerpt("x" * 50, length=10) == "x" * 9 + "…"

    @given(st.text(), st.integers(min_value=1, max_value=50))
    def test_is_never_longer(self, text: str, length: int) -> None:
        assert len(markdown.excerpt(text, length)) <= length
