from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from infra.local.places import ROOT
from infra.local.ports import free_port
from tests.infra.local.gateway import standin


@pytest.fixture
def functions(tmp_path: Path) -> Path:
    folder = tmp_path / "functions"
    folder.mkdir()
    return standin.write(folder).parent


@pytest.fixture
def address(functions: Path, tmp_path: Path) -> Iterator[str]:
    """The gateway as a process that watches the stand-in functions."""
    port = free_port()
    surroundings = {"PYTHONPATH": f"{ROOT / 'functions'}:{ROOT}", "DOKKER_LOCAL_CLOCK": str(tmp_path / "clock.json")}
    environment = {k: v for k, v in os.environ.items() if k != "DOKKER_FUNCTION_URL"} | surroundings
    command = [sys.executable, "-m", "infra.local.gateway", "--port", str(port), "--functions", str(functions)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        yield f"http://127.0.0.1:{port}/__local/functions/letters/hei"
    finally:
        process.terminate()
        process.wait(10)


def wait_for(address: str, expected: Callable[[httpx.Response], bool], seconds: float = 15) -> httpx.Response:
    """Ask until the answer is the expected one."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(address, timeout=5)
            if expected(answer):
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{address} did not answer as expected")


class TestReload:
    def test_follows_every_change_and_outlives_a_broken_one(self, address: str, functions: Path) -> None:
        module = functions / "standin_letters.py"
        wait_for(address, lambda answer: answer.status_code == 200)

        module.write_text(standin.LETTERS + "\nbroken(\n")
        broken = wait_for(address, lambda answer: answer.status_code == 503).json()
        assert (broken["code"], "SyntaxError" in broken["detail"]) == ("functions_broken", True)

        module.write_text(standin.LETTERS.replace('"function": self.name', '"function": "changed"'))
        wait_for(address, lambda answer: answer.status_code == 200 and answer.json()["function"] == "changed")
