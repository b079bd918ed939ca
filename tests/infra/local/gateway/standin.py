"""Three functions to serve: they answer with the request as it reached them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.functions import registry
from infra.local.gateway.loading import Served, load

MAIN = """
from importlib import import_module

ENTRY_POINTS = dict.fromkeys(["letters", "letters_schedules", "letters_tasks"], "standin_letters")


def __getattr__(name):
    if name not in ENTRY_POINTS:
        raise AttributeError(name)
    return getattr(import_module(ENTRY_POINTS[name]), name)
"""

LETTERS = """
from core import clock
from core.functions import Queue, Schedule, http_function, schedule_function, task_function
from starlette.requests import Request
from starlette.responses import JSONResponse


class Echo:
    def __init__(self, name):
        self.name = name

    async def __call__(self, scope, receive, send):
        request = Request(scope, receive)
        answer = {
            "function": self.name,
            "method": request.method,
            "path": scope["path"],
            "rawPath": scope["raw_path"].decode(),
            "query": request.url.query,
            "headers": dict(request.headers),
            "body": (await request.body()).decode(),
            "now": clock.now().isoformat(),
        }
        status = 500 if scope["path"].endswith("failing") else 200
        await JSONResponse(answer, status)(scope, receive, send)


letters = http_function(Echo("letters"), paths=["/v1/letters", "/v1/letters/**"])
letters_schedules = schedule_function(
    Echo("letters-schedules"), schedules=[Schedule("nightly", "0 3 * * *"), Schedule("failing", "30 4 1 * *")]
)
letters_tasks = task_function(Echo("letters-tasks"), queue=Queue("letters-tasks", max_attempts=3))
"""


def write(folder: Path) -> Path:
    """Write the functions' source into the folder and return its main.py."""
    (folder / "standin_letters.py").write_text(LETTERS)
    (folder / "main.py").write_text(MAIN)
    return folder / "main.py"


@contextmanager
def loaded(folder: Path) -> Iterator[dict[str, Served]]:
    """Load them in this process, and take them out of it again: other tests import the real ones."""
    before, path, main = set(registry), list(sys.path), sys.modules.get("main")
    try:
        yield load(write(folder))
    finally:
        sys.path[:] = path
        sys.modules.pop("standin_letters", None)
        sys.modules.pop("main", None)
        if main is not None:
            sys.modules["main"] = main
        for name in set(registry) - before:
            del registry[name]
