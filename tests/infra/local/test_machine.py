import re
from pathlib import Path

import pytest

from infra.local import machine


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder in which programs are found: a machine without any, until a test puts some there."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, program: str, says: str) -> None:
    script = folder / program
    script.write_text(f"#!/bin/sh\n/bin/cat >&2 <<'END'\n{says}\nEND\n")
    script.chmod(0o755)


@pytest.mark.usefixtures("only")
class TestMissing:
    def test_names_all_that_is_missing_with_what_installs_it(self) -> None:
        with pytest.raises(machine.MissingPart) as missing:
            machine.check()

        assert len(re.findall(r"sudo apt-get install \S+.*brew install \S+", str(missing.value))) == 3

    def test_looks_only_at_what_it_is_asked_for(self) -> None:
        with pytest.raises(machine.MissingPart, match=r"^npm is needed"):
            machine.check("npm")


class TestVersions:
    @pytest.mark.parametrize(
        ("says", "release"),
        [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_292"', 8), ("?", None)],
    )
    def test_java_tells_its_release(self, only: Path, says: str, release: int | None) -> None:
        install(only, "java", says)

        assert machine.java_version() == release

    def test_an_old_release_is_not_enough(self, only: Path) -> None:
        install(only, "node", "v18.19.0")

        with pytest.raises(machine.MissingPart, match=r"Node.js 20 or newer is needed \(release 18 is here\)"):
            machine.check("node")
