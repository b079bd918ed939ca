"""The calls of the Cloud Tasks API, as plain functions on the store.

They don't wait for anything, so each is one step for the event loop: no two calls can meet in the middle of one.
https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from infra.local.tasks import names, refusals
from infra.local.tasks.admission import admit, check_queue
from infra.local.tasks.records import Queue, QueueConfig, QueueState, Task, TaskDraft
from infra.local.tasks.store import Store

# The documented time was an hour for long and is now "up to 24 hours"; the hour is what one can count on.
TASK_NAME_REST = timedelta(hours=1)
QUEUE_NAME_REST = timedelta(days=3)


@dataclass
class Service:
    """`changed` is called when there may be something to dispatch; `run` dispatches one task at once."""

    store: Store
    now: Callable[[], datetime]
    changed: Callable[[], None]
    run: Callable[[Task], Task]
    config_of_new_queues: QueueConfig | None = None

    # Queues

    def create_queue(self, location: str, name: str, config: QueueConfig) -> Queue:
        names.location(location)
        if names.location_of(names.queue(name)) != location:
            raise refusals.invalid(f"The queue name '{name}' must be in the location from request ('{location}').")
        if self.store.queue(name):
            raise refusals.taken("Queue already exists")
        return self._new_queue(name, config)

    def get_queue(self, name: str) -> Queue:
        queue = self.store.queue(names.queue(name))
        if queue is None:
            raise refusals.missing(refusals.QUEUE_MISSING)
        return queue

    def list_queues(self, location: str, after: str, limit: int) -> list[Queue]:
        return self.store.queues(names.location(location), after, limit)

    def update_queue(self, name: str, change: Callable[[QueueConfig], QueueConfig]) -> Queue:
        """Change the queue's configuration, or create the queue with it."""
        queue = self.store.queue(names.queue(name))
        if queue is None:
            return self._new_queue(name, change(QueueConfig()))
        return self._put(queue.model_copy(update={"config": check_queue(change(queue.config))}))

    def delete_queue(self, name: str) -> None:
        if self.store.queue(names.queue(name)) is None:
            raise refusals.missing()
        now = self.now()
        self.store.end_all(name, until=now + TASK_NAME_REST)
        self.store.delete_queue(name, until=now + QUEUE_NAME_REST)

    def purge_queue(self, name: str) -> Queue:
        """Delete the queue's tasks; their names stay taken for an hour, as after any end."""
        queue, now = self.get_queue(name), self.now()
        self.store.end_all(name, until=now + TASK_NAME_REST)
        return self._put(queue.model_copy(update={"purge_time": now}))

    def pause_queue(self, name: str) -> Queue:
        return self._put(self.get_queue(name).model_copy(update={"state": QueueState.PAUSED}))

    def resume_queue(self, name: str) -> Queue:
        return self._put(self.get_queue(name).model_copy(update={"state": QueueState.RUNNING}))

    def ensure_queue(self, name: str, config: QueueConfig) -> Queue:
        """Create the queue or give it that configuration, even where its name should still rest."""
        queue = self.store.queue(names.queue(name)) or Queue(name=name, config=config)
        return self._put(queue.model_copy(update={"config": check_queue(config)}))

    # Tasks

    def create_task(self, queue: str, draft: TaskDraft) -> Task:
        self._queue_for_task(queue)
        now = self.now()
        task = admit(draft, queue, now)
        if self.store.task(task.name):
            raise refusals.taken()
        if self.store.buried(task.name, now):
            raise refusals.taken(refusals.TASK_TOO_RECENT)
        self.store.add(task)
        self.changed()
        return task

    def get_task(self, name: str) -> Task:
        task = self.store.task(names.task(name))
        if task is None:
            ended = self.store.buried(name, self.now())
            raise refusals.missing(refusals.TASK_ENDED if ended else refusals.ENTITY_MISSING)
        return task

    def list_tasks(self, queue: str, after: str, limit: int) -> list[Task]:
        self.get_queue(queue)
        return self.store.tasks(queue, after, limit)

    def delete_task(self, name: str) -> None:
        """Delete a task, be it waiting or running. A running attempt isn't cut short, but never repeated."""
        self.store.end(self.get_task(name), until=self.now() + TASK_NAME_REST)

    def run_task(self, name: str) -> Task:
        """Dispatch a task at once, whatever its time, the queue's state and its limits."""
        return self.run(self.get_task(name))

    def _queue_for_task(self, name: str) -> Queue:
        unknown = self.store.queue(names.queue(name)) is None
        if unknown and self.config_of_new_queues and not self.store.buried(name, self.now()):
            return self._new_queue(name, self.config_of_new_queues)
        return self.get_queue(name)

    def _new_queue(self, name: str, config: QueueConfig) -> Queue:
        if self.store.buried(name, self.now()):
            raise refusals.premature(refusals.QUEUE_TOO_RECENT)
        return self._put(Queue(name=name, config=check_queue(config)))

    def _put(self, queue: Queue) -> Queue:
        self.store.put_queue(queue)
        self.changed()
        return queue
