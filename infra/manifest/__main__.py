"""`make manifest` writes the generated files; with `--check` nothing is written, and a difference is an error."""

import argparse
import sys
from pathlib import Path

from infra.manifest import everything
from infra.manifest.files import stale

_ROOT = Path(__file__).resolve().parents[2]


def run(arguments: list[str] | None = None, root: Path = _ROOT) -> int:
    """Return the exit code: 1 when `--check` finds a file that is not as it would be written."""
    parser = argparse.ArgumentParser(prog="infra.manifest", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with what is committed and write nothing")
    return _check(root) if parser.parse_args(arguments).check else _write(root)


def _check(root: Path) -> int:
    old = stale(everything.generated(), root)
    for path in old:
        sys.stderr.write(f"{path} is not what the code says: make manifest\n")
    return 1 if old else 0


def _write(root: Path) -> int:
    for file in everything.generated():
        if not file.is_current(root):
            file.write(root)
            sys.stdout.write(f"wrote {file.path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run())
