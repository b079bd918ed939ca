"""The private function `sharing-schedules`: shares that have come to their end."""

from fastapi import Response

from core import clock
from core.functions import Schedule, schedule_function
from core.web.application import Application, Budget
from core.web.dependencies import TheDatabase
from core.web.preconditions import shown
from core.web.schemas import View
from documents.sharing import expiry

schedules = Application("sharing-schedules", audience="machine", invoker="scheduler-invoker")


class Expired(View):
    documents: int


@schedules.post("/schedules/expire-shares", shows=Expired, budget=Budget(rpcs=2, reads=1, per="document"))
async def expire_shares(db: TheDatabase) -> Response:
    """Remove the shares whose time is over."""
    return shown(Expired(documents=await expiry.expire_due(db, clock.now())))


sharing_schedules = schedule_function(schedules, schedules=[Schedule("expire-shares", "5 * * * *")])
