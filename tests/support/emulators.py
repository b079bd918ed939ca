"""Firestore and Auth for the tests: started once for the whole run, also under pytest-xdist; and Storage, per process.

pytest's controlling process spawns them and passes their addresses on by environment variables, which xdist's workers
inherit. Nobody waits until the first test that uses the fixture `emulators`, so they start while tests are collected.
Without xdist they start only when a collected test uses that fixture. Addresses that are already set are honoured.
"""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from infra.local.child import tail
from infra.local.emulators import Auth, Emulator, Firestore
from infra.local.places import HOME, PROJECT_ID
from tests.support.storage import ObjectStore

_LOGS_VARIABLE = "DOKKER_TEST_LOGS"
_DEADLINE = 90
_running: list[Emulator] = []


@dataclass(frozen=True)
class Emulators:
    """Where they are, as `host:port`."""

    firestore: str
    auth: str
    store: ObjectStore
    project_id: str = PROJECT_ID
    """The one project to which the Auth emulator maps every API key."""


@pytest.fixture(scope="session")
def emulators(object_store: ObjectStore) -> Emulators:
    """The emulators, ready."""
    for part in (Firestore, Auth):
        _wait(_host(part.variable), part.health)
    return Emulators(_host(Firestore.variable), _host(Auth.variable), object_store)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Under xdist the workers collect, too late for them to tell us: start at once."""
    if _controls_workers(session.config):
        _start()


def pytest_collection_finish(session: pytest.Session) -> None:
    if _is_worker(session.config) or _controls_workers(session.config) or session.config.option.collectonly:
        return
    if any("emulators" in getattr(item, "fixturenames", ()) for item in session.items):
        _start()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if _is_worker(session.config) or not _running:
        return
    for part in _running:
        part.stop()
        os.environ.pop(part.variable, None)
    _running.clear()
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        shutil.rmtree(os.environ.pop(_LOGS_VARIABLE), ignore_errors=True)


def _start() -> None:
    """Spawn both, from the main thread: they are tied to the thread that spawns them (infra/local/leash.py)."""
    logs = HOME.logs / f"tests-{os.getpid()}"
    os.environ[_LOGS_VARIABLE] = str(logs)
    for part in (Auth(logs), Firestore(logs)):  # the slowest first
        if part.variable not in os.environ:
            part.start()
            os.environ |= part.environment
            _running.append(part)


def _host(variable: str) -> str:
    return os.environ[variable].removeprefix("http://")


def _wait(host: str, health: str) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not _answers(f"http://{host}{health}"):
        if time.monotonic() > deadline or any(part.exit_code is not None for part in _running):
            raise ConnectionError(f"Nothing answers at {host}.{_last_words()}")
        time.sleep(0.05)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def _last_words() -> str:
    logs = sorted(Path(os.environ[_LOGS_VARIABLE]).glob("*.log")) if _LOGS_VARIABLE in os.environ else []
    return "".join(f"\n{log}:\n{tail(log)}" for log in logs)


def _controls_workers(config: pytest.Config) -> bool:
    return not _is_worker(config) and bool(getattr(config.option, "numprocesses", None))


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
