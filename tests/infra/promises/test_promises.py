from pathlib import Path

import pytest

from infra.promises import marks, page
from infra.promises.__main__ import run
from infra.promises.marks import Proof

LIST = 'P01 = "every field has a purpose"\nP02 = "nothing is sold"\n'


def _found(source: str) -> list[Proof]:
    return list(marks.in_source(source, "tests/documents/authoring/test_x.py"))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of two promises and one proof."""
    folder = tmp_path / "tests" / "documents" / "authoring"
    folder.mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "promises.toml").write_text(LIST)
    (folder / "test_x.py").write_text('@pytest.mark.promise("P02")\ndef test_it(): ...\n')
    return tmp_path


class TestMarks:
    def test_stand_on_functions(self) -> None:
        (proof,) = _found('@pytest.mark.promise("P07")\nasync def test_it(): ...\n')
        assert proof == Proof("P07", "tests/documents/authoring/test_x.py::test_it")

    def test_stand_on_classes_and_in_them(self) -> None:
        source = (
            '@pytest.mark.promise("P07")\nclass TestA:\n    @pytest.mark.promise("P08")\n    def test_b(self): ...\n'
        )
        names = {proof.number: proof.test.partition("::")[2] for proof in _found(source)}
        assert names == {"P07": "TestA", "P08": "TestA::test_b"}

    @pytest.mark.parametrize("value", ['pytest.mark.promise("P07")', '[pytest.mark.slow, pytest.mark.promise("P07")]'])
    def test_stand_on_modules(self, value: str) -> None:
        (proof,) = _found(f"pytestmark = {value}\n")
        assert proof.test == "tests/documents/authoring/test_x.py"

    def test_may_name_several(self) -> None:
        assert [proof.number for proof in _found('@pytest.mark.promise("P07", "P08")\ndef test_it(): ...\n')] == [
            "P07",
            "P08",
        ]

    def test_tell_the_capability_by_the_path(self) -> None:
        (proof,) = _found('@pytest.mark.promise("P07")\ndef test_it(): ...\n')
        assert proof.capability == "documents/authoring"

    def test_are_refused_when_they_are_not_written_out(self) -> None:
        with pytest.raises(marks.UnreadableMark):
            _found("@pytest.mark.promise(NUMBER)\ndef test_it(): ...\n")


class TestPage:
    def test_shows_what_is_proven_and_what_is_not(self, checkout: Path) -> None:
        text = page.generated(page.promises(checkout, marks.found(checkout))).text
        assert "Proven: 1 of 2." in text
        assert "| P01 | every field has a purpose |  |  | not yet |" in text
        assert (
            "| P02 | nothing is sold | `documents/authoring` | "
            "[test_it](../tests/documents/authoring/test_x.py) | yes |" in text
        )

    def test_is_refused_for_a_number_that_is_not_listed(self, checkout: Path) -> None:
        with pytest.raises(page.UnknownPromise, match="P99"):
            page.promises(checkout, [Proof("P99", "tests/test_x.py")])


class TestCommand:
    def test_shows_and_writes(self, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run([], checkout) == 0
        assert "1 of 2 proven" in capsys.readouterr().out
        assert run(["--check"], checkout) == 0

    def test_finds_an_old_page(self, checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["--check"], checkout) == 1
        assert "docs/promises.md is not what the tests say: make promises" in capsys.readouterr().err

    def test_fails_for_a_mark_of_an_unknown_number(self, checkout: Path) -> None:
        (checkout / "docs" / "promises.toml").write_text('P01 = "every field has a purpose"\n')
        assert run([], checkout) == 1
