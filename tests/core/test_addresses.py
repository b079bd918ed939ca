"""E-mail addresses: what is one, and the one spelling that it has."""

import pytest

from core import addresses


class TestNormalised:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("kari@example.com", "kari@example.com"),
            (" Kari.Nordmann+skole@Example.COM ", "kari.nordmann+skole@example.com"),
            ("ola@blåbær.no", "ola@xn--blbr-roah.no"),
            ("OLA@BLÅBÆR.NO", "ola@xn--blbr-roah.no"),
            ("ola@bla\u030ab\u00e6r.no", "ola@xn--blbr-roah.no"),
            ("o'hara@example.co.uk", "o'hara@example.co.uk"),
        ],
    )
    def test_is_the_same_for_all_spellings(self, given: str, expected: str) -> None:
        assert addresses.normalised(given) == expected

    def test_stays_as_it_is_when_it_is_normal_already(self) -> None:
        once = addresses.normalised("Ola@Blåbær.no")
        assert addresses.normalised(once) == once

    def test_keeps_letters_apart_that_only_look_alike(self) -> None:
        latin, cyrillic = addresses.normalised("kari@apple.com"), addresses.normalised("kari@\u0430pple.com")
        assert latin != cyrillic
        assert cyrillic.isascii()

    @pytest.mark.parametrize(
        "given",
        [
            *("", "@", "kari", "kari@", "@example.com", "kari@@example.com", "kari@localhost", "kari@127.0.0.1"),
            *("kari @example.com", "ka ri@example.com", ".kari@example.com", "kari.@example.com", "k..n@example.com"),
            *(
                "kari@example.com\nBcc: ola@example.com",
                "kari\r\n@example.com",
                "kari@example.com\r",
                "kari@exa\0mple.com",
            ),
            *('"kari"@example.com', "kari@-example.com", "kari@example..com", "kari@example.com.", "kåri@example.com"),
            *(
                "k" * 65 + "@example.com",
                "kari@" + "a" * 64 + ".com",
                "kari@" + "a." * 130 + "com",
                "kari,ola@example.com",
            ),
            *(
                "Kari <kari@example.com>",
                "mailto:kari@example.com ",
                "=cmd|'/c calc'!A1@example.com\t",
                "kari@example_x.com",
            ),
        ],
    )
    def test_takes_nothing_else(self, given: str) -> None:
        with pytest.raises(addresses.NotAnAddress):
            addresses.normalised(given)


class TestHashed:
    def test_is_the_same_for_one_address_and_needs_the_key(self) -> None:
        one = addresses.hashed(b"key", "kari@example.com")
        assert one == addresses.hashed(b"key", "kari@example.com")
        assert one not in (addresses.hashed(b"other", "kari@example.com"), addresses.hashed(b"key", "ola@example.com"))
