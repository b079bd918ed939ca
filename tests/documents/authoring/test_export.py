"""Exports: a document as Markdown, as a safe HTML page, as a PDF, whichever the client prefers."""

import io
from urllib.parse import unquote

import pytest
from pypdf import PdfReader

from tests.support.api import Answer, Api

BODY = """# Turen

Vi fant *mange* bær på Ødegården.

<script>alert(1)</script> <img src=x onerror=alert(2)>

[klikk](javascript:alert(3)) [dokker](https://dokker.example)

| bær | antall |
| --- | --- |
| blåbær | 40 |
"""


class TestExport:
    @pytest.mark.promise("P43")
    async def test_of_anothers_document_reads_as_missing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Hemmelig", "Bare mitt")
        for kind in ("text/markdown", "text/html", "application/pdf", "image/png"):
            answer = await ola.get(f"{document.path}/export", accept=kind)
            assert answer.problem in {(404, "not_found"), (406, "not_acceptable")}
            assert "Bare mitt" not in answer.response.text
        assert (await api.get(f"{document.path}/export")).problem == (401, "unauthenticated")

    async def test_is_the_text_itself_as_markdown(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Blåbærtur", BODY)
        export = await kari.get(f"{document.path}/export", accept="text/markdown")
        assert export.response.content == BODY.encode()
        assert export.response.headers["content-type"] == "text/markdown; charset=utf-8"

    @pytest.mark.promise("P43")
    async def test_as_html_runs_nothing_that_somebody_wrote(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur <b>&</b>", BODY, language="nb")

        export = await kari.get(f"{document.path}/export", accept="text/html")

        page = export.response.text
        assert export.response.headers["content-type"] == "text/html; charset=utf-8"
        assert "<em>mange</em> bær på Ødegården" in page
        assert '<html lang="nb">' in page
        assert "<title>Tur &lt;b&gt;&amp;&lt;/b&gt;</title>" in page
        assert "blåbær</td>" in page
        assert 'href="https://dokker.example"' in page
        for harmful in ("<script", "<img", 'href="javascript', "href=javascript"):
            assert harmful not in page.lower(), harmful
        assert "default-src 'none'" in export.response.headers["content-security-policy"]
        assert export.response.headers["x-content-type-options"] == "nosniff"
        assert export.response.headers["content-disposition"].startswith("attachment;")

    async def test_is_a_pdf_that_can_be_read(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Blåbærtur", BODY)
        export = await kari.get(f"{document.path}/export", accept="application/pdf")
        assert export.response.headers["content-type"] == "application/pdf"
        pdf = PdfReader(io.BytesIO(export.response.content))
        text = pdf.pages[0].extract_text()
        assert "Blåbærtur" in text and "Ødegården" in text and "blåbær" in text
        assert pdf.metadata and pdf.metadata.title == "Blåbærtur"


class TestChoice:
    @pytest.mark.parametrize(
        ("accept", "kind"),
        [
            (None, "text/markdown"),
            ("*/*", "text/markdown"),
            ("text/*", "text/markdown"),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
            ("application/pdf;q=0.9, text/html;q=0.5", "application/pdf"),
            ("text/markdown;q=0, */*;q=0.1", "text/html"),
            ("text/*;q=0.2, application/*;q=0.3", "application/pdf"),
            ("TEXT/HTML", "text/html"),
            ("text/html;charset=utf-8", "text/html"),
        ],
    )
    async def test_goes_by_what_is_preferred(self, api: Api, accept: str | None, kind: str) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "Kort")
        headers = kari.headers if accept is None else {**kari.headers, "Accept": accept}
        response = await kari.http.get(f"{document.path}/export", headers=headers)
        assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, kind)

    async def test_of_what_cannot_be_made_is_refused(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "Kort")
        for accept in (
            "application/json",
            "image/*",
            "text/markdown;q=0, text/html;q=0, application/pdf;q=0",
            "*/*;q=0",
            "?",
        ):
            assert (await kari.get(f"{document.path}/export", accept=accept)).problem == (406, "not_acceptable"), accept


class TestName:
    """RFC 6266: plain ASCII for old clients, and the real name for all others."""

    @pytest.mark.parametrize(
        ("title", "plain", "real"),
        [
            ("Blåbærtur på Ås", "Bl_b_rtur p_ _s.md", "Blåbærtur på Ås.md"),
            ("", "dokker.md", "dokker.md"),
            (" . ", "dokker.md", "dokker.md"),
            ('../../etc/"passwd"; x=y', "etcpasswd; x=y.md", "etcpasswd; x=y.md"),
            ("a\u202egnp.exe", "agnp.exe.md", "agnp.exe.md"),
            ("日本 🫐", "__ _.md", "日本 🫐.md"),
            ("100% sikkert", "100% sikkert.md", "100% sikkert.md"),
            ("ø" * 300, "_" * 100 + ".md", "ø" * 100 + ".md"),
        ],
    )
    async def test_is_the_title_without_what_harms(self, api: Api, title: str, plain: str, real: str) -> None:
        kari = await api.person("Kari")
        document = await kari.writes(title, "Kort")
        assert _names(await kari.get(f"{document.path}/export")) == (plain, real)

    async def test_ends_as_the_format_does(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur", "Kort")
        for kind, name in {"text/html": "Tur.html", "application/pdf": "Tur.pdf"}.items():
            assert _names(await kari.get(f"{document.path}/export", accept=kind)) == (name, name)


def _names(export: Answer) -> tuple[str, str]:
    given = export.response.headers["content-disposition"]
    kind, plain, real = given.split("; filename", 2)
    assert kind == "attachment"
    assert given.isascii()
    return plain.removeprefix('="').removesuffix('"'), unquote(real.removeprefix("*=UTF-8''"))
