"""The embedded stack's clock: the machine's, moved forwards by what a small file says."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path


class FileClock:
    """A clock that several processes share by one file, `{"offsetSeconds": 0}`.

    The file may be written at any moment and is read again when it has changed. Without one the time is the machine's.
    """

    def __init__(self, path: Path | str | None) -> None:
        self._path = Path(path) if path is not None else None
        self._seen: tuple[int, int, int] | None = None
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The stack's time, aware and in UTC."""
        return datetime.now(UTC) + self.offset()

    def offset(self) -> timedelta:
        """How far the stack's time is ahead of the machine's."""
        version = self._version()
        if version != self._seen:
            self._offset = self._read(self._path) if self._path and version else timedelta(0)
            self._seen = version
        return self._offset

    def advance(self, by: timedelta) -> datetime:
        """Move the clock forwards, for all that share it; returns the new time.

        Raises ValueError for going back, OverflowError for going beyond the calendar.
        """
        if self._path is None or by < timedelta(0):
            raise ValueError("only a clock with a file can be moved, and only forwards")
        offset = self.offset() + by
        moved = datetime.now(UTC) + offset
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        draft.write_text(json.dumps({"offsetSeconds": offset.total_seconds()}), encoding="utf-8")
        draft.replace(self._path)
        return moved

    def _version(self) -> tuple[int, int, int] | None:
        """What differs between any two versions of the file; a rename gives a new inode even within one mtime tick."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _read(self, path: Path) -> timedelta:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            offset = timedelta(seconds=float(content["offsetSeconds"]))
            _ = datetime.now(UTC) + offset
            return offset
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            # Somebody is at it with an editor: time goes on as before until the file makes sense.
            return self._offset
