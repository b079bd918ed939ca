"""The private function `customers-schedules`."""

from fastapi import Response

from accounts.customers import departures, expiry
from core import clock
from core.functions import Schedule, schedule_function
from core.web.application import Application, Budget
from core.web.dependencies import TheDatabase, TheTasks
from core.web.preconditions import shown
from core.web.schemas import View

schedules = Application("customers-schedules", audience="machine", invoker="scheduler-invoker")


class Expired(View):
    expired: int
    purged: int


class Swept(View):
    again: int
    done: int


@schedules.post("/schedules/expire-invitations", shows=Expired, budget=Budget(rpcs=2, reads=2, per="invitation"))
async def expire_invitations(db: TheDatabase) -> Response:
    """End invitations whose time is over, give back their seats, and delete those that have been over for 30 days."""
    now = clock.now()
    return shown(Expired(expired=await expiry.expire(db, now), purged=await expiry.purge(db, now)))


@schedules.post("/schedules/sweep-departures", shows=Swept, budget=Budget(rpcs=1, reads=1, per="departure"))
async def sweep_departures(db: TheDatabase, queue: TheTasks) -> Response:
    """Have the rosters of groups tidied after people who have left a Customer, where a task for it was lost."""
    again, done = await departures.sweep(db, queue, clock.now())
    return shown(Swept(again=again, done=done))


customers_schedules = schedule_function(
    schedules, schedules=[Schedule("expire-invitations", "5 * * * *"), Schedule("sweep-departures", "15 5 * * *")]
)
