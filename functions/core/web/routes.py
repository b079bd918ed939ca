"""A route's way in: the caller is let in, then the body is read, and only then FastAPI sees the request."""

from collections.abc import Callable, Coroutine, Set
from dataclasses import dataclass
from typing import Any, Final, Literal

from fastapi import params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from core import clock, failures
from core.failures import Fault
from core.services import clients
from core.web import json_body
from core.web.handlers import pointer

Audience = Literal["person", "anyone", "machine", "event"]
"""Who a route is for. `event`: Eventarc, let in by IAM alone; its token says no more than that."""

JSON: Final = ("application/json",)


@dataclass(frozen=True)
class Entrance:
    """Who may come in to a route, and with what.

    `reads` are the media types of its body. A `sensitive` route wants a recent sign-in, and asks Firebase whether it
    still holds. A machine's token is for `function`, from the service account `invoker`.
    """

    audience: Audience
    reads: tuple[str, ...]
    sensitive: bool
    function: str
    invoker: str
    most_bytes: int = json_body.MOST_BYTES

    async def admit(self, request: Request) -> None:
        """Let the caller in, or raise."""
        authorization = request.headers.get("authorization")
        if self.audience == "person":
            identity = clients.current().identity
            await identity.check_app(request.headers.get("x-firebase-appcheck"))
            caller = await identity.caller(authorization)
            if self.sensitive:
                identity.demand_recent_sign_in(caller, clock.wall())
                await identity.refuse_if_revoked(authorization)
            request.scope["caller"] = caller
        elif self.audience == "machine":
            held = clients.current()
            audience, email = held.settings.address_of(self.function), held.settings.account(self.invoker)
            held.identity.machine(authorization, audience=audience, email=email)

    async def read(self, request: Request, *, takes_json: bool) -> None:
        """Read the body into where Starlette's Request keeps what it has read and parsed."""
        if takes_json:
            body = await json_body.read(request)
            json_body.refuse_other_types(request, JSON)
            request._body, request._json = body, json_body.parse(body)  # pyright: ignore[reportPrivateUsage]
        elif self.reads != JSON:
            json_body.refuse_other_types(request, self.reads)
            request._body = await json_body.read(request, self.most_bytes)  # pyright: ignore[reportPrivateUsage]


def route_class(entrance: Entrance) -> type[APIRoute]:
    """Make the class of a route with this entrance."""

    class Route(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            takes_json = entrance.reads == JSON and self.body_field is not None
            fields = get_flat_params(self.dependant)
            parameters = {field.alias for field in fields if isinstance(field.field_info, params.Query)}

            async def come_in(request: Request) -> Response:
                await entrance.admit(request)
                if entrance.audience != "event":  # Eventarc's push adds one of its own: `?__GCP_CloudEventsMode=…`
                    _refuse_other_parameters(request, parameters)
                await entrance.read(request, takes_json=takes_json)
                return await handle(request)

            return come_in

    return Route


def _refuse_other_parameters(request: Request, known: Set[str]) -> None:
    given = [name for name, _ in request.query_params.multi_items()]
    unknown = [(name, "unknown_parameter", "This address takes no such parameter.") for name in set(given) - known]
    repeated = [(name, "repeated_parameter", "It stands there twice.") for name in known if given.count(name) > 1]
    if wrong := sorted(unknown + repeated):
        raise failures.Invalid(faults=[Fault(pointer("query", name), code, detail) for name, code, detail in wrong])
