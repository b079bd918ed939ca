"""The figures for people: tables on the terminal, and docs/benchmarks.md and .json."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.local.places import ROOT
from tests.benchmarks.figures import Section

_PACKAGES = [
    "fastapi",
    "firebase-admin",
    "functions-framework",
    "google-cloud-firestore",
    "grpcio",
    "gunicorn",
    "httptools",
    "protobuf",
    "pydantic",
    "uvicorn",
    "uvloop",
]


def show(console: Console, section: Section) -> None:
    """Print one section."""
    table = Table(title=section.title, caption=section.note, title_justify="left", caption_justify="left")
    for column in section.header:
        table.add_column(column)
    for row in section.rows:
        table.add_row(*row[:-1], f"[{'bold red' if row[-1] == 'MISSED' else 'green'}]{row[-1]}[/]" if row[-1] else "")
    console.print(table)
    console.print()


def write(sections: Sequence[Section], machine: dict[str, Any], minutes: float) -> None:
    """Write the page and the data behind it."""
    figures = {section.name: section.data for section in sections}
    data = {"measured": machine, "minutes": round(minutes, 1), "sections": figures}
    (ROOT / "docs" / "benchmarks.json").write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    (ROOT / "docs" / "benchmarks.md").write_text(page(sections, machine))


def page(sections: Sequence[Section], machine: dict[str, Any]) -> str:
    """Render docs/benchmarks.md."""
    missed = sum(row[-1] == "MISSED" for section in sections for row in section.rows)
    judged = sum(bool(row[-1]) for section in sections for row in section.rows)
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    lines = [
        "# Measured",
        "",
        "Written by `make bench`; not to be edited. All figures are of one run, in which those that are compared took "
        "turns. They are medians, with the quartiles in brackets. What counts are the ratios: milliseconds are those "
        "of one machine.",
        "",
        f"{machine['date']}, {machine['machine']}, {machine['python']}, Node {machine['node']}, "
        f"Java {machine['java']}; {packages}. Load before the run: {machine['load']}. "
        f"{judged - missed} of {judged} targets met.",
    ]
    for section in sections:
        lines += ["", f"## {section.title}", "", section.note, "", _row(section.header)]
        lines += [_row(["---"] * len(section.header)), *map(_row, section.rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def surroundings() -> dict[str, Any]:
    """Machine, versions, and how busy it is now."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}",
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "node": _first_line("node", "--version").removeprefix("v"),
        "java": _first_line("java", "-version").partition('"')[2].partition('"')[0],
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line for line in info.read_text().splitlines() if line.startswith("model name")] if info.exists() else []
    return names[0].partition(": ")[2] if names else platform.processor()


def _first_line(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip().split("\n")[0]
