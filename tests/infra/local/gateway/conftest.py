from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import clock
from infra.local.gateway import application
from infra.local.gateway.loading import Served
from infra.local.gateway.settings import Settings
from tests.infra.local.gateway import standin

FIREBASE_JSON = {
    "hosting": {
        "public": "site",
        "headers": [{"source": "/openapi.json", "headers": [{"key": "Access-Control-Allow-Origin", "value": "*"}]}],
        "rewrites": [
            {"source": "/v1/letters", "run": {"serviceId": "letters", "region": "europe-north1"}},
            {"source": "/v1/letters/**", "run": {"serviceId": "letters", "region": "europe-north1"}},
            {"source": "/v1/forgotten", "run": {"serviceId": "forgotten", "region": "europe-north1"}},
        ],
    }
}


@dataclass
class Gateway:
    """The gateway over the stand-in functions, in this process, and a client of it."""

    app: application.Gateway
    client: httpx.AsyncClient
    settings: Settings

    async def get(self, path: str, **request: Any) -> httpx.Response:
        return await self.client.get(path, **request)

    async def post(self, path: str, **request: Any) -> httpx.Response:
        return await self.client.post(path, **request)

    async def listed(self, path: str) -> list[dict[str, Any]]:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Its lifespan: queues are made, and schedules run on time."""
        async with self.app.control.router.lifespan_context(self.app.control):
            yield


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    with standin.loaded(tmp_path_factory.mktemp("functions")) as functions:
        yield functions


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "site").mkdir()
    (tmp_path / "firebase.json").write_text(json.dumps(FIREBASE_JSON))
    url = "http://127.0.0.1:8080"
    return Settings(
        url=url,
        project_id="demo-dokker",
        function_url=f"{url}/__local/functions/{{name}}",
        firebase_json=tmp_path / "firebase.json",
        openapi=tmp_path / "openapi.json",
        clock_file=tmp_path / "clock.json",
        mails_file=tmp_path / "mails.jsonl",
    )


MakeGateway = Callable[..., Gateway]


@pytest.fixture
async def make_gateway(settings: Settings, served: dict[str, Served]) -> AsyncIterator[MakeGateway]:
    async with AsyncExitStack() as clients:

        def make(**changes: Any) -> Gateway:
            chosen = replace(settings, **changes)
            app = application.application(chosen, served)
            client = httpx.AsyncClient(
                transport=httpx.ASGITransport(app, client=("192.0.2.7", 1234)), base_url="http://dokker.test"
            )
            clients.push_async_callback(client.aclose)
            return Gateway(app, client, chosen)

        yield make
    clock.shift(timedelta())


@pytest.fixture
def gateway(make_gateway: MakeGateway) -> Gateway:
    return make_gateway()
