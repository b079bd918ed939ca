"""Bringing documents along: Markdown, HTML and Word files become documents of one's own."""

import io
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import docx
import pytest

from documents.records import documents
from tests.support.api import Answer, Api, Person

MARKDOWN, HTML = "text/markdown", "text/html"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class TestImport:
    async def test_is_refused_without_a_sign_in(self, api: Api) -> None:
        response = await api.http.post("/v1/documents/import", content=b"# Tur", headers={"Content-Type": MARKDOWN})
        assert Answer(response).problem == (401, "unauthenticated")
        assert await api.db.query(documents.under()) == []

    async def test_of_markdown_takes_its_heading_for_the_title(self, api: Api) -> None:
        kari = await api.person("Kari")

        made = await _imports(kari, "# Blåbærtur\n\nVi fant *mange* bær, og det var fint.\n".encode(), MARKDOWN)

        assert (made.status, made.response.headers["location"]) == (201, f"/v1/documents/{made['id']}")
        assert (made["title"], made["body"]) == ("Blåbærtur", "Vi fant *mange* bær, og det var fint.\n")
        assert (made["language"], made["ownerId"], made["revision"], made["tags"]) == ("nb", kari.uid, 1, [])
        assert await kari.listed(q="blåbærtur") == [made["id"]]
        assert (await kari.get(f"/v1/documents/{made['id']}")).json == made.json

    async def test_of_html_leaves_scripts_behind(self, api: Api) -> None:
        kari = await api.person("Kari")
        page = "<title>Turen &amp; været</title><h2>Dag 1</h2><p>Vi <b>gikk</b>.<script>alert(1)</script></p>"
        made = await _imports(kari, page.encode("latin-1"), "text/html; charset=ISO-8859-1")
        assert made["title"] == "Turen & været"
        assert "## Dag 1" in made["body"] and "**gikk**" in made["body"]
        assert "alert" not in made["body"] and "<" not in made["body"]

    async def test_of_a_word_document_keeps_its_structure(self, api: Api) -> None:
        kari = await api.person("Kari")
        made = await _imports(kari, _a_docx(), DOCX)
        assert (made.status, made["title"]) == (201, "Årsrapport")
        assert "## Sammendrag" in made["body"] and "**viktig**" in made["body"]
        assert "blåbær" in made["body"]

    @pytest.mark.parametrize(
        ("kind", "encoding"),
        [
            ("text/markdown; charset=iso-8859-1", "latin-1"),
            ('text/markdown;Charset="Windows-1252"; variant=GFM', "cp1252"),
            ("text/html; charset=utf-8; profile=x", "utf-8"),
            ("text/html; Charset=ISO-8859-1", "latin-1"),
        ],
    )
    async def test_reads_the_encoding_that_the_type_names(self, api: Api, kind: str, encoding: str) -> None:
        kari = await api.person("Kari")
        made = await _imports(kari, "Blåbær".encode(encoding), kind)
        assert (made.status, made["body"]) == (201, "Blåbær\n")

    async def test_takes_title_and_language_as_told(self, api: Api) -> None:
        kari = await api.person("Kari")
        english = b"# The trip\n\nWe found what was there, and then it rained.\n"
        guessed = await _imports(kari, english, MARKDOWN)
        told = await _imports(kari, english, MARKDOWN, title="Min tur", language="nb")
        nameless = await _imports(kari, english, MARKDOWN, title="")
        assert [(made["title"], made["language"]) for made in (guessed, told, nameless)] == [
            ("The trip", "en"),
            ("Min tur", "nb"),
            ("", "en"),
        ]

        for wrong, pointer in (
            ({"title": "x" * 301}, "/query/title"),
            ({"title": "a\nb"}, "/query/title"),
            ({"language": "nn"}, "/query/language"),
        ):
            answer = await _imports(kari, english, MARKDOWN, **wrong)
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), [pointer])

    @pytest.mark.parametrize(
        ("kind", "file", "code"),
        [
            (DOCX, b"PK\x03\x04 avkuttet", "damaged_docx"),
            (DOCX, b"", "damaged_docx"),
            (DOCX, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted_docx"),
            (MARKDOWN, b"bl\xe5b\xe6r", "unreadable_text"),
            ("text/markdown; charset=utf-7", b"x", "unknown_charset"),
            ("text/html; charset=unicode_escape", b"<p>x", "unknown_charset"),
        ],
    )
    async def test_of_a_damaged_file_says_what_is_wrong(self, api: Api, kind: str, file: bytes, code: str) -> None:
        kari = await api.person("Kari")
        answer = await _imports(kari, file, kind)
        assert answer.problem == (422, "validation_failed")
        assert [fault["code"] for fault in answer.json["errors"]] == [code]
        assert await api.db.query(documents.under()) == []

    async def test_of_another_type_is_refused(self, api: Api) -> None:
        kari = await api.person("Kari")
        for kind in ("application/json", "text/plain", "application/msword", "multipart/form-data; boundary=x", ""):
            answer = await _imports(kari, b"x", kind)
            assert answer.problem == (415, "unsupported_media_type"), kind
        assert (await _imports(kari, b"# Tur", "TEXT/Markdown; charset=utf-8")).status == 201

    async def test_has_the_limits_of_a_request_and_of_a_document(self, api: Api) -> None:
        kari = await api.person("Kari")
        request = await _imports(kari, b"x" * (6 * 1024 * 1024 + 1), MARKDOWN)
        assert request.problem == (413, "too_large")
        body = await _imports(kari, b"x" * (900 * 1024 + 1), MARKDOWN)
        assert (body.problem, body.pointers) == ((413, "too_large"), ["/body"])

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(7):
                yield b"x" * 1024 * 1024

        headers = {**kari.headers, "Content-Type": MARKDOWN}
        chunked = await kari.http.post("/v1/documents/import", content=chunks(), headers=headers)
        assert chunked.status_code == 413

    async def test_loses_what_no_document_may_hold(self, api: Api) -> None:
        kari = await api.person("Kari")
        made = await _imports(kari, b"# Tu\x00r\r\n\r\nlinje\x07 \x1b[31mto\r\n", MARKDOWN)
        assert (made["title"], made["body"]) == ("Tur", "linje [31mto\n")

    async def test_is_made_once_for_a_key(self, api: Api) -> None:
        kari = await api.person("Kari")
        first = await _imports(kari, b"# Tur", MARKDOWN, key="inn-1")
        again = await _imports(kari, b"# Tur", MARKDOWN, key="inn-1")
        assert (again["id"], again.response.headers["idempotent-replayed"]) == (first["id"], "true")
        for other in (
            await _imports(kari, b"# Tur 2", MARKDOWN, key="inn-1"),
            await _imports(kari, b"# Tur", MARKDOWN, key="inn-1", title="Annet"),
            await _imports(kari, b"# Tur", HTML, key="inn-1"),
        ):
            assert other.problem == (422, "idempotency_key_reused")
        assert await kari.listed() == [first["id"]]

    async def test_knows_a_repetition_by_its_type_in_any_spelling(self, api: Api) -> None:
        kari = await api.person("Kari")
        first = await _imports(kari, b"# Tur", "text/markdown; charset=utf-8", key="inn-1")
        again = await _imports(kari, b"# Tur", 'Text/Markdown;charset="UTF-8"', key="inn-1")
        assert (again.status, again["id"]) == (201, first["id"])
        other = await _imports(kari, b"# Tur", "text/markdown; charset=iso-8859-1", key="inn-1")
        assert other.problem == (422, "idempotency_key_reused")


async def _imports(person: Person, file: bytes, kind: str, key: str | None = None, **parameters: str) -> Answer:
    headers = {
        **person.headers,
        **({"Content-Type": kind} if kind else {}),
        **({"Idempotency-Key": key} if key else {}),
    }
    path = f"/v1/documents/import?{urlencode(parameters)}"
    return Answer(await person.http.post(path, content=file, headers=headers))


def _a_docx() -> bytes:
    written = docx.Document()
    written.core_properties.title = "Årsrapport"
    written.add_heading("Sammendrag", level=2)
    written.add_paragraph("Dette er ").add_run("viktig").bold = True
    table = written.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "blåbær", "40"
    target = io.BytesIO()
    written.save(target)
    return target.getvalue()
