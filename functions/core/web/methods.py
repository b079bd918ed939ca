"""Methods in general: HEAD wherever GET works, and an Allow that names all that an address answers.

Source: RFC 9110, sections 9.3.2 and 10.2.1
"""

from collections.abc import Iterable
from typing import Any

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """ASGI middleware: a HEAD is carried out as a GET, of which the body stays here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            return await self._app(scope, receive, send)

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        asked = {**scope, "method": "GET"}
        try:
            return await self._app(asked, receive, send_head)
        finally:
            # Routing notes the route in the scope that it was given; the log asks for it in the other.
            scope["route"] = asked.get("route")


def allowed(routes: Iterable[BaseRoute], scope: Scope) -> str:
    """Return the value of Allow for the scope's path.

    Where several paths fit, the one with the fewest placeholders is meant: `/v1/documents/empty-trash` is no document.
    """
    fitting: list[Any] = [route for route in routes if route.matches(scope)[0] is not Match.NONE]
    fewest = min((len(route.param_convertors) for route in fitting), default=0)
    meant = [route for route in fitting if len(route.param_convertors) == fewest]
    methods: set[str] = {method for route in meant for method in route.methods or ()}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
