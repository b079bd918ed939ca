"""Firestore's messages come without its client, and are the client's own all the same."""

from __future__ import annotations

import subprocess
import sys

from tests.support.api import ROOT


def _told(program: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "functions", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class TestFirestore:
    def test_loads_no_client(self) -> None:
        program = """
import sys
from core.data import messages
assert messages.firestore().CommitRequest.pb()(database="d").database == "d"
print([name for name in sys.modules if "google.cloud.firestore_v1" in name and ".types" not in name])
"""
        assert _told(program) == "[]"

    def test_leaves_the_client_whole_for_whoever_wants_it_later(self) -> None:
        program = """
from core.data import messages
ours = messages.firestore()
from google.cloud import firestore
from google.cloud.firestore_v1.types import firestore as theirs
print(ours is theirs, firestore.AsyncClient.__name__, messages.firestore() is ours)
"""
        assert _told(program) == "True AsyncClient True"

    def test_uses_the_client_that_is_there_already(self) -> None:
        program = """
from google.cloud.firestore_v1.types import firestore as theirs
from core.data import messages
print(messages.firestore() is theirs)
"""
        assert _told(program) == "True"
