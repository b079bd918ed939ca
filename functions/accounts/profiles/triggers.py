"""The private function `profiles-schedules`."""

from fastapi import Response

from accounts.profiles import portraits
from core import clock
from core.functions import Schedule, schedule_function
from core.web.application import Application, Budget
from core.web.dependencies import TheDatabase, TheObjects
from core.web.preconditions import shown
from core.web.schemas import View

schedules = Application("profiles-schedules", audience="machine", invoker="scheduler-invoker")


class Swept(View):
    swept: int


@schedules.post("/schedules/sweep-pictures", shows=Swept, budget=Budget(rpcs=1, reads=1, per="picture"))
async def sweep_pictures(db: TheDatabase, objects: TheObjects) -> Response:
    """Delete pictures that no profile names: what was left when a change of picture was interrupted."""
    return shown(Swept(swept=await portraits.sweep(db, objects, clock.now())))


profiles_schedules = schedule_function(schedules, schedules=[Schedule("sweep-pictures", "45 4 * * *")])
