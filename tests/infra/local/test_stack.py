"""The whole stack as `make dev` runs it, in a home of its own on free ports."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.local import demo_person, ports
from infra.local.auth_accounts import OWNER
from infra.local.demo_person import KARI
from infra.local.places import PROJECT_ID, ROOT, Home

_EMULATORS = ("FIRESTORE", "FIREBASE_AUTH", "STORAGE", "CLOUD_TASKS")


class Stack:
    """The command line, on one home."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def __call__(self, *arguments: str, **environment: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "infra.local.stack", *arguments, "--home", str(self.home.path)]
        done = subprocess.run(
            command, cwd=ROOT, env=_environment() | environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr

    @property
    def addresses(self) -> dict[str, Any]:
        return json.loads(self.home.stack_file.read_text())


def _environment() -> dict[str, str]:
    """Without the emulators of the test run, and with any free port for each part."""
    foreign = {f"{name}_EMULATOR_HOST" for name in _EMULATORS}
    inherited = {name: value for name, value in os.environ.items() if name not in foreign}
    return inherited | {ports.variable_of(name): "0" for name in ports.DEFAULTS}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(Home(tmp_path))
    yield stack
    stack("down")
    shutil.rmtree(tmp_path, ignore_errors=True)


class TestNotRunning:
    def test_says_so(self, stack: Stack) -> None:
        assert stack("status") == (1, "The stack does not run.\n")
        assert stack("down") == (0, "The stack does not run.\n")

    def test_a_stale_file_of_a_killed_stack_is_removed(self, stack: Stack) -> None:
        stack.home.stack_file.write_text('{"url": "http://127.0.0.1:8080", "pid": 1}')
        stack.home.lock_file.write_text("1")

        assert stack("status")[0] == 1
        assert not stack.home.stack_file.exists()

    def test_reset_forgets_the_data(self, stack: Stack) -> None:
        stack.home.data.mkdir()
        (stack.home.data / "mails.jsonl").write_text("")

        assert stack("reset")[0] == 0
        assert not stack.home.data.exists()


class TestFailingStart:
    def test_names_a_taken_port_and_leaves_nothing(self, stack: Stack) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            code, said = stack("up", "--detach", DOKKER_FIRESTORE_PORT=str(port))

        assert code == 1
        assert f"Port {port}, where firestore is to listen, is taken" in said
        assert not stack.home.stack_file.exists()
        assert stack("status")[0] == 1


@pytest.mark.slow
@pytest.mark.timeout(400)
class TestRunning:
    def test_keeps_everything_over_a_restart(self, stack: Stack) -> None:
        code, said = stack("up", "--detach")
        assert code == 0, said
        first = stack.addresses
        assert {"url", "projectId", "mailUrl", "pid"} < set(first)
        assert first["url"] in said
        assert f"{KARI.email}   password: {KARI.password}" in said
        note = {"fields": {"title": {"stringValue": "Blåbærtur"}}}
        httpx.patch(_note(first), json=note, headers=OWNER).raise_for_status()
        token = demo_person.sign_in(f"http://{first['authEmulatorHost']}")
        assert token

        assert stack("up") == (0, f"The stack runs already: {first['url']}   (`make dev-stop` stops it)\n")
        assert stack("down")[0] == 0
        assert not stack.home.stack_file.exists()

        assert stack("up", "--detach")[0] == 0
        again = stack.addresses
        assert httpx.get(_note(again), headers=OWNER).json()["fields"] == note["fields"]
        assert demo_person.sign_in(f"http://{again['authEmulatorHost']}")
        assert httpx.get(again["mailUrl"]).json() == {"items": []}

    def test_gives_a_newcomer_lines_that_work_when_pasted(self, stack: Stack) -> None:
        code, said = stack("up", "--detach")
        assert code == 0, said
        pasted = said[said.index("export TOKEN=") : said.index("  Ctrl-C")]

        done = subprocess.run(["bash", "-ec", pasted], capture_output=True, text=True, check=True)

        written, end = json.JSONDecoder().raw_decode(done.stdout)
        assert [each["id"] for each in json.loads(done.stdout[end:])["items"]] == [written["id"]]

    @pytest.mark.parametrize(
        ("given", "allowed", "refused"),
        [
            ({}, ["http://localhost:3000", "http://127.0.0.1:5173"], "http://kari.test"),
            ({"DOKKER_ALLOWED_ORIGINS": "http://kari.test"}, ["http://kari.test"], "http://localhost:3000"),
        ],
    )
    def test_lets_web_clients_in(self, stack: Stack, given: dict[str, str], allowed: list[str], refused: str) -> None:
        assert stack("up", "--detach", **given)[0] == 0
        url = stack.addresses["url"]
        assert [_preflight(url, origin) for origin in allowed] == [200] * len(allowed)
        assert _preflight(url, refused) == 400

    def test_leaves_no_process_when_it_is_killed(self, stack: Stack) -> None:
        assert stack("up", "--detach")[0] == 0
        addresses = stack.addresses

        os.kill(addresses["pid"], signal.SIGKILL)

        hosts = [host for name, host in addresses.items() if name.endswith("Host")]
        assert all(_falls_silent(host) for host in [*hosts, addresses["url"].removeprefix("http://")])
        assert stack("status") == (1, "The stack does not run.\n")

    def test_ends_with_the_reason_when_a_part_dies(self, stack: Stack) -> None:
        assert stack("up", "--detach")[0] == 0
        port = stack.addresses["storageEmulatorHost"].rpartition(":")[2]
        storage = subprocess.run(["pgrep", "-f", f"fake-gcs-server.*-port {port}"], capture_output=True, check=True)

        os.kill(int(storage.stdout), signal.SIGKILL)

        assert _waits(lambda: not stack.home.stack_file.exists())
        assert _waits(lambda: stack("status")[1] == "The stack does not run.\n")
        assert "storage ended with code -9" in (stack.home.logs / "stack.log").read_text()


def _note(addresses: dict[str, Any]) -> str:
    """A document's address at the emulator, whose rules an owner's token passes."""
    host = addresses["firestoreEmulatorHost"]
    return f"http://{host}/v1/projects/{PROJECT_ID}/databases/(default)/documents/notes/1"


def _preflight(url: str, origin: str) -> int:
    """The answer to what a browser asks before a page of that origin may call."""
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    return httpx.options(f"{url}/v1/me", headers=asked).status_code


def _falls_silent(host: str) -> bool:
    return _waits(lambda: not ports.is_open(int(host.rpartition(":")[2])))


def _waits(until: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not (done := until()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return done
