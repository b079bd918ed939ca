"""Starts the parts of the embedded stack in order, watches them, and stops them with their data kept.

In the foreground of one process, which holds a lock for as long: a second supervisor of the same home does not start.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rich.console import Console

from infra.local import demo_person, machine, ports
from infra.local.child import ChildFailed
from infra.local.emulators import Auth, Emulator, Firestore, Storage
from infra.local.mail_catcher import MailCatcher
from infra.local.places import PROJECT_ID, ROOT, Home
from infra.local.services import Events, Gateway, Tasks
from infra.local.signing_key import ensure_key

_WEB_CLIENTS = ",".join(
    f"http://{host}:{port}" for host in ("localhost", ports.ADDRESS) for port in (3000, 4200, 5000, 5173, 8000, 8080)
)
"""The origins from which the usual tools serve a web client in the making."""


class AlreadyRunning(Exception):
    """Another supervisor holds this home."""


@dataclass(frozen=True)
class _Parts:
    mails: MailCatcher
    firestore: Firestore
    auth: Auth
    storage: Storage
    tasks: Tasks
    gateway: Gateway
    events: Events

    @property
    def beneath(self) -> list[Emulator]:
        """What the gateway stands on; what it waits for first, then the slowest."""
        return [self.tasks, self.auth, self.firestore, self.storage]


class Supervisor:
    """The stack of one home, from start to stop. Use it from the main thread: children are tied to their thread."""

    def __init__(self, home: Home, console: Console) -> None:
        self._home = home
        self._console = console

    def run(self) -> None:
        """Start all, serve until interrupted or until a part ends, stop all.

        Raises AlreadyRunning, MissingPart, PortTaken, ChildFailed.
        """
        with locked(self._home), _interruptible():
            machine.check()
            parts = self._parts()
            try:
                self._start(parts)
                self._watch(parts)
            except KeyboardInterrupt:
                self._console.print("\nStopping, and keeping the data…")
            finally:
                self._stop(parts)

    def _parts(self) -> _Parts:
        logs, data, port = self._home.logs, self._home.data, ports.configured
        return _Parts(
            MailCatcher(port("smtp"), data / "mails.jsonl"),
            Firestore(logs, port("firestore"), data / "firestore", _rules()),
            Auth(logs, port("auth"), data / "accounts.json"),
            Storage(logs, port("storage"), data / "storage"),
            Tasks(logs, port("tasks"), data / "tasks.sqlite", data / "clock.json"),
            Gateway(logs, port("gateway")),
            Events(logs, port("events")),
        )

    def _start(self, parts: _Parts) -> None:
        self._home.data.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        parts.mails.start()
        self._tell("mail catcher", parts.mails.host, begun)
        # The Storage server is told of it when it starts; it starts itself when the gateway's address is known.
        parts.events.reserve()
        parts.storage.tell(parts.events.host)
        for part in parts.beneath:
            part.start()
        # The gateway makes queues and buckets there when it starts; the rest it needs at the first request.
        parts.tasks.wait()
        parts.storage.wait()
        parts.gateway.tell(self._environment(parts))
        parts.gateway.start()
        parts.events.tell(parts.gateway.url)
        parts.events.start()
        for part in (parts.tasks, parts.events, parts.storage, parts.firestore, parts.auth, parts.gateway):
            part.wait()
            self._tell(part.name, part.host, begun)
        self._present(parts)

    def _environment(self, parts: _Parts) -> dict[str, str]:
        """What the gateway and the functions in it are told."""
        smtp_host, _, smtp_port = parts.mails.host.partition(":")
        environment = {
            "DOKKER_ENVIRONMENT": "local",
            "DOKKER_PROJECT_ID": PROJECT_ID,
            "GOOGLE_CLOUD_PROJECT": PROJECT_ID,
            "DOKKER_ALLOWED_ORIGINS": os.environ.get("DOKKER_ALLOWED_ORIGINS", _WEB_CLIENTS),
            "DOKKER_SIGNING_KEY": str(ensure_key(self._home.data / "signing-key.pem")),
            "DOKKER_SMTP_HOST": smtp_host,
            "DOKKER_SMTP_PORT": smtp_port,
            "DOKKER_SMTP_SECURITY": "none",
            "DOKKER_LOCAL_CLOCK": str(self._home.data / "clock.json"),
            "DOKKER_LOCAL_MAILS": str(self._home.data / "mails.jsonl"),
        }
        for part in parts.beneath:
            environment |= part.environment
        return environment

    def _present(self, parts: _Parts) -> None:
        """Tell the person; then the file, as whoever waits for it may count on everything."""
        demo_person.ensure(parts.auth.url)
        demo_person.welcome(self._console, parts.gateway.url, demo_person.sign_in(parts.auth.url))
        _write(
            self._home.stack_file,
            {
                "url": parts.gateway.url,
                "projectId": PROJECT_ID,
                "authEmulatorHost": parts.auth.host,
                "firestoreEmulatorHost": parts.firestore.host,
                "storageEmulatorHost": parts.storage.host,
                "tasksEmulatorHost": parts.tasks.host,
                "mailUrl": f"{parts.gateway.url}/__local/mails",
                "pid": os.getpid(),
            },
        )

    def _watch(self, parts: _Parts) -> None:
        children = [*parts.beneath, parts.events, parts.gateway]
        while True:
            for part in children:
                if part.exit_code is not None:
                    raise ChildFailed(part.name, f"ended with code {part.exit_code}", part.log)
            time.sleep(0.5)

    def _stop(self, parts: _Parts) -> None:
        """Stop each, whatever becomes of the others; nothing interrupts this, as it saves the data."""
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        self._home.stack_file.unlink(missing_ok=True)
        for part in (parts.events, parts.gateway, parts.tasks, parts.mails, parts.storage, parts.auth, parts.firestore):
            self._attempt(part.stop)

    def _attempt(self, stop: Callable[[], None]) -> None:
        try:
            stop()
        except Exception as error:  # noqa: BLE001 — the others are still to be stopped
            self._console.print(f"[red]Not stopped in order:[/red] {error}")

    def _tell(self, name: str, host: str, begun: float) -> None:
        seconds = time.monotonic() - begun
        self._console.print(f"  [green]ready[/green]  {name:<13} {host:<16} {seconds:5.1f} s", highlight=False)


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def locked(home: Home) -> Generator[None, None, None]:
    """Be the one supervisor of a home. The kernel drops the lock with the process, so none is ever stale."""
    home.path.mkdir(parents=True, exist_ok=True)
    with home.lock_file.open("a+") as file:
        if not _lock(file):
            raise AlreadyRunning
        home.stack_file.unlink(missing_ok=True)  # of one that was killed
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def running_pid(home: Home) -> int | None:
    """The process id of the supervisor that holds this home; None when nobody does, and no addresses are left then."""
    if not home.lock_file.exists():
        return None
    with home.lock_file.open("a+") as file:
        if _lock(file):
            home.stack_file.unlink(missing_ok=True)
            return None
        file.seek(0)
        return int(file.read() or 0) or None


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _interruptible() -> Generator[None, None, None]:
    """Let SIGTERM (make dev-stop) and SIGHUP (a closed terminal) mean what Ctrl-C means."""
    before = {number: signal.signal(number, _interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _rules() -> Path | None:
    rules = ROOT / "firestore.rules"
    return rules if rules.exists() else None


def _write(file: Path, content: dict[str, str | int]) -> None:
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(json.dumps(content, indent=2) + "\n")
    fresh.replace(file)
