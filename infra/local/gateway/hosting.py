"""What Firebase Hosting does with a request: an exact static file, else the first rewrite that matches, else 404.

Source: https://firebase.google.com/docs/hosting/full-config#hosting_priority_order
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.responses import FileResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.failures import Internal, NotFound
from infra.local.gateway.forwarding import encoded_path, forwarded
from infra.local.gateway.loading import Served
from infra.local.gateway.problems import answer
from infra.local.gateway.rewrites import ConfigFile
from infra.local.gateway.settings import Settings


class Hosting:
    """An ASGI app. It refuses nothing that a function could refuse."""

    def __init__(self, served: Mapping[str, Served], settings: Settings) -> None:
        self._served = served
        self._openapi = settings.openapi
        self._config = ConfigFile(settings.firebase_json)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._responder(scope)(forwarded(scope), receive, send)

    def _responder(self, scope: Scope) -> ASGIApp:
        try:
            config = self._config.current()
        except ValueError as error:
            return answer(Internal(f"firebase.json cannot be followed: {error}"))
        if file := self._static(scope, config.public):
            return FileResponse(file, headers=config.headers_for(encoded_path(scope)))
        service = config.service_for(encoded_path(scope))
        if service is None:
            return answer(NotFound("No rewrite of firebase.json leads here; /__local/ lists what is served."))
        if service not in self._served:
            return answer(NotFound(f"firebase.json leads to {service!r}, which no function is called: make manifest."))
        return self._served[service].app

    def _static(self, scope: Scope, public: Path) -> Path | None:
        """Return the file that the path names, if it lies within the public folder."""
        if scope["method"] not in ("GET", "HEAD"):
            return None
        path: str = scope["path"]
        if path == "/openapi.json" and self._openapi.is_file():
            return self._openapi
        file = _below(public, "index.html" if path == "/" else path.lstrip("/"))
        return file if file and file.is_file() else None


def _below(folder: Path, name: str) -> Path | None:
    """Return the file of that name, hidden ones aside, which are not deployed; never one outside the folder."""
    if "\0" in name or any(part.startswith(".") for part in name.split("/")):
        return None
    file = (folder / name).resolve()
    return file if file.is_relative_to(folder.resolve()) else None
