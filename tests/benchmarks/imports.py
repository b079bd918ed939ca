"""What a cold start imports, by package: `python -X importtime` of the function and of what its first request needs."""

import os
import re
import subprocess
from collections import Counter

from infra.local.places import ROOT
from tests.benchmarks.servers import PYTHON, Stage

_TOP = 15
_LINE = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)
_SHARED = ("google.cloud", "google.api_core", "google.auth", "google.oauth2")
_PROGRAM = """
import functions_framework.aio, uvicorn_worker
import main
main.authoring
from core.services import clients
clients.current().database
clients.current().identity._firebase()
import firebase_admin.auth
"""


def by_package(stage: Stage) -> Counter[str]:
    """Microseconds that each package's own modules take, the first request's included."""
    done = subprocess.run(
        [str(PYTHON), "-X", "importtime", "-c", _PROGRAM],
        env=os.environ | stage.told(),
        cwd=ROOT / "functions",
        capture_output=True,
        text=True,
        check=True,
    )
    found: Counter[str] = Counter()
    for microseconds, module in _LINE.findall(done.stderr):
        found[_package(module)] += int(microseconds)
    return found


def _package(module: str) -> str:
    if module.startswith(_SHARED):
        return ".".join(module.split(".")[: 3 if module.startswith("google.cloud") else 2])
    return module.partition(".")[0]


def heaviest(stage: Stage) -> str:
    """One sentence on where the time of importing goes."""
    runs = [by_package(stage) for _ in range(3)]
    best = Counter({package: min(run[package] for run in runs) for package in runs[0]})
    total = sum(best.values()) / 1e3
    top = ", ".join(f"{package} {microseconds / 1e3:.0f}" for package, microseconds in best.most_common(_TOP))
    return f"Importing takes {total:.0f} ms under `-X importtime` for authoring and its first request, of which: {top}."
