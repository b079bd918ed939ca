"""Where the embedded stack keeps its things, seen from the checkout's root."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROJECT_ID = "demo-dokker"
"""The `demo-` prefix makes Google's clients and firebase-tools refuse to reach a real project by mistake."""


@dataclass(frozen=True)
class Home:
    """The folder of one stack. The developer's is `.local`; a test that starts a stack brings one of its own."""

    path: Path

    @property
    def data(self) -> Path:
        """What outlives a stop and goes with `make dev-reset`."""
        return self.path / "data"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def stack_file(self) -> Path:
        """The addresses, for clients and scripts; there only while the stack is ready."""
        return self.path / "stack.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the running supervisor, whose process id it holds."""
        return self.path / "stack.lock"


HOME = Home(ROOT / ".local")
