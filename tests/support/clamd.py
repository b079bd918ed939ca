"""ClamAV's daemon itself, where it is installed (`apt-get install clamav-daemon`), with one signature of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local import ports
from infra.local.child import Child

# The test file that every scanner knows (https://www.eicar.org), in two halves so that none finds it here.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"

_SIGNATURE = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n"

# Debian keeps it where only root looks.
_CLAMD = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")

needs_clamd = pytest.mark.skipif(_CLAMD is None, reason="clamd is not installed")


@contextmanager
def scanning(folder: Path) -> Iterator[int]:
    """Run it until the end of the block, with a data base that knows EICAR's file alone. Yields its port."""
    assert _CLAMD
    port, signatures = ports.free_port(), folder / "signatures"
    signatures.mkdir()
    (signatures / "test.hdb").write_text(_SIGNATURE)
    settings = {
        "TCPSocket": port,
        "TCPAddr": ports.ADDRESS,
        "DatabaseDirectory": signatures,
        "TemporaryDirectory": folder,
        "Foreground": "yes",
    }
    told = folder / "clamd.conf"
    told.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    child = Child("clamd", [_CLAMD, "-c", str(told)], folder / "clamd.log")
    child.start()
    try:
        child.wait_until(lambda: ports.is_open(port))
        yield port
    finally:
        child.stop()
