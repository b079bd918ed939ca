"""CloudEvents at an event function: read in both modes, let go of when unreadable, refused when handling fails."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import Response

from core import logs
from core.data.buckets import UPLOADS
from core.failures import Unavailable
from core.functions import FINALIZED
from core.services import clients
from core.services.clients import Clients
from core.settings import Settings
from core.web.application import Application, Budget
from core.web.dependencies import TheObjectFinalized
from core.web.events import ObjectFinalized

DATA = {
    "kind": "storage#object",
    "bucket": "demo-events-uploads",
    "name": "sketches/kari/hemmelig",
    "generation": "1795578658396072",
    "size": "5000000000",
    "contentType": "image/png",
}
TIME = "2026-11-25T03:50:58.395987Z"
BINARY = {
    "ce-specversion": "1.0",
    "ce-id": "an-event",
    "ce-type": FINALIZED,
    "ce-source": "//storage.googleapis.com/projects/_/buckets/demo-events-uploads",
    "ce-subject": "objects/sketches/kari/hemmelig",
    "ce-time": TIME,
    "Content-Type": "application/json; charset=utf-8",
}


class EventFunction:
    """An application for events, and what came in."""

    def __init__(self) -> None:
        self.seen: list[ObjectFinalized] = []
        self.failing: Exception | None = None
        self.application = Application("sketches-events", audience="event", invoker="events-invoker")
        self.application.post("/", budget=Budget())(self._finalized)

    async def _finalized(self, event: TheObjectFinalized) -> Response:
        self.seen.append(event)
        if self.failing:
            raise self.failing
        return Response(status_code=204)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    kept = io.StringIO()
    logs.configure(kept)
    yield kept
    logs.configure()


@pytest.fixture
def function() -> EventFunction:
    return EventFunction()


@pytest.fixture
async def eventarc(function: EventFunction) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(environment="local", project_id="demo-events")
    transport = httpx.ASGITransport(function.application, raise_app_exceptions=False)
    with clients.using(Clients(settings)):
        async with httpx.AsyncClient(transport=transport, base_url="http://function") as client:
            yield client


def structured(**changes: Any) -> dict[str, Any]:
    attributes = {name.removeprefix("ce-"): value for name, value in BINARY.items() if name.startswith("ce-")}
    return {**attributes, "datacontenttype": "application/json", "data": DATA, **changes}


class TestAnEvent:
    async def test_is_read_in_binary_mode(self, eventarc: httpx.AsyncClient, function: EventFunction) -> None:
        # As Eventarc's push does it: with no token that says more than IAM has checked, and a parameter of its own.
        answer = await eventarc.post("/?__GCP_CloudEventsMode=GCS_NOTIFICATION", json=DATA, headers=BINARY)
        assert answer.status_code == 204
        (event,) = function.seen
        assert (event.bucket, event.name, event.generation) == (UPLOADS, DATA["name"], 1795578658396072)
        assert (event.size, event.content_type, event.event_id) == (5_000_000_000, "image/png", "an-event")
        assert event.time.isoformat() == "2026-11-25T03:50:58.395987+00:00"

    async def test_is_read_in_structured_mode(self, eventarc: httpx.AsyncClient, function: EventFunction) -> None:
        kind = {"Content-Type": "application/cloudevents+json; charset=utf-8"}
        assert (await eventarc.post("/", content=json.dumps(structured()), headers=kind)).status_code == 204
        await eventarc.post("/", json=DATA, headers=BINARY)
        assert function.seen[0] == function.seen[1]

    async def test_of_a_name_that_is_not_declared_has_no_key(
        self, eventarc: httpx.AsyncClient, function: EventFunction
    ) -> None:
        await eventarc.post("/", json={**DATA, "name": "../../etc/passwd"}, headers=BINARY)
        assert function.seen[0].key is None


class TestAHandlerThatFails:
    @pytest.mark.parametrize(("failing", "status"), [(Unavailable(retry_after=5), 503), (KeyError("x"), 500)])
    async def test_has_the_event_come_again(
        self, eventarc: httpx.AsyncClient, function: EventFunction, failing: Exception, status: int
    ) -> None:
        function.failing = failing
        assert (await eventarc.post("/", json=DATA, headers=BINARY)).status_code == status


class TestWhatIsNoEvent:
    @pytest.mark.parametrize(
        ("body", "changes"),
        [
            (b"", {}),
            (b"{", {}),
            (b"[]", {}),
            (b"null", {}),
            (b"\xff\xfe", {}),
            (b"[" * 100_000, {}),
            (json.dumps({**DATA, "generation": "soon"}), {}),
            (json.dumps({**DATA, "generation": None}), {}),
            (json.dumps({**DATA, "size": -1}), {}),
            (json.dumps({**DATA, "name": ""}), {}),
            (json.dumps({**DATA, "bucket": "somebody-elses"}), {}),
            (json.dumps(DATA), {"ce-type": "google.cloud.storage.object.v1.deleted"}),
            (json.dumps(DATA), {"ce-time": "soon"}),
            (json.dumps(DATA), {"ce-specversion": "9"}),
            (json.dumps(DATA), {"Content-Type": "application/cloudevents+json"}),
            (json.dumps({**DATA, "metadata": "x" * 300_000}), {}),
        ],
    )
    async def test_is_acknowledged_and_logged_without_a_name(
        self, eventarc: httpx.AsyncClient, function: EventFunction, log: io.StringIO, body: Any, changes: dict[str, str]
    ) -> None:
        answer = await eventarc.post("/", content=body, headers={**BINARY, **changes})
        assert answer.status_code == 204
        assert function.seen == []
        assert "event_unreadable" in log.getvalue()
        assert "hemmelig" not in log.getvalue() and "kari" not in log.getvalue()

    async def test_may_have_no_attributes_at_all(self, eventarc: httpx.AsyncClient, function: EventFunction) -> None:
        assert (await eventarc.post("/")).status_code == 204
        assert function.seen == []


class TestAnEventFunction:
    def test_is_in_no_document(self, function: EventFunction) -> None:
        assert function.application.api.openapi()["paths"] == {}
