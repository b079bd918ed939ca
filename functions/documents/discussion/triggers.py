"""The private function `discussion-schedules`: what is left when everybody has gone."""

from fastapi import Response

from core.functions import Schedule, schedule_function
from core.web.application import Application, Budget
from core.web.dependencies import TheDatabase, TheObjects
from core.web.preconditions import shown
from core.web.schemas import View
from documents.discussion import abandonment

schedules = Application("discussion-schedules", audience="machine", invoker="scheduler-invoker")


class Swept(View):
    swept: int


@schedules.post("/schedules/sweep-conversations", shows=Swept, budget=Budget(rpcs=1, reads=1, per="conversation"))
async def sweep_conversations(db: TheDatabase, objects: TheObjects) -> Response:
    """Delete the conversations that everybody has left, with their messages."""
    return shown(Swept(swept=await abandonment.sweep(db, objects)))


discussion_schedules = schedule_function(schedules, schedules=[Schedule("sweep-conversations", "5 4 * * *")])
