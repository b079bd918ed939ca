"""A small application of our own, behind the same edge as every function: it needs no emulator."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Query
from starlette.responses import JSONResponse, Response

from core import failures, logs
from core.services import clients
from core.services.clients import Clients
from core.settings import Settings
from core.web.application import Application, Budget
from core.web.dependencies import TheIdempotency, TheIfMatch, TheIfNoneMatch, ThePage
from core.web.preconditions import shown
from core.web.schemas import Draft, Id, Line, View
from tests.support.api import Client

SECRET = "Hemmelig i en feilmelding"
ORIGIN = "https://dokker.example"


class Thing(View):
    title: str
    count: int
    ratio: float


class ThingDraft(Draft):
    title: Line = ""
    count: int = 0
    ratio: float = 0.0
    inner: dict[str, Any] = {}  # noqa: RUF012  pydantic copies it


class TeaOnly(failures.Conflict):
    detail = "Only tea is served."


def an_application() -> Application:
    app = Application("things", title="Things", audience="anyone")
    free = Budget()

    @app.post("/v1/things", shows=Thing, budget=free)
    async def create(draft: ThingDraft) -> Response:
        return shown(Thing(title=draft.title, count=draft.count, ratio=draft.ratio), status=201)

    @app.get("/v1/things", budget=free)
    async def listed(page: ThePage, word: Annotated[str, Query()] = "") -> Response:
        next_token = page.token((page.size, "last"))
        return JSONResponse({"size": page.size, "after": page.after, "token": next_token, "word": word})

    @app.get("/v1/things/{thing_id}", shows=Thing, budget=free)
    async def read(thing_id: Id, unless: TheIfNoneMatch) -> Response:
        return shown(Thing(title=thing_id, count=1, ratio=0.5), etag="3-owner", unless=unless)

    @app.put("/v1/things/{thing_id}", budget=free)
    async def change(thing_id: Id, condition: TheIfMatch) -> Response:
        condition.check("3-owner")
        return Response(thing_id)

    @app.post("/v1/keys", budget=free)
    async def keyed(idempotency: TheIdempotency) -> Response:
        return JSONResponse({"id": idempotency.id_for("kari", "thing")})

    @app.post("/v1/files", budget=free, reads=("text/markdown",))
    async def file() -> Response:
        return Response(status_code=204)

    @app.get("/v1/coffee", budget=free, raises=[TeaOnly])
    async def coffee() -> Response:
        raise TeaOnly(retry_after=7)

    @app.get("/v1/crash", budget=free)
    async def crash() -> Response:
        raise KeyError(SECRET)

    @app.get("/v1/staff", budget=free, audience="person")
    async def staff() -> Response:
        return Response(status_code=204)

    return app


@pytest.fixture
async def things() -> AsyncIterator[Client]:
    """A client of that application."""
    nothing = dict.fromkeys(("FIREBASE_AUTH_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"), "")
    settings = Settings(environment="local", project_id="demo-things", allowed_origins=(ORIGIN,), **nothing)  # pyright: ignore[reportArgumentType]
    with clients.using(Clients(settings)):
        transport = httpx.ASGITransport(an_application(), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://things") as http:
            yield Client(http)


@dataclass
class Lines:
    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is logged, line by line."""
    kept = Lines(io.StringIO())
    logs.configure(kept.stream)
    yield kept
    logs.configure()
