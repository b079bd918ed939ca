"""`python -m infra.local.stack up|down|reset|status`: the embedded stack, as `make dev` and its siblings use it."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from infra.local.child import ChildFailed
from infra.local.machine import MissingPart
from infra.local.places import HOME, ROOT, Home
from infra.local.ports import PortTaken, PortUnreadable
from infra.local.supervisor import AlreadyRunning, Supervisor, running_pid

_STOP_SECONDS = 60


def main() -> int:
    """Do what the command line says; the exit code is 0 when the stack is then as wished."""
    options = _parser().parse_args()
    home = Home(options.home.resolve())
    console = Console()
    commands = {"up": start_detached if options.detach else up, "down": down, "reset": reset, "status": status}
    return commands[options.command](home, console)


def up(home: Home, console: Console) -> int:
    """Run the stack in the foreground until Ctrl-C or SIGTERM."""
    if running_pid(home):
        return _already_running(home, console)
    try:
        Supervisor(home, console).run()
    except AlreadyRunning:
        return _already_running(home, console)
    except (ChildFailed, ConnectionError, MissingPart, PortTaken, PortUnreadable) as reason:
        console.print(f"{reason}", style="red", markup=False, highlight=False, soft_wrap=True)
        return 1
    return 0


def start_detached(home: Home, console: Console) -> int:
    """Start the same supervisor in the background, show its progress, and return once it is ready or has failed."""
    if running_pid(home):
        return _already_running(home, console)
    home.logs.mkdir(parents=True, exist_ok=True)
    log = home.logs / "stack.log"
    with log.open("wb") as output:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "infra.local.stack", "up", "--home", str(home.path)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return _follow(supervisor, log, home, console)


def down(home: Home, console: Console) -> int:
    """Stop the running stack and wait until it has; its data are kept."""
    pid = running_pid(home)
    if pid is None:
        console.print("The stack does not run.")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while running_pid(home) == pid:
        if time.monotonic() > deadline:
            console.print(f"It has not stopped within {_STOP_SECONDS} s; see {home.logs}. To end it: kill -9 {pid}")
            return 1
        time.sleep(0.1)
    console.print("Stopped; the data are kept for the next start.")
    return 0


def reset(home: Home, console: Console) -> int:
    """Stop the stack when it runs, and forget its data."""
    if running_pid(home) and down(home, console):
        return 1
    shutil.rmtree(home.data, ignore_errors=True)
    console.print("The stack's data are forgotten.")
    return 0


def status(home: Home, console: Console) -> int:
    """Say whether the stack runs and where; exit code 1 when it is not ready."""
    pid, addresses = running_pid(home), _addresses(home)
    if addresses:
        console.print_json(json.dumps(addresses))
        return 0
    console.print(f"The stack is starting or stopping (process {pid})." if pid else "The stack does not run.")
    return 1


def _follow(supervisor: subprocess.Popen[bytes], log: Path, home: Home, console: Console) -> int:
    with log.open(encoding="utf-8", errors="replace") as lines:
        try:
            while (ended := supervisor.poll()) is None and not _is_ready(home, supervisor.pid):
                console.out(lines.read(), end="", highlight=False)
                time.sleep(0.1)
        except KeyboardInterrupt:
            supervisor.send_signal(signal.SIGTERM)
            ended = supervisor.wait() or 130
        console.out(lines.read(), end="", highlight=False)
    return ended or 0


def _is_ready(home: Home, pid: int) -> bool:
    return _addresses(home).get("pid") == pid


def _already_running(home: Home, console: Console) -> int:
    """A ready stack is what was wished for; one that is just starting or stopping is not."""
    addresses = _addresses(home)
    if not addresses:
        console.print(f"A stack is starting or stopping (process {running_pid(home)}): wait, or `make dev-stop`.")
        return 1
    console.print(f"The stack runs already: {addresses['url']}   (`make dev-stop` stops it)", highlight=False)
    return 0


def _addresses(home: Home) -> dict[str, str | int]:
    try:
        return json.loads(home.stack_file.read_text())
    except FileNotFoundError:
        return {}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local.stack", description=__doc__)
    parser.add_argument("command", choices=["up", "down", "reset", "status"])
    parser.add_argument("--detach", action="store_true", help="with `up`: return once the stack is ready")
    parser.add_argument("--home", type=Path, default=HOME.path, help="folder for data, logs and stack.json")
    return parser


if __name__ == "__main__":
    sys.exit(main())
