"""Clients: each made on first use, once, and nothing at import."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.services import clients
from core.services.clients import Clients
from core.settings import Settings
from infra.local.signing_key import new_key
from tests.support.api import ROOT


def local(**emulators: Any) -> Settings:
    return Settings(environment="local", **emulators)


class TestOnFirstUse:
    async def test_each_is_made_once(self) -> None:
        made = Clients(local(FIRESTORE_EMULATOR_HOST="127.0.0.1:1", CLOUD_TASKS_EMULATOR_HOST="127.0.0.1:1"))
        assert made.database is made.database
        assert made.identity is made.identity
        assert made.tasks is made.tasks
        await made.close()

    def test_once_also_for_threads_that_come_together(self) -> None:
        made, start = Clients(local()), threading.Barrier(8)

        def first(_: int) -> object:
            start.wait()
            return made.identity

        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(first, range(8)))) == 1

    def test_nothing_is_made_and_no_sdk_imported_by_importing(self) -> None:
        code = (
            "import json, sys, main; from importlib import import_module as load; "
            "[load(module) for module in set(main.ENTRY_POINTS.values())]; "
            "from core.services import clients; print(json.dumps([clients._of_this_process is None, *sys.modules]))"
        )
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=ROOT / "functions", capture_output=True, text=True, check=True)
        nothing_made, *modules = json.loads(done.stdout)
        assert nothing_made
        assert not {"firebase_admin", "google.cloud.tasks_v2", "google.cloud.firestore_v1"} & set(modules)


class TestUsing:
    def test_is_for_what_runs_inside(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DOKKER_ENVIRONMENT", "local")
        outside, inside = clients.current(), Clients(local(project_id="demo-inside"))
        with clients.using(inside):
            assert clients.current() is inside
        assert clients.current() is outside


class TestGoogle:
    async def test_gives_a_channel_for_the_credentials_of_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account = {
            "type": "service_account",
            "client_email": "fn-authoring@dokker-test.iam.gserviceaccount.com",
            "token_uri": "https://oauth2.invalid/token",
            "private_key": new_key(),
        }
        file = tmp_path / "account.json"
        file.write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

        made = Clients(local(project_id="dokker-test", FIRESTORE_EMULATOR_HOST=""))

        assert made.database.name == "projects/dokker-test/databases/(default)"
        await made.close()
