"""A child process of the embedded stack: started with a log of its own, awaited by polling, ended for certain."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_LEASH = Path(__file__).with_name("leash.py")
_TAIL = 15


class ChildFailed(Exception):
    """A child ended, or was not ready in time; the message ends with the last lines of its log."""

    def __init__(self, name: str, what: str, log: Path) -> None:
        super().__init__(f"{name} {what}. The last lines of {log}:\n{tail(log)}")


class Child:
    """One process in a process group of its own, whose output goes to a log file."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs, and before it was started."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Spawn without waiting. Call it from a thread that outlives the child (see leash.py)."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-S", str(_LEASH), str(os.getpid()), *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | self._environment,
                start_new_session=True,  # Ctrl-C in the terminal reaches the supervisor alone, which ends all in order
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Poll until ready. Raises ChildFailed when the child ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.exit_code is not None:
                raise ChildFailed(self.name, f"ended with code {self.exit_code} before it was ready", self.log)
            if time.monotonic() > deadline:
                raise ChildFailed(self.name, f"was not ready within {seconds:.0f} s", self.log)
            time.sleep(0.05)

    def stop(self, seconds: float = 10) -> None:
        """End the whole process group: SIGTERM, and SIGKILL after the time given. Harmless when it has ended."""
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)  # also reaches grandchildren that outlived the child
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
            pass


def tail(log: Path, lines: int = _TAIL) -> str:
    """The last lines of a log, for a person."""
    if not log.exists():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
