"""The private functions `outreach-tasks` and `outreach-schedules`."""

from fastapi import Response

from accounts.outreach import delivery, sweep
from accounts.outreach.delivery import Ending
from accounts.outreach.links import Links
from core import clock
from core.functions import Queue, Schedule, schedule_function, task_function
from core.services.outbox import OUTREACH_TASKS
from core.services.queue import INVOKER
from core.web.application import Application, Budget
from core.web.dependencies import TheDatabase, TheMail, TheSettings, TheTasks
from core.web.preconditions import shown
from core.web.schemas import Draft, Id, View

tasks = Application(OUTREACH_TASKS, audience="machine", invoker=INVOKER)
schedules = Application("outreach-schedules", audience="machine", invoker="scheduler-invoker")


class TheNotice(Draft):
    notice_id: Id


class Nothing(Draft):
    """A task whose name says all that it is to do."""


class Delivered(View):
    ending: Ending


class HandedOut(View):
    due: int


class Swept(View):
    """How many notices were due, and how many of those that are kept no mail could be delivered of."""

    due: int
    dead: int


class Removed(View):
    removed: int


@tasks.post("/tasks/deliver-notice", shows=Delivered, budget=Budget(rpcs=6, reads=5, writes=2))
async def deliver_notice(task: TheNotice, db: TheDatabase, mail: TheMail, settings: TheSettings) -> Response:
    """Send the mail of a notice. One that is put off is answered well, as the sweep comes back to it."""
    links = Links(settings.site_url.rstrip("/"), settings.api_address.rstrip("/"), settings.key)
    return shown(Delivered(ending=await delivery.deliver(db, mail, links, task.notice_id, clock.now())))


@tasks.post("/tasks/deliver-due", shows=HandedOut, budget=Budget(rpcs=1, reads=1, per="notice"))
async def deliver_due(_: Nothing, db: TheDatabase, queue: TheTasks) -> Response:
    """Hand out every notice that is due: what many notices of one commit are delivered by."""
    return shown(HandedOut(due=await sweep.hand_out(db, queue, clock.now())))


@schedules.post("/schedules/sweep-outbox", shows=Swept, budget=Budget(rpcs=2, reads=2, per="notice"))
async def sweep_outbox(db: TheDatabase, queue: TheTasks) -> Response:
    """Hand out what is due: notices whose task was lost, and those that are to be tried again."""
    due = await sweep.hand_out(db, queue, clock.now())
    return shown(Swept(due=due, dead=await sweep.count_dead(db)))


@schedules.post("/schedules/remove-old-notices", shows=Removed, budget=Budget(rpcs=2, reads=1, per="notice"))
async def remove_old_notices(db: TheDatabase) -> Response:
    """Remove notices older than 90 days."""
    return shown(Removed(removed=await sweep.remove_old(db, clock.now())))


# Relays count how fast they are called, and blame a sender who does not.
outreach_tasks = task_function(
    tasks, queue=Queue(OUTREACH_TASKS, max_dispatches_per_second=20, max_concurrent_dispatches=10)
)
outreach_schedules = schedule_function(
    schedules, schedules=[Schedule("sweep-outbox", "*/5 * * * *"), Schedule("remove-old-notices", "35 3 * * *")]
)
