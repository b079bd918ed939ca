"""Queues, tasks and tombstones in one SQLite file, so that they outlive the process."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.tasks import names
from infra.local.tasks.records import Queue, Task

_SCHEMA = """
CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY, location TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tasks (
    name TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, queue TEXT NOT NULL, due INTEGER NOT NULL,
    running INTEGER NOT NULL DEFAULT 0, record TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tasks_by_queue ON tasks (queue, due) WHERE running = 0;
CREATE INDEX IF NOT EXISTS tasks_by_time ON tasks (due, queue) WHERE running = 0;
CREATE TABLE IF NOT EXISTS tombstones (name TEXT PRIMARY KEY, until INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS tombstones_by_time ON tombstones (until);
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Since 1970, exactly: floats would lose the last digit."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


class Store:
    """One connection, used by one event loop. Each method is one transaction."""

    def __init__(self, path: Path | str | None = None) -> None:
        """Open the file, or a store in memory when no path is given.

        A task that was running when the last process ended was cut short: it counts as waiting again.
        """
        self._db = sqlite3.connect(":memory:" if path is None else path)
        # The log is flushed by the operating system alone: a killed process loses nothing, a power cut might.
        self._db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_SCHEMA}")
        with self._db:
            self._db.execute("UPDATE tasks SET running = 0 WHERE running > 0")

    def close(self) -> None:
        self._db.close()

    # Queues

    def queue(self, name: str) -> Queue | None:
        row = self._db.execute("SELECT record FROM queues WHERE name = ?", (name,)).fetchone()
        return Queue.model_validate_json(row[0]) if row else None

    def queues(self, location: str, after: str, limit: int) -> list[Queue]:
        rows = self._db.execute(
            "SELECT record FROM queues WHERE location = ? AND name > ? ORDER BY name LIMIT ?", (location, after, limit)
        )
        return [Queue.model_validate_json(record) for (record,) in rows]

    def put_queue(self, queue: Queue) -> None:
        row = (queue.name, names.location_of(queue.name), queue.model_dump_json())
        with self._db:
            self._db.execute("DELETE FROM tombstones WHERE name = ?", (queue.name,))
            self._db.execute("INSERT OR REPLACE INTO queues VALUES (?, ?, ?)", row)

    def delete_queue(self, name: str, until: datetime) -> None:
        """Delete the queue; its name stays taken until then. Its tasks are ended by `end_all`."""
        with self._db:
            self._db.execute("DELETE FROM queues WHERE name = ?", (name,))
            self._bury([name], until)

    # Tasks

    def task(self, name: str) -> Task | None:
        row = self._db.execute("SELECT record FROM tasks WHERE name = ?", (name,)).fetchone()
        return Task.model_validate_json(row[0]) if row else None

    def current(self, task: Task) -> Task | None:
        """The same task as it stands now; None when it has ended, even where another bears its name."""
        row = self._db.execute("SELECT record FROM tasks WHERE key = ?", (task.key,)).fetchone()
        return Task.model_validate_json(row[0]) if row else None

    def tasks(self, queue: str, after: str, limit: int) -> list[Task]:
        rows = self._db.execute(
            "SELECT record FROM tasks WHERE queue = ? AND name > ? ORDER BY name LIMIT ?", (queue, after, limit)
        )
        return [Task.model_validate_json(record) for (record,) in rows]

    def all_tasks(self) -> list[Task]:
        rows = self._db.execute("SELECT record FROM tasks ORDER BY due, name")
        return [Task.model_validate_json(record) for (record,) in rows]

    def add(self, task: Task) -> None:
        row = (task.name, task.key, task.queue, microseconds(task.schedule_time), task.model_dump_json())
        with self._db:
            self._db.execute("INSERT INTO tasks (name, key, queue, due, record) VALUES (?, ?, ?, ?, ?)", row)

    def begin(self, task: Task) -> None:
        """Save the task as it is dispatched."""
        self._save(task, running=1)

    def put_back(self, task: Task) -> None:
        """Save the task as an attempt of it has failed."""
        self._save(task, running=-1)

    def end(self, task: Task, until: datetime) -> None:
        """Remove the task; its name stays taken until then."""
        with self._db:
            self._db.execute("DELETE FROM tasks WHERE key = ?", (task.key,))
            self._bury([task.name], until)

    def end_all(self, queue: str, until: datetime) -> None:
        """Remove a queue's tasks; their names stay taken until then."""
        with self._db:
            rows = self._db.execute("DELETE FROM tasks WHERE queue = ? RETURNING name", (queue,)).fetchall()
            self._bury([name for (name,) in rows], until)

    def _save(self, task: Task, running: int) -> None:
        row = (microseconds(task.schedule_time), running, task.model_dump_json(), task.key)
        with self._db:
            self._db.execute("UPDATE tasks SET due = ?, running = running + ?, record = ? WHERE key = ?", row)

    # What is due

    def queues_with_due(self, now: datetime) -> list[str]:
        rows = self._db.execute("SELECT DISTINCT queue FROM tasks WHERE running = 0 AND due <= ?", (microseconds(now),))
        return [name for (name,) in rows]

    def due(self, queue: str, now: datetime, limit: int) -> list[Task]:
        """The queue's waiting tasks whose time has come, the longest due first."""
        rows = self._db.execute(
            "SELECT record FROM tasks WHERE running = 0 AND queue = ? AND due <= ? ORDER BY due LIMIT ?",
            (queue, microseconds(now), limit),
        )
        return [Task.model_validate_json(record) for (record,) in rows]

    def next_due_in(self, now: datetime) -> float | None:
        """Seconds until a waiting task's time comes; None when none waits for its time."""
        at = microseconds(now)
        (due,) = self._db.execute("SELECT min(due) FROM tasks WHERE running = 0 AND due > ?", (at,)).fetchone()
        return None if due is None else (due - at) / 1_000_000

    # Tombstones

    def buried(self, name: str, now: datetime) -> bool:
        """Whether the name of something that ended is still taken."""
        with self._db:
            self._db.execute("DELETE FROM tombstones WHERE until <= ?", (microseconds(now),))
        return self._db.execute("SELECT 1 FROM tombstones WHERE name = ?", (name,)).fetchone() is not None

    def _bury(self, buried: Iterable[str], until: datetime) -> None:
        rows = [(name, microseconds(until)) for name in buried]
        self._db.executemany("INSERT OR REPLACE INTO tombstones VALUES (?, ?)", rows)
