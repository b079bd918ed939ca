import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.local.child import Child, ChildFailed
from infra.local.places import ROOT


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "child.log"


def python(code: str, log: Path, **environment: str) -> Child:
    return Child("child", [sys.executable, "-c", code], log, environment)


def is_alive(pid: int) -> bool:
    """A zombie that nobody has collected yet is not alive."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(found.stdout.strip()) and not found.stdout.startswith("Z")


def ends(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid)


class TestWaitUntil:
    def test_returns_when_the_child_is_ready(self, log: Path) -> None:
        child = python("print('listening', flush=True); import time; time.sleep(60)", log)
        child.start()

        child.wait_until(lambda: "listening" in log.read_text(), 10)

        assert child.exit_code is None
        child.stop()

    def test_tells_the_last_words_of_a_child_that_ended(self, log: Path) -> None:
        child = python("print('first', flush=True); raise SystemExit('no database')", log)
        child.start()

        with pytest.raises(ChildFailed, match=r"child ended with code 1 (?s:.*)first\nno database$"):
            child.wait_until(lambda: False, 10)

    def test_tells_the_last_words_of_one_that_is_never_ready(self, log: Path) -> None:
        child = python("print('thinking', flush=True); import time; time.sleep(60)", log)
        child.start()

        with pytest.raises(ChildFailed, match=r"not ready within 1 s(?s:.*)thinking$"):
            child.wait_until(lambda: False, 1)
        child.stop()


class TestStop:
    def test_kills_one_that_ignores_the_request(self, log: Path) -> None:
        child = python(
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True);"
            "time.sleep(60)",
            log,
        )
        child.start()
        child.wait_until(lambda: "deaf" in log.read_text(), 10)

        child.stop(seconds=0.2)

        assert child.exit_code == -signal.SIGKILL

    def test_ends_what_the_child_started(self, log: Path) -> None:
        child = python(
            "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()", log
        )
        child.start()
        child.wait_until(lambda: log.read_text().endswith("\n"), 10)

        child.stop()

        assert ends(int(log.read_text()))

    def test_is_harmless_before_a_start_and_after_an_end(self, log: Path) -> None:
        child = python("pass", log)
        child.stop()
        child.start()
        child.stop()
        child.stop()


class TestStart:
    def test_hands_the_environment_down(self, log: Path) -> None:
        child = python("import os; print(os.environ['WORD'], 'PATH' in os.environ)", log, WORD="blåbær")
        child.start()
        child.wait_until(lambda: log.read_text() == "blåbær True\n", 10)
        child.stop()

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
    def test_a_killed_parent_leaves_no_child(self, log: Path) -> None:
        code = (
            "from infra.local.child import Child; from pathlib import Path; import sys, time;"
            f"child = Child('child', ['sleep', '60'], Path({str(log)!r})); child.start();"
            "print(child.pid, flush=True); time.sleep(60)"
        )
        parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)

        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()

        assert ends(pid)
