"""`make promises` shows which tests prove which promise, and writes docs/promises.md; `--check` only compares."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from infra.promises import marks, page

_ROOT = Path(__file__).resolve().parents[2]


def run(arguments: list[str] | None = None, root: Path = _ROOT) -> int:
    """Return the exit code: 1 for a mark that cannot be right, and when `--check` finds the page old."""
    parser = argparse.ArgumentParser(prog="infra.promises", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with what is committed and write nothing")
    check: bool = parser.parse_args(arguments).check
    try:
        found = page.promises(root, marks.found(root))
    except (marks.UnreadableMark, page.UnknownPromise) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return _check(found, root) if check else _show(found, root)


def _check(found: list[page.Promise], root: Path) -> int:
    file = page.generated(found)
    if file.is_current(root):
        return 0
    sys.stderr.write(f"{file.path} is not what the tests say: make promises\n")
    return 1


def _show(found: list[page.Promise], root: Path) -> int:
    page.generated(found).write(root)
    Console().print(page.drawn(found))
    return 0


if __name__ == "__main__":
    sys.exit(run())
