"""The processes that are measured: functions as functions-framework serves them in production, and their peers."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx

from infra.local import ports
from infra.local.child import Child
from infra.local.emulators import Firestore
from infra.local.places import HOME, ROOT

HERE: Final = Path(__file__).parent
LOGS: Final = HOME.logs / "benchmarks"
_DEPLOYED: Final = ROOT / ".local" / "deployed" / "bin" / "python"
PYTHON: Final = _DEPLOYED if _DEPLOYED.exists() else Path(sys.executable)
"""An interpreter with the packages that are deployed, and no others, where `make bench` has made one."""

NODE: Final = HERE / "peers" / "node"
# firebase-admin decodes unsigned tokens while this is set, and asks nobody: the emulator itself need not run.
_AUTH: Final = "127.0.0.1:9099"


@dataclass(frozen=True)
class Stage:
    """Where the measured processes find what they work on: an emulator, and a project for one section.

    `storage` is the URL of a Storage server, and `signing_key` (PEM) signs for it, where the section has one.
    """

    firestore: str
    project_id: str
    quick: bool = False
    storage: str = ""
    signing_key: str = ""

    def told(self) -> dict[str, str]:
        """The environment of a process on this stage."""
        return {
            "FIRESTORE_EMULATOR_HOST": self.firestore,
            "FIREBASE_AUTH_EMULATOR_HOST": os.environ.get("FIREBASE_AUTH_EMULATOR_HOST", _AUTH),
            "CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:1",
            "GOOGLE_CLOUD_PROJECT": self.project_id,
            "DOKKER_PROJECT_ID": self.project_id,
            "DOKKER_ENVIRONMENT": "local",
            "PYTHONPATH": f"{ROOT / 'functions'}:{ROOT}",
            "HOST": "127.0.0.1",
        } | ({"STORAGE_EMULATOR_HOST": self.storage, "DOKKER_SIGNING_KEY": self.signing_key} if self.storage else {})

    def project(self, name: str) -> "Stage":
        """The same, in an empty project."""
        return replace(self, project_id=f"demo-{name}-{os.getpid()}")


@contextmanager
def emulator() -> Iterator[str]:
    """Firestore's emulator, as `host:port`; the one that the environment names, if it does."""
    made = Firestore(LOGS)
    made.start()
    try:
        made.wait()
        yield made.host
    finally:
        made.stop()


def framework(source: Path, target: str, *, asgi: bool = False) -> list[str]:
    """The command line by which Cloud Run functions start a Python function."""
    command = [str(PYTHON), "-m", "functions_framework", "--source", str(source), "--target", target]
    return [*command, "--asgi"] if asgi else command


def ours(entry_point: str) -> list[str]:
    return framework(ROOT / "functions" / "main.py", entry_point, asgi=True)


def python_sync() -> list[str]:
    return framework(HERE / "peers" / "python_sync" / "main.py", "documents")


def node() -> list[str]:
    """Node's functions-framework; its packages are installed when they are not there."""
    program = NODE / "node_modules" / "@google-cloud" / "functions-framework" / "build" / "src" / "main.js"
    if not program.exists():
        npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(npm, cwd=NODE, check=True, stdout=subprocess.DEVNULL)
    return [shutil.which("node") or "node", str(program), f"--source={NODE}", "--target=documents"]


@dataclass(frozen=True)
class Server:
    """One that runs. `pid` is gunicorn's master, or Node."""

    port: int
    pid: int

    @property
    def workers(self) -> list[int]:
        """The processes that it has forked."""
        done = subprocess.run(["pgrep", "-P", str(self.pid)], capture_output=True, text=True, check=False)
        return [int(pid) for pid in done.stdout.split()]

    @property
    def cpu_seconds(self) -> float:
        """CPU time that it and its workers have taken, in user space and in the kernel's."""
        return sum(_cpu_ticks(pid) for pid in (self.pid, *self.workers)) / os.sysconf("SC_CLK_TCK")


def _cpu_ticks(pid: int) -> int:
    # Behind the name, which is in brackets and may hold anything: utime and stime are fields 14 and 15 (proc(5)).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@contextmanager
def serving(name: str, command: Sequence[str], stage: Stage) -> Iterator[Server]:
    """Run one server until the end of the block."""
    port = ports.free_port()
    environment = {**stage.told(), "PORT": str(port), "NODE_ENV": "production"}
    child = Child(name, command, LOGS / f"{name}.log", environment)
    child.start()
    try:
        child.wait_until(lambda: _healthy(port))
        assert child.pid
        yield Server(port, child.pid)
    finally:
        child.stop()


def _healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


class Helper:
    """A module of this package that runs as a process of its own and does what it is told, line by line."""

    def __init__(self, module: str, stage: Stage, *arguments: str) -> None:
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"{module}-{'-'.join(arguments)}.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | stage.told(),
                cwd=ROOT,
                text=True,
            )
        self._log = log.name

    def ask(self, **wish: Any) -> Any:
        """Send one wish and return its answer."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        if not (line := self._process.stdout.readline()):
            raise ConnectionError(f"it ended; {self._log} says why")
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
