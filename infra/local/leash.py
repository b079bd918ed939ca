"""Runs a command that ends when its parent ends, even when the parent is killed: `leash.py PARENT_PID COMMAND…`.

A script of its own, as subprocess's preexec_fn is unsafe in a parent with threads, and the parents here have gRPC's.
The kernel ties the signal to the *thread* that spawned the child: spawn from one that lives as long as the child may.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Replace this process by the command, on a leash where the kernel knows one (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the leash was on
            sys.exit("The parent is gone.")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
