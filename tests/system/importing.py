"""Run as a program: import one module of the functions, and print as JSON what that did besides.

A process of its own, as a test's process has imported, read and opened all sorts of things already.
"""

import gc
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

_FUNCTIONS = f"{Path(__file__).resolve().parents[2] / 'functions'}{os.sep}"
_OUTSIDE = {"socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.mkdir", "os.remove", "os.rename"}


class Environment(os._Environ):  # pyright: ignore[reportPrivateUsage]  there is no other way to see who reads it
    """The process's environment, which notes when code of ours reads it."""

    read_by_us: list[str]

    def __getitem__(self, name: str) -> str:
        if any(file.startswith(_FUNCTIONS) for file in _callers()):
            self.read_by_us.append(name)
        return super().__getitem__(name)


def _callers() -> list[str]:
    """Return the files of the functions that asked: at most `os.getenv` and the mapping's `get` stand between."""
    frame = sys._getframe(2)  # pyright: ignore[reportPrivateUsage]
    frames = [frame, frame.f_back, frame.f_back and frame.f_back.f_back]
    return [found.f_code.co_filename for found in frames if found]


def main(module: str) -> None:
    environment = Environment(os.environ._data, *_coding())  # pyright: ignore[reportAttributeAccessIssue]
    environment.read_by_us = []
    os.environ = environment  # noqa: B003  it is the same environment, watched
    events: list[str] = []
    sys.addaudithook(lambda event, given: events.append(f"{event} {given}") if _goes_outside(event, given) else None)
    import_module(module)
    kinds = {f"{type(found).__module__}.{type(found).__qualname__}" for found in gc.get_objects()}
    answer = {
        "environment": environment.read_by_us,
        "events": events,
        "alive": sorted(
            kinds & {"core.settings.Settings", "core.services.clients.Clients", "grpc.aio._channel.Channel"}
        ),
        "modules": sorted(sys.modules),
        "functions": [function.entry_point for function in sys.modules["core.functions"].registry.values()],
    }
    sys.stdout.write(json.dumps(answer))


def _coding() -> tuple[Any, ...]:
    held = os.environ
    return held.encodekey, held.decodekey, held.encodevalue, held.decodevalue  # pyright: ignore[reportAttributeAccessIssue]


def _goes_outside(event: str, given: tuple[object, ...]) -> bool:
    return event in _OUTSIDE or (event == "open" and isinstance(given[1], str) and given[1][:1] in "wax+")


if __name__ == "__main__":
    main(sys.argv[1])
