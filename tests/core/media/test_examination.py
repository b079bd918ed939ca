"""What an uploaded file really is, and whether it may stay."""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import allowed
from core.media.allowed import ALLOWED, MediaType
from core.media.examination import Declared, Examined, examine
from core.media.rejection import Reason, Rejected
from tests.support import samples

_OOXML = "application/vnd.openxmlformats-officedocument."
_MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"

EVERY: dict[MediaType, Callable[[], bytes]] = {
    allowed.JPEG: samples.photo,
    allowed.PNG: samples.png,
    allowed.GIF: samples.animation,
    allowed.WEBP: samples.webp,
    allowed.HEIC: samples.heic,
    allowed.SVG: lambda: samples.SVG,
    allowed.PDF: lambda: samples.PDF,
    allowed.PLAIN: "Blåbær & sånt".encode,
    allowed.MARKDOWN: "# Tur\n\nBlåbær".encode,
    allowed.CSV: lambda: "fag;poeng\nnorsk;5\n".encode("utf-8-sig"),
    allowed.DOCX: samples.word,
    allowed.XLSX: lambda: samples.office(_OOXML + "spreadsheetml.sheet.main+xml"),
    allowed.PPTX: lambda: samples.office(_OOXML + "presentationml.presentation.main+xml"),
    allowed.ODT: lambda: samples.open_document(allowed.ODT.content_type),
    allowed.ODS: lambda: samples.open_document(allowed.ODS.content_type),
    allowed.ODP: lambda: samples.open_document(allowed.ODP.content_type),
    allowed.MP3: lambda: samples.recording("mp3"),
    allowed.M4A: lambda: samples.recording("m4a"),
    allowed.WAV: lambda: samples.recording("wav"),
    allowed.OGG: lambda: samples.recording("ogg"),
    allowed.WEBM_SOUND: lambda: samples.recording("weba"),
    allowed.MP4: lambda: samples.recording("mp4"),
    allowed.MOV: lambda: samples.recording("mov"),
    allowed.WEBM: lambda: samples.recording("webm"),
    allowed.ZIP: lambda: samples.archive({"a.txt": "a", "b/c.txt": "c" * 5_000}),
}
# Content that is rightly both: one container may hold sound with or without a picture, and any words are text.
_WORDS = {allowed.PLAIN, allowed.MARKDOWN, allowed.CSV}
ALIKE = [{allowed.WEBM, allowed.WEBM_SOUND}, {allowed.MP4, allowed.M4A}, _WORDS]


def examined(content: bytes, media_type: MediaType | str) -> Examined:
    name = media_type if isinstance(media_type, str) else media_type.content_type
    return examine(io.BytesIO(content), Declared(name, len(content)))


def refusal(content: bytes, media_type: MediaType | str) -> Reason:
    with pytest.raises(Rejected) as refused:
        examined(content, media_type)
    return refused.value.reason


class TestAllowedTypes:
    def test_are_all_tried_here(self) -> None:
        assert set(EVERY) == set(ALLOWED.values())

    @pytest.mark.parametrize("media_type", EVERY, ids=lambda kind: kind.suffix)
    def test_are_what_they_say(self, media_type: MediaType) -> None:
        content = EVERY[media_type]()

        found = examined(content, media_type)

        assert (found.media_type, found.size) == (media_type, len(content))
        assert found.sha256 == hashlib.sha256(content).hexdigest()

    @pytest.mark.parametrize("declared", EVERY, ids=lambda kind: kind.suffix)
    def test_are_nothing_else(self, declared: MediaType) -> None:
        for media_type, make in EVERY.items():
            if media_type is declared or any({media_type, declared} <= alike for alike in ALIKE):
                continue
            assert refusal(make(), declared) is Reason.WRONG_TYPE, media_type

    @pytest.mark.parametrize("name", ["image/jpg", "IMAGE/JPEG", "image/jpeg; charset=binary", " image/jpeg "])
    def test_are_known_by_other_names_too(self, name: str) -> None:
        assert examined(samples.photo(), name).media_type is allowed.JPEG

    @pytest.mark.parametrize(
        "name", ["", "image/tiff", "text/html", "application/octet-stream", "application/x-msdownload"]
    )
    def test_are_the_only_ones(self, name: str) -> None:
        assert refusal(samples.photo(), name) is Reason.TYPE_NOT_ALLOWED

    def test_tell_what_a_browser_may_show(self) -> None:
        unsafe = {kind for kind, make in EVERY.items() if not examined(make(), kind).safe_inline}

        assert unsafe == {
            *(allowed.SVG, allowed.ZIP, allowed.DOCX, allowed.XLSX, allowed.PPTX),
            *(allowed.ODT, allowed.ODS, allowed.ODP),
        }


class TestDeclared:
    @pytest.mark.parametrize("difference", [-1, 1, 2_000_000])
    def test_size_must_be_right(self, difference: int) -> None:
        content = b"a" * 3_000_000
        with pytest.raises(Rejected) as refused:
            examine(io.BytesIO(content), Declared("text/plain", len(content) + difference))
        assert refused.value.reason is Reason.WRONG_SIZE

    def test_size_of_nothing_is_refused(self) -> None:
        assert refusal(b"", "text/plain") is Reason.EMPTY
        with pytest.raises(Rejected) as refused:
            examine(io.BytesIO(), Declared("text/plain", 5))
        assert refused.value.reason is Reason.EMPTY

    def test_hash_must_be_right(self) -> None:
        right = hashlib.sha256(b"Hei").hexdigest()
        for sha256 in (right, right.upper()):
            assert examine(io.BytesIO(b"Hei"), Declared("text/plain", 3, sha256)).sha256 == right
        with pytest.raises(Rejected) as refused:
            examine(io.BytesIO(b"Hai"), Declared("text/plain", 3, right))
        assert refused.value.reason is Reason.WRONG_HASH

    def test_pictures_have_a_bound(self) -> None:
        with pytest.raises(Rejected) as refused:
            examine(io.BytesIO(b""), Declared("image/png", 41 * 1024 * 1024))
        assert refused.value.reason is Reason.TOO_LARGE


class TestText:
    @pytest.mark.parametrize(
        "content", ["Blåbær".encode("latin-1"), "Blåbær".encode("utf-16"), b"a" * 3_000_000 + b"\xc3"]
    )
    def test_is_utf_8(self, content: bytes) -> None:
        assert refusal(content, "text/plain") is Reason.NOT_UTF8

    def test_may_have_a_letter_across_two_chunks(self) -> None:
        assert examined(b"a" * (1024 * 1024 - 1) + "å".encode(), "text/plain").safe_inline

    @pytest.mark.parametrize("content", [b"a\0b", b"\x01\x02", b"%PDF-1.4\n1 0 obj", b"GIF89a=1;alert(1)"])
    def test_is_no_other_thing_in_disguise(self, content: bytes) -> None:
        assert refusal(content, "text/plain") is Reason.WRONG_TYPE

    @pytest.mark.parametrize(
        "page",
        [
            "<!DOCTYPE html><p>a",
            "  \n<html><body>",
            "\ufeff<script>alert(1)</script>",
            "<!-- a --><!-- b -->\n<SCRIPT src=x>",
            "<iframe src=x>",
            "<svg onload=x>",
        ],
    )
    @pytest.mark.parametrize("media_type", [allowed.PLAIN, allowed.MARKDOWN, allowed.CSV], ids=lambda kind: kind.suffix)
    def test_is_no_page(self, page: str, media_type: MediaType) -> None:
        assert refusal(page.encode(), media_type) is Reason.WRONG_TYPE

    @pytest.mark.parametrize("text", ["<p align=center>Tur</p>\n\n# Tur", "<!-- notat -->\n# Tur", "<https://x.no>"])
    def test_that_begins_with_a_tag_is_a_download(self, text: str) -> None:
        assert not examined(text.encode(), "text/markdown").safe_inline

    @pytest.mark.parametrize(
        "text",
        [
            "BMI er et tall",
            "The wide world",
            "ID3 er en merkelapp",
            "PK er en by",
            "Om <script> i HTML",
            "\x1b[1mfet\x1b[0m",
        ],
    )
    def test_may_begin_with_any_words(self, text: str) -> None:
        assert examined(text.encode(), "text/plain").safe_inline

    @pytest.mark.timeout(20)
    def test_hostile_beginnings_end(self) -> None:
        for unit in (b"<!--", b"<!-- -->", b" ", b"<", b"-->"):
            with contextlib.suppress(Rejected):
                examined(unit * 1_000_000, "text/plain")


class TestDrawing:
    def test_with_a_script_may_stay_but_is_a_download(self) -> None:
        assert not examined(samples.SVG_WITH_SCRIPT, allowed.SVG).safe_inline

    @pytest.mark.timeout(10)
    def test_of_a_billion_laughs_costs_nothing(self) -> None:
        assert refusal(samples.SVG_OF_A_BILLION_LAUGHS, allowed.SVG) is Reason.EXPANDS_TOO_FAR

    def test_opens_nothing_outside(self) -> None:
        outside = (
            b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>'
        )

        assert refusal(outside, allowed.SVG) is Reason.EXPANDS_TOO_FAR

    def test_may_name_its_document_type(self) -> None:
        named = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'

        assert examined(named + samples.SVG.partition(b"?>")[2], allowed.SVG)

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"<html xmlns='http://www.w3.org/1999/xhtml'/>", Reason.WRONG_TYPE),
            (b"<svg/>", Reason.WRONG_TYPE),
            (b"Hei", Reason.WRONG_TYPE),
            (samples.SVG[:-3], Reason.UNREADABLE),
            (samples.SVG + b"<script/>", Reason.UNREADABLE),
            (samples.SVG.replace(b"<circle", b"<g>" * 1_000), Reason.EXPANDS_TOO_FAR),
        ],
    )
    def test_that_is_none_is_refused(self, content: bytes, reason: Reason) -> None:
        assert refusal(content, allowed.SVG) is reason


class TestPdf:
    @pytest.mark.parametrize(
        "word",
        [
            *(
                b"/JavaScript ",
                b"/JS(",
                b"/J#53(",
                b"/#4a#61vaScript<<",
                b"/Launch/",
                b"/EmbeddedFile ",
                b"/RichMedia>>",
            ),
            *(b"/XFA[", b"/ObjStm\n", b"/Encrypt ", b"/SubmitForm "),
        ],
    )
    @pytest.mark.parametrize("place", [0, 1024 * 1024 - 5 - len(samples.PDF), 1024 * 1024 - 1 - len(samples.PDF)])
    def test_that_could_do_something_is_a_download(self, word: bytes, place: int) -> None:
        assert not examined(samples.PDF + b"x" * place + word + b"x" * 1_000, allowed.PDF).safe_inline

    @pytest.mark.parametrize("word", [b"/JSON ", b"/XFAnything ", b"JavaScript ", b"/JavaScripts "])
    def test_that_only_sounds_like_it_is_shown(self, word: bytes) -> None:
        assert examined(samples.PDF + word, allowed.PDF).safe_inline

    def test_with_a_script_is_a_download(self) -> None:
        assert not examined(samples.PDF_WITH_SCRIPT, allowed.PDF).safe_inline


class TestOffice:
    def test_with_macros_is_refused(self) -> None:
        word = _OOXML + "wordprocessingml.document.main+xml"
        for content in (samples.office(_MACROS), samples.office(word, **{"word/vbaProject.bin": "x"})):
            assert refusal(content, allowed.DOCX) is Reason.MACROS
        odt = samples.open_document(allowed.ODT.content_type, **{"Basic/script-lc.xml": "<a/>"})
        assert refusal(odt, allowed.ODT) is Reason.MACROS

    def test_with_a_password_is_refused(self) -> None:
        assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), allowed.DOCX) is Reason.ENCRYPTED

    def test_of_another_kind_is_refused(self) -> None:
        for content in (
            samples.office(_OOXML + "presentationml.slideshow.main+xml"),
            samples.office(_OOXML + "wordprocessingml.document.main+xml").replace(
                b"[Content_Types].xml", b"[Content_Typos].xml"
            ),
            samples.open_document("application/epub+zip"),
            samples.archive({"word/document.xml": "<a/>"}),
        ):
            assert refusal(content, allowed.DOCX) is Reason.WRONG_TYPE

    def test_with_entities_in_its_list_of_parts_is_refused(self) -> None:
        content = samples.archive({"[Content_Types].xml": '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'})

        assert refusal(content, allowed.DOCX) is Reason.EXPANDS_TOO_FAR


class TestArchive:
    def test_of_nothing_is_one(self) -> None:
        assert examined(samples.archive({}), allowed.ZIP)

    def test_made_by_a_stream_is_one(self) -> None:
        class Unseekable(io.BytesIO):
            def seekable(self) -> bool:
                return False

            def seek(self, *_: object) -> int:
                raise io.UnsupportedOperation

            def tell(self) -> int:
                raise io.UnsupportedOperation

        out = Unseekable()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
            for number in range(200):
                package.writestr(f"æøå {number}.txt", "a" * number)
        assert examined(out.getvalue(), allowed.ZIP)

    @pytest.mark.timeout(30)
    def test_that_is_a_bomb_is_refused(self) -> None:
        assert refusal(samples.zip_bomb(), allowed.ZIP) is Reason.EXPANDS_TOO_FAR

    def test_whose_entries_overlap_is_refused(self) -> None:
        assert refusal(samples.overlapping_zip(), allowed.ZIP) is Reason.EXPANDS_TOO_FAR

    def test_that_lies_about_its_sizes_is_refused(self) -> None:
        content = bytearray(samples.archive({"a": samples.noise(500_000), "b": "b"}))
        entry = content.index(b"PK\x01\x02")
        for length in (100, 0x7FFF_FFFF):
            struct.pack_into("<L", content, entry + 20, length)
            assert refusal(bytes(content), allowed.ZIP) in {Reason.EXPANDS_TOO_FAR, Reason.UNREADABLE}

    def test_of_too_many_entries_is_refused(self) -> None:
        content = samples.archive({str(number): "" for number in range(10_001)})

        assert refusal(content, allowed.ZIP) is Reason.EXPANDS_TOO_FAR

    def test_with_a_password_is_refused(self) -> None:
        content = bytearray(samples.archive({"a": "a"}))
        struct.pack_into("<H", content, content.index(b"PK\x01\x02") + 8, 1)

        assert refusal(bytes(content), allowed.ZIP) is Reason.ENCRYPTED

    def test_with_something_before_or_after_it_is_refused(self) -> None:
        content = samples.archive({"a": "a"})

        assert refusal(b"PK\x03\x04" + b"MZ" * 50 + content, allowed.ZIP) is Reason.UNREADABLE
        assert refusal(content + b"MZ", allowed.ZIP) is Reason.UNREADABLE
        assert refusal(content[:-5], allowed.ZIP) is Reason.UNREADABLE

    def test_with_two_parts_of_one_name_is_refused(self) -> None:
        content = samples.archive({"aa": "1", "ab": "2"}).replace(b"ab", b"aa")

        assert refusal(content, allowed.ZIP) is Reason.UNREADABLE

    def test_may_hold_archives_and_documents(self) -> None:
        inner = samples.archive({"tur.docx": samples.word(), "a.txt": "a"})

        assert examined(samples.archive({"kari.zip": inner, "ola.zip": inner}), allowed.ZIP)

    def test_that_holds_a_bomb_is_refused(self) -> None:
        for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            content = samples.archive({"a/b.zip": samples.zip_bomb()}, packing)
            assert refusal(content, allowed.ZIP) is Reason.EXPANDS_TOO_FAR

    def test_in_an_archive_in_an_archive_without_end_is_refused(self) -> None:
        content = samples.archive({"a": "a"})
        for _ in range(5):
            content = samples.archive({f"{number}.zip": content for number in range(16)})

        assert refusal(content, allowed.ZIP) is Reason.EXPANDS_TOO_FAR

    def test_may_be_large(self) -> None:
        content = samples.archive(
            {f"{number}.bin": samples.noise(3_000_000) for number in range(5)}, zipfile.ZIP_STORED
        )

        assert examined(content, allowed.ZIP)

    @settings(deadline=None)
    @given(st.binary(max_size=60), st.integers(min_value=0))
    def test_any_damage_is_read_or_refused(self, noise: bytes, place: int) -> None:
        whole = samples.word()
        start = place % len(whole)
        with contextlib.suppress(Rejected):
            examined(whole[:start] + noise + whole[start + len(noise) :], allowed.DOCX)


class Endless(io.RawIOBase):
    """A stream of so many bytes that stands nowhere."""

    def __init__(self, head: bytes, size: int) -> None:
        self._head = head
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        length = min(len(buffer), self._size - self._at, 300_000)
        piece = self._head[self._at : self._at + length] if self._at < len(self._head) else b"a" * length
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


class TestLargeFiles:
    @pytest.mark.slow
    @pytest.mark.parametrize("media_type", [allowed.MP4, allowed.PDF, allowed.PLAIN], ids=lambda kind: kind.suffix)
    def test_of_a_gibibyte_are_examined_in_flat_memory(self, media_type: MediaType) -> None:
        assert peak(media_type, 1024) < 16 * 1024 * 1024

    @pytest.mark.parametrize("media_type", [allowed.MP4, allowed.PDF, allowed.PLAIN], ids=lambda kind: kind.suffix)
    def test_are_examined_in_flat_memory(self, media_type: MediaType) -> None:
        assert peak(media_type, 64) < 16 * 1024 * 1024


def peak(media_type: MediaType, mebibytes: int) -> int:
    """The most bytes that examining a file of so many MiB takes at a time."""
    stream = Endless(EVERY[media_type](), mebibytes * 1024 * 1024)
    tracemalloc.start()
    try:
        declared = Declared(media_type.content_type, mebibytes * 1024 * 1024)
        assert examine(io.BufferedReader(stream), declared).size == mebibytes * 1024 * 1024
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
