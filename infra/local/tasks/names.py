"""Resource names: `projects/P/locations/L/queues/Q/tasks/T`.

The permitted characters are those of https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues
"""

from __future__ import annotations

import re
import secrets

from infra.local.tasks.refusals import invalid

_LOCATION = r"projects/[A-Za-z0-9:.-]+/locations/[A-Za-z0-9-]+"
_LOCATION_NAME = re.compile(_LOCATION)
_QUEUE_NAME = re.compile(rf"({_LOCATION})/queues/[A-Za-z0-9-]{{1,100}}")
_TASK_ID = re.compile(r"[A-Za-z0-9_-]{1,500}")


def location(name: str) -> str:
    """The name itself. Raises Refusal when it isn't a location's."""
    if not _LOCATION_NAME.fullmatch(name):
        raise invalid('Location name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>".')
    return name


def queue(name: str) -> str:
    """The name itself. Raises Refusal when it isn't a queue's."""
    if not _QUEUE_NAME.fullmatch(name):
        raise invalid(
            'Queue name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>".'
        )
    return name


def task(name: str) -> str:
    """The name itself. Raises Refusal when it isn't a task's."""
    parent, slash, task_id = name.partition("/tasks/")
    if not slash or not _QUEUE_NAME.fullmatch(parent):
        raise invalid(
            "Task name must be formatted: "
            '"projects/<PROJECT_ID>/locations/<LOCATION_ID>/queues/<QUEUE_ID>/tasks/<TASK_ID>".'
        )
    if not _TASK_ID.fullmatch(task_id):
        raise invalid(
            f'Task ID "{task_id}" can contain only letters ([A-Za-z]), numbers ([0-9]), hyphens (-), '
            "or underscores (_). Task ID must between 1 and 500 characters."
        )
    return name


def location_of(queue_name: str) -> str:
    return queue_name.partition("/queues/")[0]


def queue_of(task_name: str) -> str:
    return task_name.partition("/tasks/")[0]


def random_task(queue_name: str) -> str:
    """A name for an unnamed task: digits only, as the real service gives them."""
    return f"{queue_name}/tasks/{secrets.randbelow(9 * 10**19) + 10**19}"
