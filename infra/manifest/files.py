"""Generated files: written, or compared with what is committed."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Generated:
    """A file's path below the checkout's root, and all that it must hold."""

    path: str
    text: str

    def is_current(self, root: Path) -> bool:
        """Tell whether the committed file holds exactly this, to the byte."""
        file = root / self.path
        return file.is_file() and file.read_bytes() == self.text.encode()

    def write(self, root: Path) -> None:
        file = root / self.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(self.text.encode())


def stale(files: Iterable[Generated], root: Path) -> list[str]:
    """Return the paths of those that are not as they would be written, in order."""
    return sorted(file.path for file in files if not file.is_current(root))


def as_json(value: object) -> str:
    """Return JSON as it is committed: indented by 2, letters as they are, a newline at the end."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
