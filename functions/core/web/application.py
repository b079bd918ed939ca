"""One HTTP function's application: FastAPI inside, and around it what every answer has in common.

A route says how it can fail and what it costs, and that is where OpenAPI, the budget test and the authorisation matrix
get it from:

    @app.get("/v1/me", shows=ProfileView, raises=[...], budget=Budget(rpcs=1, reads=1))
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar, get_type_hints

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from core import failures
from core.failures import Failure
from core.web import edge, json_body, problems
from core.web.handlers import HANDLERS
from core.web.methods import HeadAsGet
from core.web.routes import JSON, Audience, Entrance, route_class
from core.web.schemas import Draft

Endpoint = TypeVar("Endpoint", bound=Callable[..., Awaitable[Response]])

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
_SENSITIVE: Final = (failures.RecentSignInRequired,)


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
            exception_handlers=HANDLERS,
        )
        self._asgi = edge.Edge(HeadAsGet(self.api))
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
        sensitive: bool = False,
        example: Any = None,
        produces: dict[str, Any] | None = None,
        most_bytes: int = json_body.MOST_BYTES,
        may_answer: dict[int, str] | None = None,
    ) -> Callable[[Endpoint], Endpoint]:
        """Declare a route.

        `shows` is the model of a good answer, `raises` the failures beyond the usual ones, `reads` the media types of
        a body that is not JSON and has `most_bytes`, `produces` OpenAPI's content of an answer that is not,
        `may_answer` further statuses.
        A `sensitive` route wants a sign-in of the last five minutes that Firebase still stands by.
        """
        whom: Audience = audience or self.audience
        entrance = Entrance(whom, reads or JSON, sensitive, self.name, self.invoker, most_bytes)

        def declare(endpoint: Endpoint) -> Endpoint:
            takes_body = reads is not None or _takes_draft(endpoint)
            kinds = (
                *_EVERYWHERE,
                *raises,
                *(_SIGNED_IN if whom in ("person", "machine") else ()),
                *(_PEOPLE if whom == "person" else ()),
                *(_SENSITIVE if sensitive else ()),
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
                route_class_override=route_class(entrance),
                tags=[self.name],
                operation_id=f"{self.name}_{getattr(endpoint, '__name__', 'route')}".replace("-", "_"),
                include_in_schema=whom not in ("machine", "event"),
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
