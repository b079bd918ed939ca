"""`python -m infra.manifest` and its `--check`, on a folder of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.places import ROOT
from infra.manifest import everything
from infra.manifest.__main__ import run

# Compared with what stands in the checkout's own folder by `make check` alone: a test that fails until somebody has run
# `make manifest` says nothing about the program.


class TestCheck:
    def test_is_content_with_what_was_just_written(self, tmp_path: Path) -> None:
        assert run([], tmp_path) == 0
        assert run(["--check"], tmp_path) == 0

    def test_names_what_is_old_and_what_mends_it(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run([], tmp_path)
        (tmp_path / "firebase.json").write_text("{}\n")
        (tmp_path / "docs" / "data-map.md").unlink()
        capsys.readouterr()

        assert run(["--check"], tmp_path) == 1

        assert capsys.readouterr().err == (
            "docs/data-map.md is not what the code says: make manifest\n"
            "firebase.json is not what the code says: make manifest\n"
        )

    def test_writes_nothing(self, tmp_path: Path) -> None:
        run(["--check"], tmp_path)
        assert list(tmp_path.iterdir()) == []


class TestWriting:
    def test_touches_only_what_differs(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run([], tmp_path)
        (tmp_path / "firebase.json").write_text("{}\n")
        capsys.readouterr()

        run([], tmp_path)

        assert capsys.readouterr().out == "wrote firebase.json\n"


class TestGenerated:
    def test_is_the_same_twice(self) -> None:
        assert everything.generated() == everything.generated()

    def test_is_the_same_in_every_process(self) -> None:
        """Strings stand in a set by a random seed, classes by where they lie in memory: no file may show that order."""
        runs = [_generated(*each) for each in (("1", "malloc"), ("2", "pymalloc"), ("3", "malloc_debug"))]
        written = [run.communicate()[0] for run in runs]
        assert [run.returncode for run in runs] == [0, 0, 0]
        assert written[0] == written[1] == written[2]

    def test_ends_with_one_newline(self) -> None:
        endings = {file.text[-2:] for file in everything.generated()}
        assert all(ending[-1] == "\n" and ending[0] != "\n" for ending in endings)

    def test_is_written_once_each(self) -> None:
        paths = [file.path for file in everything.generated()]
        assert len(paths) == len(set(paths))


_PRINTING = "import sys; from infra.manifest import everything; sys.stdout.write(str(everything.generated()))"


def _generated(seed: str, allocator: str) -> subprocess.Popen[bytes]:
    """Start a process that writes all files to its output."""
    chance = {"PYTHONHASHSEED": seed, "PYTHONMALLOC": allocator}
    environment = os.environ | chance | {"PYTHONPATH": f"{ROOT / 'functions'}:{ROOT}"}
    return subprocess.Popen([sys.executable, "-c", _PRINTING], env=environment, stdout=subprocess.PIPE)
