"""Clients: each made on first use, once, and nothing at import."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.services import clients
from core.services.clients import Clients
from core.settings import Settings
from tests.support.api import ROOT


def local(**emulators: Any) -> Settings:
    return Settings(environment="local", **emulators)


class TestOnFirstUse:
    @pytest.mark.parametrize("name", ["database", "identity", "tasks"])
    async def test_each_is_made_once_also_under_threads(self, name: str) -> None:
        made = Clients(local(FIRESTORE_EMULATOR_HOST="127.0.0.1:1", CLOUD_TASKS_EMULATOR_HOST="127.0.0.1:1"))
        start = threading.Barrier(8)
        count = 0
        make = getattr(made, f"_make_{name}")

        def get(_: int) -> object:
            start.wait()
            return made._once(name, counted)

        def counted() -> object:
            nonlocal count
            count += 1
            return make()

        with ThreadPoolExecutor(8) as threads:
            # Channels belong to an event loop, so the database and the queue are made where it runs.
            found = [getattr(made, name)] if name != "identity" else list(threads.map(get, range(8)))
        assert len({id(one) for one in [*found, getattr(made, name)]}) == 1
        assert count <= 1
        await made.close()

    def test_nothing_is_made_and_no_sdk_imported_by_importing(self) -> None:
        code = (
            "import sys, main; from importlib import import_module as load; "
            "[load(module) for module in set(main.ENTRY_POINTS.values())]; "
            "from core.services import clients; assert clients._of_this_process is None; "
            "print([name for name in ('grpc', 'firebase_admin', 'google.cloud.tasks_v2', 'google.cloud.firestore_v1')"
            " if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT / "functions", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert not {"firebase_admin", "google.cloud.tasks_v2", "google.cloud.firestore_v1"} & set(eval(done.stdout))  # noqa: PGH001


class TestUsing:
    def test_is_for_what_runs_inside(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOKKER_ENVIRONMENT", "local")
        outside, inside = clients.current(), Clients(local(project_id="demo-inside"))
        with clients.using(inside):
            assert clients.current() is inside
        assert clients.current() is outside
