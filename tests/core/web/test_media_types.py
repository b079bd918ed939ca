"""Content-Type in all the spellings that RFC 9110 allows."""

import pytest

from core.web import media_types


@pytest.mark.parametrize(
    ("header", "kind", "charset"),
    [
        ("text/html", "text/html", None),
        ("TEXT/Html ; Charset=ISO-8859-1", "text/html", "iso-8859-1"),
        ("text/html; charset=utf-8; profile=x", "text/html", "utf-8"),
        ('text/html;profile="a;charset=x";charset="UTF-8"', "text/html", "utf-8"),
        ("text/html; xcharset=x", "text/html", None),
        ("text/html; charset=", "text/html", None),
        ("text/html; charset=\xe5", "text/html", None),
        ("html", "html", None),
        ("", "", None),
    ],
)
def test_names_a_type_and_a_charset(header: str, kind: str, charset: str | None) -> None:
    assert media_types.parse(header) == (kind, charset)
