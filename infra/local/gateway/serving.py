"""The gateway under uvicorn, started anew whenever the functions' code changes."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import uvicorn
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.local.gateway.settings import Settings, default_function_url

URL = "DOKKER_LOCAL_URL"
"""How the serving process, which a change starts anew, learns its own address."""

FUNCTIONS = "DOKKER_LOCAL_FUNCTIONS"
"""The folder that is served, likewise."""

_WATCHED = ["*.py", "*.json", "*.html", "*.md", "*.j2"]


def serve(port: int, functions: Path, *, reload: bool) -> None:
    """Serve the functions of that folder on 127.0.0.1 until interrupted.

    With `reload` a parent process keeps the port while the serving one is exchanged, so clients wait and see no gap.
    """
    url = f"http://127.0.0.1:{port}"
    os.environ |= {URL: url, FUNCTIONS: str(functions.resolve())}
    os.environ.setdefault("DOKKER_FUNCTION_URL", default_function_url(url))
    uvicorn.run(
        "infra.local.gateway.serving:create",
        factory=True,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        reload=reload,
        reload_dirs=[str(functions)] if reload else None,
        reload_includes=_WATCHED if reload else None,
    )


def create() -> ASGIApp:
    """Return the gateway over the functions as they are on disk; if they do not load, an app that says why."""
    functions = Path(os.environ[FUNCTIONS])
    _make_importable(functions)
    settings = Settings.from_environment(os.environ, url=os.environ[URL])
    try:
        # Here and not above: these import the functions' own code, which is what may be broken.
        from infra.local.gateway.application import application  # noqa: PLC0415
        from infra.local.gateway.loading import load  # noqa: PLC0415

        return application(settings, load(functions / "main.py"))
    except Exception as error:  # noqa: BLE001  whatever an import may raise
        traceback.print_exc()
        print("gateway: the functions do not load; waiting for the next change", file=sys.stderr, flush=True)
        return broken(error)


def broken(error: Exception) -> ASGIApp:
    """Return an app that answers everything with a 503 that names what does not load, without importing any of it."""
    content = {
        "type": "about:blank",
        "title": "The functions do not load",
        "status": 503,
        "detail": "".join(traceback.format_exception_only(error)).strip(),
        "code": "functions_broken",
    }
    answer = Response(json.dumps(content), 503, media_type="application/problem+json")

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)

    return app


async def _lifespan(receive: Receive, send: Send) -> None:
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


def _make_importable(folder: Path) -> None:
    """Let `core` and the capabilities be imported; last in the path, where functions-framework puts them too."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
