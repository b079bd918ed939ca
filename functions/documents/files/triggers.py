"""The private functions `files-events`, `files-tasks` and `files-schedules`."""

from typing import Annotated

from fastapi import Depends, Query, Response

from core import clock
from core.data.buckets import UPLOADS
from core.functions import Queue, Resources, Schedule, event_function, schedule_function, task_function
from core.logs import Log
from core.media.scanning import Clamd, Scanner
from core.services.queue import INVOKER
from core.settings import Settings
from core.web.application import Application, Budget
from core.web.dependencies import TheDatabase, TheObjects, TheSettings, TheTasks
from core.web.events import ObjectFinalized, object_finalized
from core.web.preconditions import shown
from core.web.schemas import Draft, Id, View
from documents.files import arrival, comparison, copying, removal, sweep
from documents.records import FILES_TASKS

events = Application("files-events", audience="event")
tasks = Application(FILES_TASKS, audience="machine", invoker=INVOKER)
schedules = Application("files-schedules", audience="machine", invoker="scheduler-invoker")

TheObjectFinalized = Annotated[ObjectFinalized, Depends(object_finalized)]

_log = Log(__name__)


class TheFile(Draft):
    document_id: Id
    file_id: Id


class TheDocument(Draft):
    document_id: Id


class Settled(View):
    state: str | None


class Deleted(View):
    deleted: int


class Copied(View):
    copied: int


class Swept(View):
    """What the sweep found; see `sweep.Found` and `comparison.Differences`."""

    dry_run: bool
    expired: int
    arrived: int
    deleted: int
    copies: int
    orphans: int
    missing: int


def _scanner(settings: Settings) -> Scanner | None:
    return Clamd(settings.clamd_host, settings.clamd_port) if settings.clamd_host else None


@events.post("/", shows=Settled, budget=Budget(rpcs=3, reads=3, writes=3))
async def file_arrived(
    event: TheObjectFinalized, db: TheDatabase, objects: TheObjects, settings: TheSettings
) -> Response:
    """Look at an upload that has come to its end, and make its file ready or rejected."""
    state = await arrival.arrive(db, objects, _scanner(settings), settings.key, event.name, event.generation)
    return shown(Settled(state=state))


@tasks.post("/tasks/settle-upload", shows=Settled, budget=Budget(rpcs=4, reads=4, writes=3))
async def settle_upload(task: TheFile, db: TheDatabase, objects: TheObjects, settings: TheSettings) -> Response:
    """Do for an upload what its event should have brought about."""
    state = await arrival.settle_again(db, objects, _scanner(settings), settings.key, task.document_id, task.file_id)
    return shown(Settled(state=state))


@tasks.post("/tasks/delete-file", shows=Deleted, budget=Budget(rpcs=3, reads=2, writes=1))
async def delete_file(task: TheFile, db: TheDatabase, objects: TheObjects) -> Response:
    """Finish the deletion of a file."""
    return shown(Deleted(deleted=int(await removal.finish(db, objects, task.document_id, task.file_id))))


@tasks.post("/tasks/copy-files", shows=Copied, budget=Budget(rpcs=5, reads=3, writes=1, per="file"))
async def copy_files(task: TheDocument, db: TheDatabase, objects: TheObjects, settings: TheSettings) -> Response:
    """Bring the files of a document into its copy."""
    copied = await copying.copy_files(db, objects, task.document_id, settings.storage_limit_bytes, clock.now())
    return shown(Copied(copied=copied))


@schedules.post("/schedules/sweep-files", shows=Swept, budget=Budget(rpcs=4, reads=4, per="file"))
async def sweep_files(
    db: TheDatabase,
    objects: TheObjects,
    queue: TheTasks,
    dry_run: Annotated[bool, Query(alias="dryRun", description="look, and change nothing")] = False,
) -> Response:
    """Put right what was left half way, and hold buckets and records against each other."""
    found = await sweep.Sweep(db, objects, queue, clock.now(), dry_run).run()
    differences = await comparison.compare(db, objects, clock.now(), dry=dry_run)
    swept = Swept(dry_run=dry_run, **vars(found), **vars(differences))
    _log.info("files_swept", **swept.model_dump())
    return shown(swept)


# Pictures are decoded and recordings pass through, so few at a time, and room for the largest of them.
_HEAVY = Resources(memory="2Gi", cpu=2, concurrency=4, timeout=540)

files_events = event_function(events, bucket=UPLOADS, resources=_HEAVY)
files_tasks = task_function(tasks, queue=Queue(FILES_TASKS), resources=_HEAVY)
files_schedules = schedule_function(schedules, schedules=[Schedule("sweep-files", "15 4 * * *")])
