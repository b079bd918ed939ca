"""What `make dev` tells a newcomer."""

import io

from rich.console import Console

from infra.local import demo_person
from infra.local.places import ROOT
from infra.local.ports import ADDRESS, DEFAULTS


def _welcome(url: str, token: str | None) -> str:
    said = io.StringIO()
    demo_person.welcome(Console(file=said, width=40), url, token)
    return said.getvalue()


class TestWelcome:
    def test_can_be_pasted_from_the_narrowest_window(self) -> None:
        lines = _welcome("http://127.0.0.1:20001", "e" * 900 + ".x.").splitlines()

        assert f"export TOKEN={'e' * 900}.x." in lines
        assert [line for line in lines if line.startswith("curl")] == [
            """curl http://127.0.0.1:20001/v1/documents -H "Authorization: Bearer $TOKEN" \\""",
            """curl 'http://127.0.0.1:20001/v1/documents?q=skog' -H "Authorization: Bearer $TOKEN\"""",
        ]

    def test_gives_nothing_to_paste_without_a_token(self) -> None:
        said = _welcome("http://127.0.0.1:20001", None)

        assert "curl" not in said
        assert "make dev-reset" in said

    def test_is_what_the_readme_shows(self) -> None:
        assert demo_person.curls(f"http://{ADDRESS}:{DEFAULTS['gateway']}") in (ROOT / "README.md").read_text()
