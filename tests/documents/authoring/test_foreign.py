"""Reading Markdown, HTML and Word documents."""

import contextlib
import io
import struct
import zipfile

import docx
import pytest
from docx.oxml import OxmlElement
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.authoring import foreign
from documents.authoring.unreadable import UnreadableImport


def a_docx(title: str = "", *paragraphs: str) -> bytes:
    document = docx.Document()
    document.core_properties.title = title
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    return saved(document)


def saved(document: object) -> bytes:
    target = io.BytesIO()
    document.save(target)  # pyright: ignore[reportAttributeAccessIssue]
    return target.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The package with one part replaced or added."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in source.infolist():
            if part.filename != name:
                copy.writestr(part.filename, source.read(part))
        copy.writestr(name, content)
    return target.getvalue()


def refusal(data: bytes) -> str:
    with pytest.raises(UnreadableImport) as refused:
        foreign.from_docx(data)
    assert refused.value.detail
    return refused.value.code


class TestMarkdown:
    def test_front_matter_names_the_title_and_leaves(self) -> None:
        read = foreign.from_markdown(b'---\ntitle: "Tur: til skogen"\ntags: [a]\n---\n# Annet\n\nHei\n')

        assert read == foreign.Imported("Tur: til skogen", "# Annet\n\nHei\n")

    @pytest.mark.parametrize(
        ("text", "title", "body"),
        [
            ("# Tur\n\nHei", "Tur", "Hei\n"),
            ("Tur\n===\nHei", "Tur", "Hei\n"),
            ("# Tur ##\nHei", "Tur", "Hei\n"),
            ("# *Tur* [hit](https://x.no)\nHei", "Tur hit", "# *Tur* [hit](https://x.no)\nHei\n"),
            ("## Tur\nHei", "Tur", "## Tur\nHei\n"),
            ("Hei\n\n# Tur", "Tur", "Hei\n\n# Tur\n"),
            ("```\n# kode\n```\n\n## Tur", "Tur", "```\n# kode\n```\n\n## Tur\n"),
            ("````\n```\n# kode\n```\n````\n# Tur", "Tur", "````\n```\n# kode\n```\n````\n# Tur\n"),
            ("~~~\n```\n~~~\n# Tur", "Tur", "~~~\n```\n~~~\n# Tur\n"),
            ("```\n# kode uten ende", "", "```\n# kode uten ende\n"),
            ("Hei", "", "Hei\n"),
            ("---\n\nHei", "", "---\n\nHei\n"),
            ("", "", ""),
        ],
    )
    def test_a_heading_is_the_title(self, text: str, title: str, body: str) -> None:
        assert foreign.from_markdown(text.encode()) == foreign.Imported(title, body)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_reads_what_editors_save(self, encoding: str) -> None:
        assert foreign.from_markdown("Blåbær æøå 😀".encode(encoding)).body == "Blåbær æøå 😀\n"

    @pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-8"])
    def test_reads_what_its_sender_says(self, charset: str) -> None:
        assert foreign.from_markdown("Blåbær".encode(charset), charset).body == "Blåbær\n"

    @pytest.mark.parametrize("data", ["Blåbær".encode("latin-1"), b"\xff\xfea", b"\x89PNG\r\n\x1a\n\x00"])
    def test_refuses_other_bytes(self, data: bytes) -> None:
        with pytest.raises(UnreadableImport) as refused:
            foreign.from_markdown(data)
        assert refused.value.code == "unreadable_text"

    def test_removes_control_characters_and_unites_line_ends(self) -> None:
        assert foreign.from_markdown(b"a\x00b\x1b\r\nc\rd\te").body == "ab\nc\nd\te\n"

    def test_a_title_is_never_too_long(self) -> None:
        read = foreign.from_markdown(b"# " + b"x" * 1_000)

        assert (len(read.title), len(read.body)) == (300, 1_003)

    @given(st.text())
    def test_any_text_comes_in(self, text: str) -> None:
        try:
            data = text.encode()
        except UnicodeEncodeError:
            return
        read = foreign.from_markdown(data)

        assert len(read.title) <= 300
        assert not set(read.body) & set(map(chr, {*range(32)} - {9, 10}))

    @pytest.mark.parametrize("unit", ["# ", "```\n", "a\n=\n", "   ", "---\n", "#", "# a  ", "`", "~", "= "])
    @pytest.mark.timeout(20)  # where time grew with the square of the text, it would be hours
    def test_hostile_text_ends(self, unit: str) -> None:
        assert len(foreign.from_markdown((unit * 200_000).encode()).title) <= 300


class TestHtml:
    def test_becomes_markdown(self) -> None:
        page = """<!doctype html><html><head><title>Blåb&aelig;rtur – skolen</title><style>p {}</style></head><body>
        <h1>Tur</h1><p>Vi <b>gikk</b>\n<a href="https://x.no/a (b)">hit</a>.</p>
        <ul><li>en<ul><li>to</li></ul></li></ul>
        <ol start="3"><li>tre</li><li>fire</li></ol><blockquote><p>sitat</p></blockquote><pre>a\n  b</pre>
        <table><tr><th>a</th></tr><tr><td>b</td></tr></table><div>rute</div><div>to</div></body></html>"""

        assert foreign.from_html(page.encode()) == foreign.Imported(
            "Blåbærtur – skolen",
            "# Tur\n\nVi **gikk** [hit](https://x.no/a%20%28b%29).\n\n- en\n  - to\n\n3. tre\n4. fire\n\n> sitat\n\n"
            "```\na\n  b\n```\n\n| a |\n| --- |\n| b |\n\nrute\n\nto\n",
        )

    def test_leaves_behind_what_could_run(self) -> None:
        page = b"<p onclick=x>a<script>b</script><iframe>c</iframe></p><a href='javascript:x'>d</a><svg>e</svg>"

        assert foreign.from_html(page).body == "a\n\nd\n"

    def test_text_that_looks_like_markdown_stays_text(self) -> None:
        assert foreign.from_html(b"<p>*a* _b_ &lt;c&gt; # d [e](f)</p>").body == (
            "\\*a\\* \\_b\\_ \\<c\\> \\# d \\[e\\](f)\n"
        )

    def test_embedded_pictures_leave_their_alternative_text(self) -> None:
        page = (
            b'<p>a <img alt="En [elg]" src="data:image/png;base64,AAAA"> <img src="cid:1"> <img alt=b src=/x.png></p>'
        )

        assert foreign.from_html(page).body == "a En \\[elg\\]  b\n"

    def test_remote_pictures_stay_references(self) -> None:
        assert foreign.from_html(b'<img alt="Elg" src="https://x.no/e.png">').body == "![Elg](https://x.no/e.png)\n"

    def test_the_title_falls_back_to_a_heading(self) -> None:
        assert foreign.from_html(b"<h1>Tur</h1><p>Hei</p>") == foreign.Imported("Tur", "Hei\n")
        assert foreign.from_html(b"<p>Hei</p>").title == ""

    @pytest.mark.parametrize(
        ("data", "charset"),
        [
            ("<p>Blåbær</p>".encode("cp1252"), "ISO-8859-1"),
            ("<meta charset=windows-1252><p>Blåbær</p>".encode("cp1252"), None),
            ("<p>Blåbær</p>".encode(), "utf-8"),
            ("<p>Blåbær</p>".encode("utf-8-sig"), "iso-8859-1"),
            ("<p>Blåbær</p>".encode("utf-16"), None),
        ],
    )
    def test_reads_the_encodings_of_the_web(self, data: bytes, charset: str | None) -> None:
        assert foreign.from_html(data, charset).body == "Blåbær\n"

    @pytest.mark.parametrize("charset", ["unicode_escape", "idna", "zip", "rot13", "x", "iso-8859-99"])
    def test_refuses_codecs_that_are_no_encodings(self, charset: str) -> None:
        with pytest.raises(UnreadableImport):
            foreign.from_html(b"<p>a</p>", charset)

    @pytest.mark.parametrize("tag", ["div", "blockquote", "b", "ul><li", "table><tr><td", "a-b"])
    def test_refuses_an_abyss_and_flattens_a_pit(self, tag: str) -> None:
        with pytest.raises(UnreadableImport) as refused:
            foreign.from_html(f"<{tag}>".encode() * 10_000 + b"x")
        assert refused.value.code == "too_deep"
        assert "x" in foreign.from_html(f"<{tag}>".encode() * 300 + b"x").body

    def test_unclosed_paragraphs_are_no_abyss(self) -> None:
        assert foreign.from_html(b"<p>a<br>" * 3_000).body.count("a") == 3_000

    @pytest.mark.parametrize("unit", ["<p>a", " ", "\n", "<", "&amp;", "<br>", "<ol><li>a</ol>", "<b> </b>", "<!--"])
    @pytest.mark.timeout(20)  # where time grew with the square of the page, it would be minutes
    def test_hostile_pages_end(self, unit: str) -> None:
        assert "x" in foreign.from_html(b"<pre>x</pre>" + (unit * 9_000).encode() + b"x").body

    def test_refuses_a_page_of_nothing_but_tags(self) -> None:
        with pytest.raises(UnreadableImport) as refused:
            foreign.from_html(b"<b> </b>" * 30_000)
        assert refused.value.code == "too_many_elements"

    @pytest.mark.parametrize(
        "page",
        [
            "&" * 300_000,
            "&amp;" * 20_000 + "x" * 2_000_000,
            "&</b>" * 38_000 + "x" * 1_000_000,
            "\u00a0" * 300_000,
            ">" * 6_000_000,
        ],
        ids=lambda page: page[:12],
    )
    @pytest.mark.timeout(20)
    def test_refuses_a_page_of_nothing_but_references(self, page: str) -> None:
        with pytest.raises(UnreadableImport) as refused:
            foreign.from_html(page.encode())
        assert refused.value.code == "too_many_references"

    @pytest.mark.timeout(20)
    @pytest.mark.parametrize("sign", ["+", "[", "|"])
    def test_refuses_more_text_than_a_document_holds(self, sign: str) -> None:
        with pytest.raises(UnreadableImport) as refused:
            foreign.from_html(sign.encode() * 6_000_000)
        assert refused.value.code == "too_long"

    def test_takes_a_book_that_spells_its_letters_as_references(self) -> None:
        assert foreign.from_html(b"<p>bl&aring;b&aelig;r &amp; s&oslash;t</p>" * 9_000).title == ""

    def test_long_lists_take_no_longer_for_each_item(self) -> None:
        body = foreign.from_html(b"<ol>" + b"<li>a</li>" * 10_000 + b"</ol>").body

        assert body.endswith("\n10000. a\n")

    @settings(deadline=None)
    @given(st.text(alphabet=st.one_of(st.sampled_from("<>/\"'=& \nabipol"), st.characters(exclude_categories=["Cs"]))))
    def test_any_page_comes_in(self, page: str) -> None:
        foreign.from_html(page.encode())


class TestDocx:
    def test_becomes_markdown(self) -> None:
        document = docx.Document()
        document.core_properties.title = "Blåbærtur"
        document.add_heading("Blåbærtur", level=1)
        paragraph = document.add_paragraph("Vi ")
        paragraph.add_run("gikk").bold = True
        document.add_paragraph("en", style="List Bullet")
        document.add_table(1, 2).cell(0, 0).text = "celle"

        read = foreign.from_docx(saved(document))

        assert read.title == "Blåbærtur"
        assert read.body.startswith("Vi **gikk**\n\n- en\n")
        assert "celle" in read.body

    def test_the_title_falls_back_to_a_heading(self) -> None:
        document = docx.Document()
        document.add_heading("Tur", level=1)

        assert foreign.from_docx(saved(document)).title == "Tur"

    def test_pictures_leave_their_alternative_text(self) -> None:
        png = bytes.fromhex(
            "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
            "0500017a5eab3f0000000049454e44ae426082"
        )
        document = docx.Document()
        document.add_paragraph("a")
        document.add_picture(io.BytesIO(png))
        document.inline_shapes[0]._inline.docPr.set("descr", "En elg")

        assert foreign.from_docx(saved(document)).body == "a\n\nEn elg\n"

    def test_may_be_empty(self) -> None:
        assert foreign.from_docx(a_docx()) == foreign.Imported("", "")

    @pytest.mark.parametrize("data", [b"", b"Hei", b"PK\x03\x04", b"%PDF-1.7"])
    def test_refuses_what_is_no_package(self, data: bytes) -> None:
        assert refusal(data) == "damaged_docx"

    @pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
    def test_refuses_half_of_one(self, kept: float) -> None:
        whole = a_docx("Tur", "Hei")

        assert refusal(whole[: int(len(whole) * kept)]) == "damaged_docx"

    def test_refuses_a_package_that_is_no_word_document(self) -> None:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as package:
            package.writestr("a.txt", "a")

        assert refusal(target.getvalue()) == "damaged_docx"

    def test_refuses_bad_xml(self) -> None:
        assert refusal(with_part(a_docx(), "word/document.xml", b"<a>")) == "damaged_docx"

    def test_refuses_a_password(self) -> None:
        assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)) == "encrypted_docx"
        data = bytearray(a_docx("Tur", "Hei"))
        place = data.index(b"PK\x01\x02")
        struct.pack_into("<H", data, place + 8, 1)
        assert refusal(bytes(data)) == "encrypted_docx"

    @pytest.mark.timeout(20)
    def test_refuses_a_bomb_before_it_goes_off(self) -> None:
        assert refusal(with_part(a_docx(), "word/media/a.bin", bytes(5_000_000))) == "oversized_docx"
        assert refusal(with_part(a_docx(), "word/document.xml", b"<a>" + b" " * 70_000_000)) == "oversized_docx"

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp037"])
    @pytest.mark.parametrize("entity", ['SYSTEM "file:///etc/passwd"', '"aaaa"'])
    def test_refuses_entities_in_any_encoding(self, encoding: str, entity: str) -> None:
        declaration = f'<?xml version="1.0" encoding="{encoding}"?>'
        rest = f"<!DOCTYPE a [<!ENTITY x {entity}>]><a>&x;</a>"
        part = (declaration + rest).encode(encoding)
        part = declaration.encode() + rest.encode(encoding) if encoding == "cp037" else part

        assert refusal(with_part(a_docx(), "word/document.xml", part)) in {"unsafe_docx", "damaged_docx"}
        if encoding != "cp037":
            assert refusal(with_part(a_docx(), "word/document.xml", part)) == "unsafe_docx"

    def test_refuses_an_abyss(self) -> None:
        assert refusal(with_part(a_docx(), "word/document.xml", b"<a>" * 10_000 + b"</a>" * 10_000)) == "unsafe_docx"

    def test_bears_tables_in_tables(self) -> None:
        document = docx.Document()
        cell = document.add_table(1, 1).cell(0, 0)
        for _ in range(15):
            cell = cell.add_table(1, 1).cell(0, 0)
        cell.text = "innerst"

        assert "innerst" in foreign.from_docx(saved(document)).body

    def test_opens_nothing_outside_the_file(self) -> None:
        document = docx.Document()
        document.add_paragraph("a").add_run()._r.append(OxmlElement("w:object"))
        linked = document.part.relate_to(
            "file:///etc/passwd",
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image",
            is_external=True,
        )
        blip = (
            '<w:p xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
            ' xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
            ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
            ' xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
            ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:r><w:drawing><wp:inline>'
            '<wp:docPr id="1" name="x" descr="Elg"/><a:graphic><a:graphicData><pic:pic><pic:blipFill>'
            f'<a:blip r:link="{linked}"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>'
            "</w:r></w:p>"
        )
        data = saved(document)
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            main = package.read("word/document.xml").decode().replace("<w:sectPr", blip + "<w:sectPr", 1)

        assert foreign.from_docx(with_part(data, "word/document.xml", main.encode())).body == "a\n\nElg\n"

    @settings(deadline=None)
    @given(st.binary(max_size=200), st.integers(min_value=0))
    def test_any_damage_is_read_or_refused(self, noise: bytes, place: int) -> None:
        whole = a_docx("Tur", "Hei")
        start = place % len(whole)
        with contextlib.suppress(UnreadableImport):
            foreign.from_docx(whole[:start] + noise + whole[start + len(noise) :])
