"""Markdown to PDF, read back by pypdf."""

import io
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from documents.authoring import pdf

EVERYTHING = """
# Planlegging

En **sterk** og *skrå* og ~~strøken~~ og `kode` [lenke](https://example.org) <kari@example.org>

- en
  - to
    1. tre

> sitat
>
> > inni

| Fag | Poeng |
|:----|------:|
| Norsk | 5 |

```python
print("hei")
```

---

![Elg](https://example.org/e.png) \\
Æøå ÆØÅ
"""


def read(document: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(document))


def text_of(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(document).pages).replace("\u200b", "")


class TestDocument:
    def test_shows_everything_that_markdown_has(self) -> None:
        text = text_of(pdf.to_pdf(EVERYTHING, "Blåbærtur", "nb"))

        for shown in ("Blåbærtur", "Planlegging", "sterk", "tre", "inni", "Norsk", 'print("hei")', "Elg", "Æøå ÆØÅ"):
            assert shown in text
        assert "1 / 1" in text

    def test_knows_its_title_and_language(self) -> None:
        document = read(pdf.to_pdf("Hei", 'Tur "\\ #x', "nb"))

        assert document.metadata and document.metadata.title == 'Tur "\\ #x'
        assert document.root_object["/Lang"] == "nb"

    def test_is_the_same_every_time(self) -> None:
        assert pdf.to_pdf(EVERYTHING, "Tur", "en") == pdf.to_pdf(EVERYTHING, "Tur", "en")

    def test_is_tagged_for_those_who_listen(self) -> None:
        root = read(pdf.to_pdf(EVERYTHING, "Tur", "en")).root_object

        assert cast("dict[str, bool]", root["/MarkInfo"])["/Marked"]

    def test_links_lead_to_the_web_and_mail_only(self) -> None:
        page = read(pdf.to_pdf(EVERYTHING + "\n[a](javascript:x) [b](file:1)", "", "nb")).pages[0]
        annotations = cast("list[IndirectObject]", page["/Annots"])
        links = {cast("dict[str, dict[str, str]]", link.get_object())["/A"]["/URI"] for link in annotations}

        assert links == {"https://example.org", "mailto:kari@example.org", "https://example.org/e.png"}

    def test_may_be_empty(self) -> None:
        assert len(read(pdf.to_pdf("", "", "nb")).pages) == 1


class TestForeignMarkup:
    @pytest.mark.parametrize(
        "text",
        [
            '#panic("x")',
            '"]) #panic("x")',
            '\\"#panic("x")\\',
            "$x$ @ref <label> = a / b ~ -- `#x`",
            '[a](https://x.no/"]#panic())',
            '```\n"#panic()\n```',
            "\\u{41}",
            '#read("/etc/passwd")',
        ],
    )
    def test_is_text(self, text: str) -> None:
        assert len(read(pdf.to_pdf(f"{text}\n\nslutt", text, "nb")).pages) == 1
        assert "slutt" in text_of(pdf.to_pdf(f"{text}\n\nslutt", text, "nb"))

    def test_of_the_typesetter_is_shown_as_written(self) -> None:
        assert '#panic("x")' in text_of(pdf.to_pdf('#panic("x")', "", "nb"))


class TestHardText:
    @pytest.mark.parametrize(
        "text",
        [
            "😀 👍🏽 👩‍👩‍👧‍👦",
            "مرحبا بالعالم",
            "שלום עולם",
            "日本語",
            "x" * 5_000,
            "a\x00b\x1fc",
            "\ud800",
            "- " * 60 + "a",
            "> " * 90 + "a",
            "*a **b " * 90,
            "".join("  " * depth + "- a\n" for depth in range(60)),
            "|" * 40 + "\n" + "|-" * 39 + "|\n" + "|a" * 39 + "|",
            "| a |\n|---|",
            "999999999. a",
            f"[a](https://x.no/{'y' * 9_000})",
            "```\n" + "x" * 2_000 + "\n```",
            "    \n#\n- \n>\n",
        ],
    )
    def test_makes_a_document(self, text: str) -> None:
        assert read(pdf.to_pdf(text, text[:300], "en")).pages

    def test_marks_upon_marks_are_cut(self) -> None:
        assert read(pdf.to_pdf("a" + "\u0301" * 100_000, "", "nb")).pages

    def test_a_word_without_end_stays_on_the_page(self) -> None:
        assert len(read(pdf.to_pdf("x" * 50_000, "", "nb")).pages) > 5

    def test_more_pieces_than_a_book_are_set_as_written(self) -> None:
        text = text_of(pdf.to_pdf("*a* b\n" * 40_000, "", "nb"))

        assert "*a* b" in text

    @settings(max_examples=60, deadline=None)
    @given(st.text(alphabet=st.one_of(st.sampled_from('[]()!*_`~<>#|-\n\t: &1.\\"$@='), st.characters()), max_size=200))
    def test_any_text_makes_a_document(self, text: str) -> None:
        assert pdf.to_pdf(text, text, "nb").startswith(b"%PDF-")

    @pytest.mark.slow
    @pytest.mark.parametrize("unit", ["Vi gikk en tur i skogen. ", "Et avsnitt til.\n\n", "| a | b |\n", "x", "- a\n"])
    @pytest.mark.timeout(100)
    def test_900_kib_are_set(self, unit: str) -> None:
        assert pdf.to_pdf(unit * (900 * 1024 // len(unit)), "", "nb").startswith(b"%PDF-")
