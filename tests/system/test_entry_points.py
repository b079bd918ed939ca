"""Every entry point, started in its own process exactly as Cloud Functions does, in production's settings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from core.settings import EMULATOR_VARIABLES
from infra.local.ports import free_port
from tests.support.api import ROOT
from tests.support.routes import routes

PRODUCTION = {
    "FUNCTION_USE_ASGI": "true",
    "DOKKER_PROJECT_ID": "dokker-test",
    "DOKKER_FUNCTION_URL": "https://{name}.example",
    "DOKKER_SITE_URL": "https://dokker.example",
    "DOKKER_SMTP_HOST": "smtp.dokker.example",
    "DOKKER_MAIL_FROM": "dokker@dokker.example",
    "DOKKER_SECRET": "a secret that is long enough to be one",
    "DOKKER_ALLOWED_ORIGINS": "https://dokker.example",
}
PATIENCE = 60
ENTRY_POINTS = re.findall(r'^    "(\w+)": "', (ROOT / "functions" / "main.py").read_text(), re.MULTILINE)


@dataclass
class Running:
    process: subprocess.Popen[str]
    url: str

    def has_loaded(self, package: str) -> bool:
        """Whether a serving process has this package's compiled part in its memory."""
        return any(f"/{package}/" in _maps(pid) for pid in _family(self.process.pid))


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in EMULATOR_VARIABLES}
    return {name: value for name, value in kept.items() if not name.startswith("DOKKER_")} | PRODUCTION | more


def framework(entry_point: str, port: int, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [
            Path(sys.executable).with_name("functions-framework"),
            *("--target", entry_point, "--source", "functions/main.py", "--port", str(port)),
        ],
        cwd=ROOT,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def running(entry_point: str) -> Iterator[Running]:
    port = free_port()
    with framework(entry_point, port) as process:
        started = Running(process, f"http://127.0.0.1:{port}")
        try:
            _wait(started)
            yield started
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def _wait(started: Running) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if started.process.poll() is not None:
            raise AssertionError(started.process.communicate()[0])
        try:
            httpx.get(f"{started.url}/health", timeout=PATIENCE)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(started.url)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _maps(pid: int) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_serves_health_and_turns_nobody_in(entry_point: str) -> None:
    route = next(one for one in routes().values() if one.function.replace("-", "_") == entry_point)
    with running(entry_point) as function:
        assert httpx.get(f"{function.url}/health").json() == {"status": "ok"}

        answer = httpx.request(route.declared.method, function.url + route.declared.path, timeout=PATIENCE)
        if route.declared.audience == "event":
            # What is no event is let go of; IAM has kept everybody else out.
            assert answer.status_code == 204
            return
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["code"]) in {(401, "unauthenticated"), (404, "not_found")}
        unknown = httpx.get(f"{function.url}/v1/nothing", timeout=PATIENCE)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")

        assert function.has_loaded("uvloop") and function.has_loaded("httptools")


@pytest.mark.promise("P43")
@pytest.mark.parametrize("variable", EMULATOR_VARIABLES)
def test_refuses_to_start_in_production_with_an_emulator_and_says_why(variable: str) -> None:
    process = framework("profiles", free_port(), **{variable: "127.0.0.1:1"})
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert f"production refuses to start with {variable} set" in said
    assert PRODUCTION["DOKKER_SECRET"] not in said


def test_the_table_has_every_entry_point_once() -> None:
    assert len(ENTRY_POINTS) == len(set(ENTRY_POINTS)) >= 4
