"""infra/functions.json: what is deployed, for Terraform."""

from collections.abc import Iterable
from typing import Any

from core.functions import Function, ObjectEvents, Queue, Resources, Schedule
from core.settings import REGION
from infra.manifest.files import Generated, as_json


def generated(functions: Iterable[Function]) -> Generated:
    """Return infra/functions.json: the region, and each function by its name."""
    described = {function.name: _described(function) for function in sorted(functions, key=lambda found: found.name)}
    return Generated("infra/functions.json", as_json({"region": REGION, "functions": described}))


def _described(function: Function) -> dict[str, Any]:
    return {
        "trigger": function.trigger.value,
        "entryPoint": function.entry_point,
        "serviceAccount": function.service_account,
        # Who may call it: everybody through Hosting, or the one account that its Application names.
        "invoker": function.application.invoker or None,
        "resources": _resources(function.resources),
        "paths": sorted(function.paths),
        "schedules": {found.name: _schedule(found) for found in sorted(function.schedules, key=lambda each: each.name)},
        "queue": _queue(function.queue) if function.queue else None,
        "events": _events(function.events) if function.events else None,
    }


def _resources(resources: Resources) -> dict[str, Any]:
    return {
        "memory": resources.memory,
        "cpu": resources.cpu,
        "concurrency": resources.concurrency,
        "timeoutSeconds": resources.timeout,
        "minInstances": resources.min_instances,
    }


def _schedule(schedule: Schedule) -> dict[str, str]:
    return {"cron": schedule.cron, "timeZone": schedule.zone, "path": schedule.path}


def _events(events: ObjectEvents) -> dict[str, Any]:
    """Return an Eventarc trigger's settings. Without `retry` an event whose handler failed would be lost.

    Source: https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions#eventtrigger
    """
    return {"bucket": events.bucket.name, "type": events.type, "retry": True}


def _queue(queue: Queue) -> dict[str, Any]:
    """Return the queue's settings, with units in their names.

    Source: https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues
    """
    return {
        "name": queue.name,
        "maxAttempts": queue.max_attempts,
        "minBackoffSeconds": queue.min_backoff,
        "maxBackoffSeconds": queue.max_backoff,
        "maxDoublings": queue.max_doublings,
        "maxDispatchesPerSecond": queue.max_dispatches_per_second,
        "maxConcurrentDispatches": queue.max_concurrent_dispatches,
    }
