"""The API as clients meet it: the gateway on a real port, over real emulators, in a project of the test's own.

async def test_is_listed_for_its_keeper_alone(self, api: Api) -> None:
kari, ola = await api.people("Kari", "Ola")
document = await kari.writes("Blåbærtur")
assert await ola.listed("/v1/documents") == []
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import uvicorn

from core import clock
from core.data.database import Database
from core.ids import keyed_hash, random_id
from core.services import clients
from core.services.clients import Clients
from core.services.objects import Objects
from core.settings import Settings
from infra.local.buckets import make_buckets
from infra.local.gateway import application as gateway
from infra.local.gateway.loading import Served, load
from infra.local.gateway.settings import Settings as GatewaySettings
from infra.local.gateway.settings import default_function_url
from infra.local.machine_tokens import machine_token
from infra.local.tasks.server import TasksServer
from tests.support.emulators import Emulators
from tests.support.index_guard import IndexGuard
from tests.support.mailserver import Letter, MailServer
from tests.support.storage import Events
from tests.support.tokens import id_token, make_user
from tests.support.wire import Wire

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    """What came back."""

    response: httpx.Response

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def json(self) -> Any:
        return self.response.json()

    @property
    def etag(self) -> str:
        return self.response.headers["etag"]

    @property
    def problem(self) -> tuple[int, str]:
        """Status and code of a problem document, which it must be."""
        assert self.response.headers["content-type"] == "application/problem+json", self.response.text
        body = self.response.json()
        assert body["status"] == self.status
        return self.status, body["code"]

    @property
    def pointers(self) -> list[str]:
        """Where a problem document says the input is wrong."""
        return [fault["pointer"] for fault in self.json.get("errors", [])]

    def __getitem__(self, name: str) -> Any:
        assert self.status < 300, f"{self.status} {self.response.text}"
        return self.json[name]


class Client:
    """Sends requests, as nobody unless told otherwise."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str] | None = None) -> None:
        self.http, self.headers = http, headers or {}

    async def send(self, method: str, path: str, json: Any = None, **headers: str) -> Answer:
        """Send a request; header names are written with underscores (`if_match=…`), None leaves a default one out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {name: value for name, value in {**self.headers, **named}.items() if value is not None}
        if method in ("POST", "PUT", "PATCH") and json is None:
            return Answer(await self.http.request(method, path, headers=given))
        return Answer(await self.http.request(method, path, json=json, headers=given))

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.send("GET", path, **headers)

    async def post(self, path: str, json: Any = None, **headers: str) -> Answer:
        return await self.send("POST", path, json, **headers)

    async def put(self, path: str, json: Any = None, **headers: str) -> Answer:
        return await self.send("PUT", path, json, **headers)

    async def patch(self, path: str, json: Any = None, **headers: str) -> Answer:
        return await self.send("PATCH", path, json, **headers)

    async def delete(self, path: str, **headers: str) -> Answer:
        return await self.send("DELETE", path, **headers)


@dataclass(frozen=True)
class Document:
    """A document that a test has written."""

    id: str
    etag: str

    @property
    def path(self) -> str:
        return f"/v1/documents/{self.id}"


class Person(Client):
    """Somebody who is signed in."""

    def __init__(self, api: Api, uid: str, name: str, token: str) -> None:
        super().__init__(api.http, {"Authorization": f"Bearer {token}"})
        self.api, self.uid, self.name, self.token = api, uid, name, token

    def with_token(self, **claims: Any) -> Person:
        """The same person, with a token of other claims (`auth_time=…`, `exp=…`, `email=…`)."""
        wanted = {"email": self.email, "name": self.name, **claims}
        return Person(self.api, self.uid, self.name, id_token(self.api.project_id, self.uid, **wanted))

    @property
    def email(self) -> str:
        return f"{self.uid}@example.com"

    async def writes(self, title: str = "", body: str = "", **fields: Any) -> Document:
        answer = await self.post("/v1/documents", {"title": title, "body": body, **fields})
        return Document(answer["id"], answer.etag)

    async def trashes(self, title: str = "", body: str = "", **fields: Any) -> Document:
        """A document that this person has written and moved to the trash."""
        document = await self.writes(title, body, **fields)
        answer = await self.delete(document.path, if_match="*")
        return Document(answer["id"], answer.etag)

    async def listed(self, path: str = "/v1/documents", key: str = "id", **parameters: Any) -> list[Any]:
        """The ids (or another field) of every item of a list, page after page."""
        found: list[Any] = []
        while True:
            query = "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items())
            answer = await self.get(f"{path}?{query}")
            found += [item[key] for item in answer["items"]]
            if "nextPageToken" not in answer.json:
                return found
            parameters["pageToken"] = answer["nextPageToken"]


class Api(Client):
    """The API without a sign-in, and a test's means: people, the clock, the wire, schedules, tasks, events, mails."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        held: Clients,
        wire: Wire,
        tasks: TasksServer,
        events: Events,
        mails: MailServer,
        auth: str,
    ) -> None:
        super().__init__(http)
        self.clients, self.wire, self.tasks, self.events, self.mails = held, wire, tasks, events, mails
        self._auth = auth

    @property
    def project_id(self) -> str:
        return self.clients.settings.project_id

    @property
    def db(self) -> Database:
        return self.clients.database

    @property
    def objects(self) -> Objects:
        return self.clients.objects

    async def person(
        self, name: str = "Kari", uid: str | None = None, *, enrolled: bool = True, **claims: Any
    ) -> Person:
        """Somebody with a token of the Auth emulator's kind; `enrolled` has their first call made."""
        uid = uid or f"{name.lower()}-{random_id()[:6]}"
        token = id_token(self.project_id, uid, **{"email": f"{uid}@example.com", "name": name, **claims})
        person = Person(self, uid, name, token)
        if enrolled:
            assert (await person.get("/v1/me")).status == 200
        return person

    async def people(self, *names: str) -> list[Person]:
        return list(await asyncio.gather(*(self.person(name) for name in names)))

    def in_auth(self, person: Person) -> None:
        """Give the person an account in the Auth emulator, for what asks it."""
        make_user(self._auth, self.project_id, person.uid, person.email)

    def subject_hash(self, person: Person) -> str:
        return keyed_hash(self.clients.settings.key, "subject", person.uid)

    async def mail_to(self, address: str, number: int = 1) -> Letter:
        """Wait for the mail of this number, from 1, to an address."""
        return (await self.mails.to(address, number))[number - 1]

    async def runs(self, schedule: str, function: str = "authoring-schedules") -> Answer:
        """Run a schedule as Cloud Scheduler does."""
        settings = self.clients.settings
        token = machine_token(settings.account("scheduler-invoker"), settings.address_of(function), clock.wall())
        path = f"/__local/functions/{function}/schedules/{schedule}"
        return await self.post(path, authorization=f"Bearer {token}")

    def advance(self, **period: float) -> None:
        """Move the domain clock (`days=31`)."""
        clock.shift(clock.now() - clock.wall() + timedelta(**period))


@cache
def functions() -> dict[str, Served]:
    """The real functions, loaded once for all tests of a process."""
    os.environ.setdefault("DOKKER_ENVIRONMENT", "local")
    return load(ROOT / "functions" / "main.py")


@asynccontextmanager
async def serving(app: Any, listener: socket.socket) -> AsyncIterator[None]:
    """Serve an ASGI app on a socket that listens already."""
    config = uvicorn.Config(app, lifespan="off", log_config=None, http="httptools")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # The two halves of `serve`, without its loop, which looks only every tenth of a second whether to stop.
    await server.startup(sockets=[listener])
    try:
        yield
    finally:
        await server.shutdown(sockets=[listener])


@asynccontextmanager
async def an_api(emulators: Emulators, also: Sequence[Served] = (), **settings: Any) -> AsyncIterator[Api]:
    """An API of its own, with these settings, and these functions beside the real ones."""
    project_id = settings.get("project_id") or f"demo-{random_id()[:12].lower().replace('_', 'u').replace('-', 'd')}"
    wire = Wire(IndexGuard.of(ROOT / "firestore.indexes.json"))
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        tasks = await stack.enter_async_context(TasksServer(auto_create_queues=True, now=clock.now))
        mails = await stack.enter_async_context(MailServer())
        stack.callback(clock.shift, timedelta())
        usual = {
            "environment": "local",
            "project_id": project_id,
            "function_url": default_function_url(url),
            "firestore_emulator_host": emulators.firestore,
            "auth_emulator_host": emulators.auth,
            "storage_emulator_host": emulators.store.url,
            "signing_key": emulators.store.signing_key,
            "tasks_emulator_host": tasks.host,
            "smtp_host": mails.host,
            "smtp_port": mails.port,
            "smtp_security": "none",
        }
        told = Settings(**{**usual, **settings})
        # The server's tasks inherit this context, and with it whose clients they use.
        held = stack.enter_context(clients.using(Clients(told, interceptors=wire.interceptors())))
        stack.push_async_callback(held.close)
        served = {**functions(), **{one.function.name: one for one in also}}
        more = {name: settings[name] for name in ("mails_file",) if name in settings}
        place = GatewaySettings(url, project_id, told.function_url, tasks_host=tasks.host, **more)
        app = gateway.application(place, served)
        await stack.enter_async_context(serving(app, listener))
        events = await stack.enter_async_context(Events(f"{url}/__local/events"))
        emulators.store.told[project_id] = events.receive
        stack.callback(emulators.store.told.pop, project_id)
        await asyncio.to_thread(make_buckets, emulators.store.url, project_id)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30))
        yield Api(http, held, wire, tasks, events, mails, emulators.auth)
    assert not wire.guard.missing, wire.guard.missing


@pytest.fixture
async def api(emulators: Emulators) -> AsyncIterator[Api]:
    """The API, with a project of the test's own."""
    async with an_api(emulators) as made:
        try:
            yield made
        finally:
            clock.shift(timedelta())
