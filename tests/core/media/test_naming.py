"""Names of downloads."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media.naming import disposition


class TestDisposition:
    def test_has_a_name_for_old_clients_and_the_real_one(self) -> None:
        assert disposition("Blåbærtur", "jpg", inline=False) == (
            "attachment; filename=\"Bl_b_rtur.jpg\"; filename*=UTF-8''Bl%C3%A5b%C3%A6rtur.jpg"
        )

    def test_may_be_inline(self) -> None:
        assert disposition("Tur", "pdf", inline=True).startswith("inline; ")

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("Tur.jpg", "Tur.jpg"),
            ("Tur.JPG", "Tur.jpg"),
            ("Tur.exe", "Tur.exe.jpg"),
            ("../../etc/passwd", "etcpasswd.jpg"),
            ('a"; filename="b.exe', "a; filename=b.exe.jpg"),
            ("a\r\nSet-Cookie: x", "aSet-Cookie x.jpg"),
            ("gpj.\u202eexe", "gpj.exe.jpg"),
            (" . ", "dokker.jpg"),
            ("", "dokker.jpg"),
            ("x" * 300, "x" * 100 + ".jpg"),
        ],
    )
    def test_is_safe_whatever_the_file_was_called(self, name: str, shown: str) -> None:
        assert unquote(disposition(name, "jpg", inline=False).rpartition("''")[2]) == shown

    @given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
    def test_is_one_line_of_ascii(self, name: str) -> None:
        header = disposition(name, "pdf", inline=False)

        assert header.isascii()
        assert header.isprintable()
        assert header.count('"') == 2
