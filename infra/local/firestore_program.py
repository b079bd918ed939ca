"""Finds Google's Firestore emulator on this machine, or has firebase-tools download it.

Looked for in this order: gcloud's component `cloud-firestore-emulator`, firebase-tools' cache, its download.
"""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from infra.local.machine import MissingPart, java_version
from infra.local.places import ROOT

_JAR = Path("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar")
_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"


def command() -> list[str]:
    """The start of the command line that runs the emulator; options follow. Raises MissingPart.

    Java itself rather than gcloud's shell script, which would stand between us and the process to end.
    """
    jar = _of_gcloud() or _of_firebase_tools() or _downloaded()
    _check_java(jar)
    # The emulator gives English error messages only; the serial collector starts sooner and takes less memory.
    return ["java", "-Duser.language=en", "-XX:+UseSerialGC", "-cp", str(jar), _MAIN]


def _of_gcloud() -> Path | None:
    executable = shutil.which("gcloud")
    if executable is None:
        return None
    beside = Path(executable).resolve().parents[1] / _JAR  # costs nothing; asking gcloud costs a second
    if beside.exists():
        return beside
    named = _root_that_gcloud_names(executable) / _JAR
    return named if named.exists() else None


def _root_that_gcloud_names(executable: str) -> Path:
    answer = subprocess.run(
        [executable, "info", "--format=value(installation.sdk_root)"], capture_output=True, text=True, check=False
    )
    return Path(answer.stdout.strip() or os.devnull)


def _of_firebase_tools() -> Path | None:
    cache = Path.home() / ".cache" / "firebase" / "emulators"
    jars = cache.glob("cloud-firestore-emulator-*.jar")
    return max(jars, key=lambda jar: jar.stat().st_mtime, default=None)


def _downloaded() -> Path:
    firebase = ROOT / "node_modules" / ".bin" / "firebase"
    setup = subprocess.run(
        [str(firebase), "setup:emulators:firestore"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    jar = _of_firebase_tools()
    if jar is None:
        raise MissingPart(
            "Google's Firestore emulator is not on this machine and could not be downloaded. "
            "With gcloud: gcloud components install cloud-firestore-emulator "
            "(Debian's packages: sudo apt-get install google-cloud-cli-firestore-emulator). "
            f"firebase-tools said: {(setup.stdout + setup.stderr).strip()[-500:]}"
        )
    return jar


def _check_java(jar: Path) -> None:
    needed, present = _java_needed_by(jar), java_version()
    if present is None or present < needed:
        raise MissingPart(
            f"The Firestore emulator {jar.name} needs Java {needed}, found: {present or 'none'}. "
            f"Install: sudo apt-get install openjdk-{needed}-jre-headless, or on macOS: brew install openjdk@{needed}"
        )


def _java_needed_by(jar: Path) -> int:
    """The Java release that the emulator's main class was compiled for, from the class file's version number."""
    with zipfile.ZipFile(jar) as archive, archive.open(_MAIN.replace(".", "/") + ".class") as main:
        header = main.read(8)
    return int.from_bytes(header[6:8], "big") - 44
