"""The private functions `authoring-tasks` and `authoring-schedules`: what is left when the answer has gone out."""

from datetime import timedelta

from fastapi import Response

from core import clock
from core.functions import Queue, Schedule, schedule_function, task_function
from core.services.queue import INVOKER, Tasks
from core.web.application import Application, Budget
from core.web.dependencies import TheDatabase, TheObjects, TheSettings, TheTasks
from core.web.preconditions import shown
from core.web.schemas import Draft, Id, View
from documents.authoring import following, history, trash

MOST = 2_000
"""Documents that one call purges; what is left is the next one's."""

MOST_FOLLOWING = 300
"""Documents that follow a group in one call."""

tasks = Application(trash.TASKS, audience="machine", invoker=INVOKER)
schedules = Application("authoring-schedules", audience="machine", invoker="scheduler-invoker")


class PurgeDocument(Draft):
    document_id: Id


class FollowGroup(Draft):
    group_id: Id


class Nothing(Draft):
    """A task without a payload."""


class Purged(View):
    marked: int = 0
    purged: int


class Followed(View):
    followed: int


class Pruned(View):
    pruned: int


@tasks.post("/tasks/purge-document", shows=Purged, budget=Budget(rpcs=7, reads=4, per="descendant"))
async def purge_document(task: PurgeDocument, db: TheDatabase, objects: TheObjects) -> Response:
    """Delete a marked document with everything below it; one that is not there or not marked is left alone."""
    return shown(Purged(purged=int(await trash.purge_document(db, objects, task.document_id))))


@tasks.post("/tasks/purge-marked", shows=Purged, budget=Budget(rpcs=1, per="document"))
async def purge_marked(_: Nothing, db: TheDatabase, objects: TheObjects, queue: TheTasks) -> Response:
    """Delete all marked documents, going on in another task when there are many."""
    purged = await trash.purge_marked(db, objects, MOST)
    if purged == MOST:
        await _go_on(queue)
    return shown(Purged(purged=purged))


@tasks.post("/tasks/follow-group", shows=Followed, budget=Budget(rpcs=3, reads=3, per="document"))
async def follow_group(task: FollowGroup, db: TheDatabase, queue: TheTasks) -> Response:
    """Let documents follow a group to the Customer that has it now, or let go of one that is no more."""
    followed = await following.follow(db, task.group_id, MOST_FOLLOWING)
    if followed == MOST_FOLLOWING:
        name = f"{task.group_id} after {clock.now().isoformat()}"
        await queue.enqueue(trash.TASKS, "follow-group", {"groupId": task.group_id}, name=name)
    return shown(Followed(followed=followed))


@schedules.post("/schedules/purge-trash", shows=Purged, budget=Budget(rpcs=2, per="document"))
async def purge_trash(db: TheDatabase, objects: TheObjects, queue: TheTasks) -> Response:
    """Purge what has been in the trash for its time, and what a lost task has left behind."""
    marked = await trash.purge_due(db, clock.now())
    purged = await trash.purge_marked(db, objects, MOST)
    if purged == MOST:
        await _go_on(queue)
    return shown(Purged(marked=marked, purged=purged))


async def _go_on(queue: Tasks) -> None:
    await queue.enqueue(trash.TASKS, "purge-marked", {}, name=f"after {clock.now().isoformat()}")


@schedules.post("/schedules/prune-revisions", shows=Pruned, budget=Budget(rpcs=1, per="document"))
async def prune_revisions(db: TheDatabase, settings: TheSettings) -> Response:
    """Let go of revisions that are neither among a document's newest 100 nor younger than a year."""
    older_than = clock.now() - timedelta(days=settings.revisions_kept_days)
    return shown(Pruned(pruned=await history.prune(db, settings.revisions_kept, older_than)))


authoring_tasks = task_function(tasks, queue=Queue(trash.TASKS))
authoring_schedules = schedule_function(
    schedules, schedules=[Schedule("purge-trash", "15 3 * * *"), Schedule("prune-revisions", "45 3 * * *")]
)
