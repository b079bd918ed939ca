"""One HTTP function's application: FastAPI inside, and around it what every answer has in common.

A route says how it can fail and what it costs, and that is where OpenAPI, the budget test and the authorisation matrix
get it from:

    @app.get("/v1/me", shows=ProfileView, raises=[...], budget=Budget(rpcs=1, reads=1))
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, get_type_hints

from fastapi import FastAPI, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from core import failures
from core.failures import Failure, Fault
from core.services import clients
from core.web import edge, json_body, problems
from core.web.schemas import Draft

Endpoint = TypeVar("Endpoint", bound=Callable[..., Awaitable[Response]])
Audience = Literal["person", "anyone", "machine"]

JSON: Final = ("application/json",)
_SECURED: Final[dict[str, Any]] = {"security": [{"firebase": []}]}


@dataclass(frozen=True)
class Budget:
    """What a route costs at most on its ordinary path: Firestore RPCs, billed reads and writes.

    `per` names what the numbers grow with, where they do: `"match"` says that reads are `reads` and one a match.
    """

    rpcs: int = 0
    reads: int = 0
    writes: int = 0
    per: str | None = None


@dataclass(frozen=True)
class Declared:
    """A route as declared: what the documents and the tests are derived from."""

    method: str
    path: str
    audience: Audience
    budget: Budget
    raises: tuple[type[Failure], ...]


_EVERYWHERE: Final = (failures.Internal, failures.Unavailable, failures.Invalid)
_WITH_BODY: Final = (failures.Malformed, failures.TooLarge, failures.UnsupportedMediaType)
_SIGNED_IN: Final = (failures.Unauthenticated,)
_PEOPLE: Final = (failures.AppCheckFailed,)


class Application:
    """The ASGI application of one function.

    `audience` is who its routes are for, unless a route says otherwise; a private function names its `invoker`, the
    service account that Scheduler or Tasks calls it with.
    """

    def __init__(self, name: str, *, title: str = "", audience: Audience = "person", invoker: str = "") -> None:
        self.name, self.invoker = name, invoker
        self.audience: Audience = audience
        self.declared: list[Declared] = []
        self.api = FastAPI(
            title=title or name,
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            redirect_slashes=False,
            exception_handlers=_HANDLERS,
        )
        self._asgi = edge.Edge(self.api)
        self.api.add_api_route("/health", _health, methods=["GET"], include_in_schema=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._asgi(scope, receive, send)

    def get(self, path: str, **route: Any) -> Callable[[Endpoint], Endpoint]:
        return self.route("GET", path, **route)

    def post(self, path: str, **route: Any) -> Callable[[Endpoint], Endpoint]:
        return self.route("POST", path, **route)

    def put(self, path: str, **route: Any) -> Callable[[Endpoint], Endpoint]:
        return self.route("PUT", path, **route)

    def patch(self, path: str, **route: Any) -> Callable[[Endpoint], Endpoint]:
        return self.route("PATCH", path, **route)

    def delete(self, path: str, **route: Any) -> Callable[[Endpoint], Endpoint]:
        return self.route("DELETE", path, **route)

    def route(
        self,
        method: str,
        path: str,
        *,
        shows: type[BaseModel] | None = None,
        status: int = 200,
        raises: Sequence[type[Failure]] = (),
        budget: Budget,
        audience: Audience | None = None,
        reads: tuple[str, ...] | None = None,
        example: Any = None,
        produces: dict[str, Any] | None = None,
        may_answer: dict[int, str] | None = None,
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare a route.

        `shows` is the model of a good answer, `raises` the failures beyond the usual ones, `reads` the media types of
        a body that is not JSON, `produces` OpenAPI's content of an answer that is not, `may_answer` further statuses.
        """
        whom: Audience = audience or self.audience

        def declare(endpoint: Endpoint) -> Endpoint:
            takes_body = reads is not None or _takes_draft(endpoint)
            kinds = (
                *_EVERYWHERE,
                *raises,
                *(_SIGNED_IN if whom != "anyone" else ()),
                *(_PEOPLE if whom == "person" else ()),
                *(_WITH_BODY if takes_body else ()),
            )
            self.declared.append(Declared(method, path, whom, budget, kinds))
            extra: dict[int | str, dict[str, Any]] = {
                code: {"description": text} for code, text in (may_answer or {}).items()
            }
            if produces:
                extra[status] = {"content": produces}
            self.api.router.add_api_route(
                path,
                endpoint,
                methods=[method],
                status_code=status,
                response_model=shows,
                responses={**problems.responses(kinds), **extra},
                # FastAPI documents the model of an answer for JSONResponse and its kind alone.
                response_class=Response if shows is None else JSONResponse,
                route_class_override=_route_class(self, whom, reads or JSON),
                tags=[self.name],
                operation_id=f"{self.name}_{getattr(endpoint, '__name__', 'route')}".replace("-", "_"),
                include_in_schema=whom != "machine",
                openapi_extra=_openapi_extra(whom, reads, example),
            )
            return endpoint

        return declare


async def _health() -> Response:
    return JSONResponse({"status": "ok"})


def _takes_draft(endpoint: Callable[..., Any]) -> bool:
    """Tell whether a route's function takes a JSON body, which is always a Draft."""
    return any(isinstance(kind, type) and issubclass(kind, Draft) for kind in get_type_hints(endpoint).values())


def _openapi_extra(audience: Audience, reads: tuple[str, ...] | None, example: Any) -> dict[str, Any]:
    extra: dict[str, Any] = dict(_SECURED) if audience == "person" else {}
    if reads:
        # Any bytes: https://spec.openapis.org/oas/v3.1.0#considerations-for-file-uploads
        extra["requestBody"] = {"required": True, "content": {kind: {} for kind in reads}}
    elif example is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": example}}}
    return extra


def _route_class(application: Application, audience: Audience, media_types: tuple[str, ...]) -> type[APIRoute]:
    """Make a route class that lets the caller in, then reads the body, and only then hands over to FastAPI."""

    class Route(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()
            takes_json = media_types == JSON and self.body_field is not None
            fields = get_flat_params(self.dependant)
            parameters = {field.alias for field in fields if isinstance(field.field_info, params.Query)}

            async def admit(request: Request) -> Response:
                if audience == "person":
                    identity = clients.current().identity
                    await identity.check_app(request.headers.get("x-firebase-appcheck"))
                    request.scope["caller"] = await identity.caller(request.headers.get("authorization"))
                elif audience == "machine":
                    _admit_machine(request, application)
                _refuse_other_parameters(request, parameters)
                if takes_json:
                    body = await json_body.read(request)
                    json_body.refuse_other_types(request, JSON)
                    # Where Starlette's Request keeps what it has read and parsed.
                    request._body, request._json = body, json_body.parse(body)  # pyright: ignore[reportPrivateUsage]
                elif media_types != JSON:
                    json_body.refuse_other_types(request, media_types)
                    request._body = await json_body.read(request)  # pyright: ignore[reportPrivateUsage]
                return await handle(request)

            return admit

    return Route


def _refuse_other_parameters(request: Request, known: Set[str]) -> None:
    if unknown := sorted(set(request.query_params) - known):
        detail = "This address takes no such parameter."
        raise failures.Invalid(faults=[Fault(_pointer("query", name), "unknown_parameter", detail) for name in unknown])


def _admit_machine(request: Request, application: Application) -> None:
    held = clients.current()
    held.identity.machine(
        request.headers.get("authorization"),
        audience=held.settings.address_of(application.name),
        email=held.settings.account(application.invoker),
    )


# What FastAPI and Starlette raise themselves, as failures of ours


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Failure)
    return problems.answer(error, edge.request_id(request.scope))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(found) for found in error.errors()]
    in_path = all(fault.pointer.startswith("/path/") for fault in faults)
    # An id that no document can have names nothing, so it is not found.
    failure = failures.NotFound(faults=faults) if in_path else failures.Invalid(faults=faults)
    return problems.answer(failure, edge.request_id(request.scope))


def _fault(error: dict[str, Any]) -> Fault:
    where, *rest = error["loc"]
    steps = rest if where == "body" else [where, *rest]
    pointer = _pointer(*steps)
    if error["type"] == "string_pattern_mismatch":
        # A pattern tells a program what is wrong, and a person nothing.
        return Fault(pointer, error["type"], "It holds characters that are not allowed here.")
    return Fault(pointer, error["type"], error["msg"].removeprefix("Value error, "))


def _pointer(*steps: str | int) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    failure = {404: failures.NotFound, 405: failures.MethodNotAllowed}.get(error.status_code, failures.Malformed)()
    response = problems.answer(failure, edge.request_id(request.scope))
    if error.headers and "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


async def _crashed(request: Request, _: Exception) -> Response:
    return problems.answer(failures.Internal(), edge.request_id(request.scope))


_HANDLERS: Final[dict[int | type[Exception], Any]] = {
    Failure: _failed,
    RequestValidationError: _invalid,
    HTTPException: _http_error,
    # Starlette answers with this and raises on; `edge` logs what comes through.
    Exception: _crashed,
}
