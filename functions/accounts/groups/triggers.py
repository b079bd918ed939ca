"""The private functions `groups-tasks` and `groups-schedules`: what is left when the answer has gone out."""

from fastapi import Response

from accounts.groups import sweep, tidying, upkeep
from core import clock
from core.functions import Queue, Schedule, schedule_function, task_function
from core.logs import Log
from core.services.queue import INVOKER
from core.web.application import Application, Budget
from core.web.dependencies import TheDatabase, TheTasks
from core.web.preconditions import shown
from core.web.schemas import Draft, Id, View

tasks = Application(upkeep.TASKS, audience="machine", invoker=INVOKER)
schedules = Application("groups-schedules", audience="machine", invoker="scheduler-invoker")

_log = Log(__name__)


class TheGroup(Draft):
    group_id: Id


class TheMembership(Draft):
    membership_id: Id


class Changed(View):
    """How many people were not as they are now."""

    changed: int


class Swept(View):
    """What the sweep found; see `sweep.Found`."""

    moving: int
    deleted: int
    expired: int


@tasks.post("/tasks/move-group", shows=Changed, budget=Budget(rpcs=3, reads=3, writes=1, per="participant"))
async def move_group(task: TheGroup, db: TheDatabase, queue: TheTasks) -> Response:
    """Bring the people and documents of a group that was transferred into its new Customer."""
    return shown(Changed(changed=await upkeep.move(db, queue, task.group_id, clock.now())))


@tasks.post("/tasks/delete-group", shows=Changed, budget=Budget(rpcs=3, reads=3, writes=1, per="participant"))
async def delete_group(task: TheGroup, db: TheDatabase, queue: TheTasks) -> Response:
    """Take everybody out of a deleted group, and then what is left of it away."""
    return shown(Changed(changed=await upkeep.delete(db, queue, task.group_id, clock.now())))


@tasks.post("/tasks/tidy-membership", shows=Changed, budget=Budget(rpcs=1, reads=1, per="group"))
async def tidy_membership(task: TheMembership, db: TheDatabase) -> Response:
    """Take somebody who has left a Customer off the rosters of its groups."""
    return shown(Changed(changed=await tidying.tidy(db, task.membership_id)))


@schedules.post("/schedules/sweep-groups", shows=Swept, budget=Budget(rpcs=3, reads=3, per="group"))
async def sweep_groups(db: TheDatabase, queue: TheTasks) -> Response:
    """Find groups that were left half moved or half deleted, and end offers that nobody has accepted."""
    swept = Swept(**vars(await sweep.sweep(db, queue, clock.now())))
    _log.info("groups_swept", **swept.model_dump())
    return shown(swept)


groups_tasks = task_function(tasks, queue=Queue(upkeep.TASKS))
groups_schedules = schedule_function(schedules, schedules=[Schedule("sweep-groups", "30 3 * * *")])
