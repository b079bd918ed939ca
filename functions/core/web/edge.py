"""What every answer has in common: a request id, security headers, CORS, a log line, and never a stack trace."""

import re
import secrets
from functools import lru_cache
from time import perf_counter
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import failures, logs
from core.services import clients
from core.web import problems

_log = logs.Log(__name__)

# W3C Trace Context, and Google's older form: 32 hexadecimal digits name the trace.
_TRACE_PARENT: Final = re.compile(r"^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_CLOUD_TRACE: Final = re.compile(r"^([0-9a-f]{32})(?:/|$)")

# As they go over the wire, since they go with every answer.
_HEADERS: Final = (
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains; preload"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-site"),
    (b"cache-control", b"no-store"),
)
_EXPOSED: Final = ("ETag", "Location", "Retry-After", "X-Request-Id", "Content-Disposition", "Idempotent-Replayed")
_SENT: Final = (
    "Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Idempotency-Key",
    "X-Device-Id",
    "Sec-GPC",
    "X-Firebase-AppCheck",
)
_PREFLIGHT_SECONDS: Final = 7200


def request_id(scope: Scope) -> str:
    """Return the id of the request at hand."""
    return scope["dokker.request_id"]


class Edge:
    """ASGI middleware around one function's application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        # Kept for each set of origins: a worker has one, a test run several.
        self._with_cors = lru_cache(maxsize=8)(self._make_cors)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        trace = _trace(scope)
        scope["dokker.request_id"] = trace or secrets.token_hex(16)
        answer = _Answer(scope, send)
        with logs.context(**_context(request_id(scope), trace)):
            try:
                await self._with_cors(clients.current().settings.allowed_origins)(scope, receive, answer.send)
            except Exception:  # noqa: BLE001  whatever went wrong, the caller gets a problem and the log the place
                _log.crash("crash", route=_route(scope))
                if not answer.status:
                    await problems.answer(failures.Internal(), request_id(scope))(scope, receive, answer.send)
            answer.log()

    def _make_cors(self, origins: tuple[str, ...]) -> ASGIApp:
        return _Cors(
            self._app,
            allow_origins=origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_SENT,
            expose_headers=_EXPOSED,
            max_age=_PREFLIGHT_SECONDS,
        )


class _Cors(CORSMiddleware):
    """Starlette's, whose refusals of a preflight are problem documents like all others."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        return response if response.status_code < 400 else _Refusal(response)


class _Refusal(Response):
    """A refused preflight: the request's id is known only when it is sent."""

    def __init__(self, refused: Response) -> None:
        super().__init__(status_code=refused.status_code)
        self._said = {name: refused.headers[name] for name in refused.headers if not name.startswith("content-")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        detail = "The preflight asks for an origin, a method or a header that is not allowed here."
        problem = problems.answer(failures.Malformed(detail), request_id(scope))
        problem.headers.update(self._said)
        await problem(scope, receive, send)


class _Answer:
    """The answer on its way out: headers are added to its start, its status is noted for the log."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope, self._send, self._started = scope, send, perf_counter()
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            said = list(message.get("headers", ()))
            names = {name.lower() for name, _ in said}
            said += [header for header in _HEADERS if header[0] not in names]
            message = {**message, "headers": [*said, (b"x-request-id", request_id(self._scope).encode())]}
        await self._send(message)

    def log(self) -> None:
        _log.info(
            "request",
            method=self._scope["method"],
            route=_route(self._scope),
            status=self.status,
            milliseconds=round((perf_counter() - self._started) * 1000, 1),
        )


def _route(scope: Scope) -> str:
    """Return the template of the route, never the path itself, which names documents and people."""
    return getattr(scope.get("route"), "path", "none")


def _trace(scope: Scope) -> str | None:
    headers = dict(scope["headers"])
    for name, form in ((b"traceparent", _TRACE_PARENT), (b"x-cloud-trace-context", _CLOUD_TRACE)):
        if found := form.match(headers.get(name, b"").decode("latin-1")):
            return found[1]
    return None


def _context(given_id: str, trace: str | None) -> dict[str, str]:
    project_id = clients.current().settings.project_id
    linked = {"logging.googleapis.com/trace": f"projects/{project_id}/traces/{trace}"} if trace else {}
    return {"requestId": given_id, **linked}
