"""What the embedded stack needs of the machine, named with the command that installs it when it is missing.

`python -m infra.local.machine [java] [node] [npm]` checks those named, else all. It imports nothing but the standard
library, so that it can run before anything is installed.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

JAVA = 11
NODE = 20


class MissingPart(Exception):
    """A program that has to be installed by the person whose machine it is."""


@dataclass(frozen=True)
class Part:
    """A program, the release it must have at least, and how to get it."""

    name: str
    needed: int | None
    present: int | None
    installed: bool
    debian: str
    macos: str

    @property
    def complaint(self) -> str | None:
        """A line for the person, None when all is well."""
        if self.installed and (self.needed is None or (self.present or 0) >= self.needed):
            return None
        wanted = f"{self.name} {self.needed} or newer" if self.needed else self.name
        found = f"release {self.present} is here" if self.present else "not found"
        return f"{wanted} is needed ({found}). Debian, Ubuntu: sudo {self.debian}   macOS: brew install {self.macos}"


def parts() -> dict[str, Part]:
    """All the parts, as this machine has them."""
    java, node, npm = java_version(), node_version(), shutil.which("npm") is not None
    return {
        "java": Part("Java", JAVA, java, java is not None, "apt-get install default-jre-headless", "openjdk"),
        "node": Part("Node.js", NODE, node, node is not None, "apt-get install nodejs npm", "node"),
        "npm": Part("npm", None, None, npm, "apt-get install npm", "node"),
    }


def check(*names: str) -> None:
    """Check those named, else all. Raises MissingPart, which names everything that is missing at once."""
    present = parts()
    complaints = [complaint for name in names or present if (complaint := present[name].complaint)]
    if complaints:
        raise MissingPart("\n".join(complaints))


def java_version() -> int | None:
    """The main release number: 17 of `openjdk version "17.0.15"`, 8 of `java version "1.8.0_292"`."""
    found = re.search(r'version "(?:1\.)?(\d+)', _said("java", "-version"))
    return int(found[1]) if found else None


def node_version() -> int | None:
    """The main release number: 20 of `v20.20.2`."""
    found = re.match(r"v(\d+)\.", _said("node", "--version"))
    return int(found[1]) if found else None


def _said(program: str, argument: str) -> str:
    if shutil.which(program) is None:
        return ""
    answer = subprocess.run([program, argument], capture_output=True, text=True, check=False)
    return answer.stdout + answer.stderr  # java speaks on standard error


if __name__ == "__main__":
    try:
        check(*sys.argv[1:])
    except MissingPart as missing:
        sys.exit(str(missing))
