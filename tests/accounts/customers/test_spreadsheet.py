"""Lists of people as spreadsheets write them: encodings, separators, headings, formulas."""

from __future__ import annotations

import codecs

import pytest

from accounts.customers import spreadsheet
from accounts.customers.spreadsheet import Line
from accounts.memberships import CustomerRole
from core.failures import Invalid, TooLarge

TEXT = "E-post;Rolle;Grupper\r\nola@blåbær.example;helper;a1\r\n"
OLA = Line(2, "ola@xn--blbr-roah.example", CustomerRole.HELPER, ("a1",))


class TestEncodings:
    @pytest.mark.parametrize(
        "content",
        [
            TEXT.encode(),
            codecs.BOM_UTF8 + TEXT.encode(),
            TEXT.encode("utf-16"),
            codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
            TEXT.encode("utf-16-le"),
            TEXT.encode("utf-16-be"),
            TEXT.encode("cp1252"),
            TEXT.encode("latin-1"),
        ],
        ids=["utf-8", "utf-8-bom", "utf-16-bom", "utf-16-be-bom", "utf-16-le", "utf-16-be", "cp1252", "latin-1"],
    )
    def test_are_told_by_their_bytes(self, content: bytes) -> None:
        assert spreadsheet.read(content) == [OLA]

    @pytest.mark.parametrize("content", [b"\xff\xfe\x00\xd8", b"\x00\x00\x00\x00", b"\x81\x8d\x8f", b"\xff\xfea"])
    def test_that_are_none_make_lines_without_an_address(self, content: bytes) -> None:
        assert [line.fault for line in spreadsheet.read(content)] == ["not_an_address"]


class TestLines:
    @pytest.mark.parametrize(
        "text",
        [
            "ola@example.com,helper,a1;b2",
            "ola@example.com;helper;a1;b2",
            'ola@example.com;helper;"a1;b2"',
            "ola@example.com\thelper\ta1;b2",
            '"ola@example.com" , "Helper", "a1; b2 ;"',
            "email,role,groups\nola@example.com,HELPER,a1;b2;a1",
            "\r\n\r\n  ola@example.com ,helper, a1;b2 \r\n,,\r\n",
        ],
    )
    def test_hold_address_role_and_groups(self, text: str) -> None:
        (line,) = spreadsheet.read(text.encode())
        assert (line.email, line.role, line.group_ids) == ("ola@example.com", CustomerRole.HELPER, ("a1", "b2"))

    def test_need_only_an_address(self) -> None:
        lines = spreadsheet.read(b"ola@example.com\nsara@example.com;\nkari@example.com;;\n")
        assert [(line.number, line.email, line.role, line.group_ids) for line in lines] == [
            (1, "ola@example.com", CustomerRole.MEMBER, ()),
            (2, "sara@example.com", CustomerRole.MEMBER, ()),
            (3, "kari@example.com", CustomerRole.MEMBER, ()),
        ]

    @pytest.mark.parametrize(
        "cell",
        [
            "=1+1@example.com",
            "+47@example.com",
            "-2@example.com",
            "@sum(a1)@example.com",
            '"=HYPERLINK(""http://onde.example"")"',
            "'=1@example.com\"",
            "ola",
            '"ola@example.com\nBcc: alle@example.com"',
            "ola@example.com\0",
            "Ola Hansen <ola@example.com>",
        ],
    )
    def test_without_an_address_give_nothing_back(self, cell: str) -> None:
        lines = spreadsheet.read(f"{cell};owner;a1\n".encode())
        assert {(line.email, line.fault) for line in lines} == {(None, "not_an_address")}

    def test_with_a_strange_role_say_so(self) -> None:
        (line,) = spreadsheet.read(b"ola@example.com;=cmd|'/c calc'!A0")
        assert (line.email, line.role, line.fault) == ("ola@example.com", CustomerRole.MEMBER, "unknown_role")

    def test_are_a_thousand_at_most_besides_the_heading(self) -> None:
        thousand = "email\n" + "".join(f"elev{n}@example.com\n" for n in range(1_000))
        assert len(spreadsheet.read(thousand.encode())) == 1_000
        with pytest.raises(TooLarge):
            spreadsheet.read((thousand + "en@example.com\n").encode())

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"", "empty"),
            (b"\r\n ; ; \r\n", "empty"),
            (b"email;role\n", "empty"),
            (b'"' + b"x" * 200_000, "unreadable"),
        ],
    )
    def test_that_are_none_are_refused(self, content: bytes, code: str) -> None:
        with pytest.raises(Invalid) as refused:
            spreadsheet.read(content)
        assert [fault.code for fault in refused.value.faults] == [code]
