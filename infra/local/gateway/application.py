"""The gateway as one ASGI app: `/__local/` and `/docs` are its own, everything else is Hosting's."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from core.failures import NotFound
from infra.local.clock import FileClock
from infra.local.gateway.clocks import StackClock
from infra.local.gateway.control import Control
from infra.local.gateway.events import Events
from infra.local.gateway.forwarding import encoded_path, with_path
from infra.local.gateway.hosting import Hosting
from infra.local.gateway.loading import Served
from infra.local.gateway.problems import answer
from infra.local.gateway.queues import Queues
from infra.local.gateway.schedules import Scheduler
from infra.local.gateway.settings import Settings

_FUNCTIONS = "/__local/functions/"
_OWN = ("/__local", "/__local/", "/docs", "/docs/")


def application(settings: Settings, served: Mapping[str, Served]) -> Gateway:
    """Compose the gateway over loaded functions. Only within its lifespan are queues made and schedules run on time."""
    clock = StackClock(FileClock(settings.clock_file))
    scheduler = Scheduler(served, clock, settings)
    control = Control(served, settings, clock, scheduler, Queues(served, settings), Events(served, settings))
    return Gateway(served, control.application(), Hosting(served, settings))


class Gateway:
    """Decides by the percent-encoded path alone whose request it is. `control` has the lifespan of all."""

    def __init__(self, served: Mapping[str, Served], control: Starlette, hosting: ASGIApp) -> None:
        self._served = served
        self.control = control
        self._hosting = hosting

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.control(scope, receive, send)
        path = encoded_path(scope)
        if path.startswith(_FUNCTIONS):
            return await self._at_own_address(path, scope, receive, send)
        own = path in _OWN or path.startswith(("/__local/", "/docs/"))
        return await (self.control if own else self._hosting)(scope, receive, send)

    async def _at_own_address(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a function at its own address, as Cloud Run does: the only way to the private ones."""
        name, _, rest = path.removeprefix(_FUNCTIONS).partition("/")
        if name not in self._served:
            return await answer(NotFound(f"No function is called {name!r}."))(scope, receive, send)
        return await self._served[name].app(with_path(scope, f"/{rest}"), receive, send)
