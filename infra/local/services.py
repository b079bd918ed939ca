"""The project's own servers in the embedded stack: Cloud Tasks, Eventarc, and the gateway before all functions."""

import sys
from collections.abc import Mapping
from pathlib import Path

from infra.local import ports
from infra.local.emulators import Emulator
from infra.local.places import ROOT


class Tasks(Emulator):
    """Cloud Tasks over gRPC, its tasks in a SQLite file. Its time is the stack's clock."""

    name = "tasks"
    variable = "CLOUD_TASKS_EMULATOR_HOST"

    def __init__(self, logs: Path, port: int, data: Path, clock: Path) -> None:
        super().__init__(logs, port, data)
        self._clock = clock

    def answers(self) -> bool:
        """It speaks gRPC alone, and listens once it can serve."""
        return ports.is_open(int(self.host.rpartition(":")[2]))

    def _command(self, port: int) -> list[str]:
        options = ("--port", str(port), "--store", str(self._data), "--clock", str(self._clock))
        return [sys.executable, "-m", "infra.local.tasks", *options]

    def _environment(self) -> dict[str, str]:
        return _PYTHON


class Events(Emulator):
    """Eventarc: takes what the Storage server publishes, and posts it to the gateway."""

    name = "events"

    def __init__(self, logs: Path, port: int) -> None:
        super().__init__(logs, port)
        self._to = ""

    def tell(self, gateway: str) -> None:
        """Before its start: where the functions are."""
        self._to = f"{gateway}/__local/events"

    def answers(self) -> bool:
        """It speaks gRPC alone, and listens once it can serve."""
        return ports.is_open(int(self.host.rpartition(":")[2]))

    def _command(self, port: int) -> list[str]:
        return [sys.executable, "-m", "infra.local.events", "--port", str(port), "--to", self._to]

    def _environment(self) -> dict[str, str]:
        return _PYTHON


class Gateway(Emulator):
    """Every function under one address."""

    name = "gateway"
    health = "/__local/health"

    def __init__(self, logs: Path, port: int) -> None:
        super().__init__(logs, port)
        self._told: dict[str, str] = {}

    def tell(self, environment: Mapping[str, str]) -> None:
        """Before its start: where all that it stands on is."""
        self._told = dict(environment)

    def _command(self, port: int) -> list[str]:
        return [sys.executable, "-m", "infra.local.gateway", "--port", str(port)]

    def _environment(self) -> dict[str, str]:
        return {**_PYTHON, **self._told, "DOKKER_SITE_URL": self.url}


_PYTHON = {"PYTHONPATH": f"{ROOT / 'functions'}:{ROOT}", "PYTHONUNBUFFERED": "1"}
