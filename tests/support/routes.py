"""Every route that the functions declare, by `METHOD /path`, and a request to each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.web.application import Declared
from tests.support.api import ROOT, Answer, Client, functions

OPENAPI = ROOT / "docs" / "openapi.json"


@dataclass(frozen=True)
class Route:
    """A declared route, and the function that answers it."""

    function: str
    declared: Declared

    @property
    def name(self) -> str:
        return f"{self.declared.method} {self.declared.path}"

    def address(self, path: str) -> str:
        """Where a path of this route is reached: a private function has no way through Hosting."""
        return f"/__local/functions/{self.function}{path}" if self.declared.audience in ("machine", "event") else path


def routes() -> dict[str, Route]:
    """The routes of all functions."""
    found = [Route(name, line) for name, one in functions().items() for line in one.function.application.declared]
    return {route.name: route for route in found}


def documented() -> set[str]:
    """The routes that docs/openapi.json shows."""
    paths: dict[str, dict[str, Any]] = json.loads(OPENAPI.read_text())["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


@dataclass(frozen=True)
class Call:
    """One request: `fill` stands for the placeholders of the route's path, `query` behind it."""

    route: str
    fill: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    async def by(self, client: Client, **headers: str) -> Answer:
        """Send it as this client; a body of bytes goes as it is, anything else as JSON."""
        route = routes()[self.route]
        address = route.address(route.declared.path.format_map(dict(self.fill)) + self.query)
        given = {**client.headers, **self.headers, **headers}
        content: dict[str, Any] = {"content" if isinstance(self.body, bytes) else "json": self.body}
        return Answer(await client.http.request(route.declared.method, address, headers=given, **content))
