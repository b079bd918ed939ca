"""Names in mails: as people write them, and of no use to whoever would write something else."""

import pytest

from accounts.outreach.harmless import LONGEST, harmless


class TestNames:
    @pytest.mark.parametrize(
        "name",
        ["Kari Nordmann", "Åse-Berit Ødegård", "O'Neill", "李小龍", "נועם", "محمد علی", "Dr. Hansen jr.", "👩‍🔬 Kari"],
    )
    def test_stay_as_they_are(self, name: str) -> None:
        assert harmless(name) == name

    @pytest.mark.parametrize(
        ("name", "shown"),
        [
            ("https://evil.example/login", "https evil. example login"),
            ("www.evil.example", "www. evil. example"),
            ("kari@evil.example", "kari evil. example"),
            ("evil。example", "evil. example"),
            ("J.R.R. Tolkien", "J. R. R. Tolkien"),
            ("Kari\r\nBcc: all@example.com", "Kari Bcc all example. com"),
            ("Kari\u202egnp.exe", "Kari gnp. exe"),
            ("  Kari \t\u2028 Nordmann\u200b ", "Kari Nordmann"),
            ("", ""),
        ],
    )
    def test_lose_what_makes_links_headers_and_other_directions(self, name: str, shown: str) -> None:
        assert harmless(name) == shown

    def test_are_no_message_of_their_own(self) -> None:
        shown = harmless("Ring oss " * 20)
        assert len(shown) <= LONGEST and shown.endswith("…")
