"""The control surface under `/__local/`: what Google's console is for, and a clock that can be moved.

It belongs to the gateway alone: nothing of it is deployed. Lists have the form `{items: [...]}`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from core.failures import Failure, Malformed, NotFound, Unavailable
from infra.local.buckets import make_buckets
from infra.local.gateway import mails, reference
from infra.local.gateway.clocks import StackClock, step_of
from infra.local.gateway.events import Events
from infra.local.gateway.loading import Served
from infra.local.gateway.problems import render
from infra.local.gateway.queues import Queues
from infra.local.gateway.rewrites import ConfigFile
from infra.local.gateway.schedules import Scheduler
from infra.local.gateway.settings import Settings

_PAGE = Path(__file__).parent / "page.html"


@dataclass(frozen=True)
class Control:
    """The routes of the surface, over the parts that they show and move."""

    served: Mapping[str, Served]
    settings: Settings
    clock: StackClock
    scheduler: Scheduler
    queues: Queues
    events: Events

    def application(self) -> Starlette:
        """Return the ASGI app; its lifespan makes queues and buckets and runs the schedules."""
        routes = [
            Route("/__local", self.to_page),
            Route("/__local/", self.page),
            Route("/__local/health", self.health),
            Route("/__local/functions", self.functions),
            Route("/__local/schedules", self.schedules),
            Route("/__local/schedules/{name}/run", self.run_schedule, methods=["POST"]),
            Route("/__local/clock", self.time, methods=["GET"]),
            Route("/__local/clock", self.move_clock, methods=["POST"]),
            Route("/__local/tasks", self.tasks),
            Route("/__local/events", self.latest_events, methods=["GET"]),
            Route("/__local/events", self.events.post, methods=["POST"]),
            Route("/__local/mails", self.mails),
            *reference.routes(self.settings),
        ]
        handlers = {Failure: render, HTTPException: render, Exception: render}
        return Starlette(routes=routes, lifespan=self._lifespan, exception_handlers=handlers)

    async def to_page(self, _: Request) -> Response:
        return RedirectResponse("/__local/")

    async def page(self, _: Request) -> Response:
        return FileResponse(_PAGE, headers={"Cache-Control": "no-cache"})

    async def health(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", "projectId": self.settings.project_id, "functions": len(self.served)})

    async def functions(self, _: Request) -> Response:
        """List functions with their addresses and, of the public ones, the rewrites that lead to them."""
        rewrites = ConfigFile(self.settings.firebase_json).current().rewrites
        return _listing(
            {
                "name": one.function.name,
                "trigger": one.function.trigger,
                "paths": [rewrite.source for rewrite in rewrites if rewrite.service == one.function.name],
                "schedules": [schedule.name for schedule in one.function.schedules],
                "queue": one.function.queue.name if one.function.queue else None,
                "events": one.function.events.bucket.name if one.function.events else None,
                "address": self.settings.address_of(one.function.name),
            }
            for one in self.served.values()
        )

    async def schedules(self, _: Request) -> Response:
        return _listing(job.view() for job in self.scheduler.jobs.values())

    async def run_schedule(self, request: Request) -> Response:
        """Run a schedule now, whatever its time, and answer as its handler does."""
        job = self.scheduler.jobs.get(request.path_params["name"])
        if job is None:
            raise NotFound("No schedule is called so; GET /__local/schedules lists them.")
        answer = await self.scheduler.run(job, self.clock.now())
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    async def time(self, _: Request) -> Response:
        return JSONResponse(self.clock.view())

    async def move_clock(self, request: Request) -> Response:
        """Move the one clock ahead; the schedules whose time that passes run at once, each one time."""
        try:
            body: object = json.loads(await request.body())
        except ValueError:
            raise Malformed("The body is not JSON.") from None
        self.clock.advance(step_of(body, self.clock.now()))
        self.scheduler.wake()
        return JSONResponse(self.clock.view())

    async def tasks(self, _: Request) -> Response:
        return _listing(await self.queues.tasks())

    async def latest_events(self, _: Request) -> Response:
        return _listing(self.events.latest)

    async def mails(self, request: Request) -> Response:
        return _listing(mails.kept(self.settings.mails_file, to=request.query_params.get("to")))

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncGenerator[None]:
        await self._make_queues()
        await self._make_buckets()
        runner = asyncio.create_task(self.scheduler.serve())
        try:
            yield
        finally:
            runner.cancel()
            with suppress(asyncio.CancelledError):
                await runner
            await self.queues.close()

    async def _make_queues(self) -> None:
        """A gateway without a Tasks server serves all else: say so and go on."""
        if not self.settings.tasks_host:
            return
        try:
            await self.queues.make()
        except Unavailable as failure:
            print(f"gateway: the queues are not made. {failure.explanation}", file=sys.stderr, flush=True)

    async def _make_buckets(self) -> None:
        """Likewise for the Storage server."""
        if not self.settings.storage_url:
            return
        try:
            await asyncio.to_thread(make_buckets, self.settings.storage_url, self.settings.project_id)
        except httpx.HTTPError as error:
            print(f"gateway: the buckets are not made. {error!r}", file=sys.stderr, flush=True)


def _listing(items: Iterable[object]) -> Response:
    return JSONResponse({"items": list(items)})
