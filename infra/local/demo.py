"""`make demo`: the main journeys against the running stack, or one started for it; each step with what came back.

Ends with 1 when a step is not as expected.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from infra.local.journeys import JOURNEYS
from infra.local.journeys.stage import Outcome, Stage, Unexpected
from infra.local.places import HOME, ROOT

_SUPERVISOR = [sys.executable, "-m", "infra.local.stack"]


def main() -> int:
    console = Console()
    with stack() as addresses:
        results = [play(console, title, addresses) for title in JOURNEYS]
    return 0 if all(results) else 1


def play(console: Console, title: str, addresses: dict[str, str]) -> bool:
    """Run one journey and show it as a table that grows; tell whether every step was as expected."""
    table = Table("", "step", title=title, title_justify="left", show_lines=True)
    table.add_column("request", overflow="fold")
    table.add_column("came back", overflow="fold")
    stage = Stage(
        addresses["url"], f"http://{addresses['authEmulatorHost']}", lambda outcome: table.add_row(*_row(outcome))
    )
    try:
        with Live(table, console=console, vertical_overflow="visible"):
            JOURNEYS[title](stage)
    except (Unexpected, httpx.TransportError) as failure:
        console.print("\n[bold red]Not as expected.[/]", escape(str(failure)))
        return False
    finally:
        stage.close()
    console.print("\n[bold green]All as expected.[/]\n")
    return True


@contextmanager
def stack() -> Generator[dict[str, str]]:
    """Give the addresses of the running stack; if none runs, of one that lives as long as this."""
    if addresses := running():
        yield addresses
        return
    subprocess.run([*_SUPERVISOR, "up", "--detach"], cwd=ROOT, check=True)
    try:
        yield json.loads(HOME.stack_file.read_bytes())
    finally:
        subprocess.run([*_SUPERVISOR, "down"], cwd=ROOT, check=True)


def running() -> dict[str, str] | None:
    """Return what stack.json says, if the stack that wrote it still answers."""
    try:
        addresses: dict[str, Any] = json.loads(HOME.stack_file.read_bytes())
        httpx.get(f"{addresses['url']}/__local/health", timeout=10).raise_for_status()
    except (FileNotFoundError, ValueError, KeyError, httpx.HTTPError):
        return None
    return addresses


def _row(outcome: Outcome) -> tuple[str, str, str, str]:
    mark = "[green]✓[/]" if outcome.as_expected else "[red]✗[/]"
    # Escaped, so that rich takes nothing that the API said for its own markup.
    return mark, outcome.step, escape(outcome.request), escape(outcome.answer)


if __name__ == "__main__":
    sys.exit(main())
