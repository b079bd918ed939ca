"""What HTTP makes of a failure: the one place that maps, and the problem document it becomes (RFC 9457)."""

import json
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response

from core import failures
from core.failures import Failure

MEDIA_TYPE: Final = "application/problem+json"
TYPE_BASE: Final = "https://dokker.com/problems/"

STATUS: Final[dict[type[Failure], int]] = {
    failures.Malformed: 400,
    failures.Unauthenticated: 401,
    failures.Forbidden: 403,
    failures.NotFound: 404,
    failures.MethodNotAllowed: 405,
    failures.NotAcceptable: 406,
    failures.Conflict: 409,
    failures.Gone: 410,
    failures.PreconditionFailed: 412,
    failures.TooLarge: 413,
    failures.UnsupportedMediaType: 415,
    failures.Invalid: 422,
    failures.IfMatchRequired: 428,
    failures.RateLimited: 429,
    failures.Internal: 500,
    failures.Unavailable: 503,
    failures.QuotaExceeded: 507,
}


class ProblemFault(BaseModel):
    """One thing that is wrong with the input."""

    pointer: str = Field(description="JSON Pointer into the body, or /query/…, /path/…, /header/… for the rest")
    code: str
    detail: str


class ProblemDocument(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(description="the request's own address as a URN, for support")
    code: str = Field(description="stable; what clients decide by")
    requestId: str  # noqa: N815  as it travels
    errors: list[ProblemFault] | None = None


def status_of(kind: type[Failure]) -> int:
    """Return the HTTP status of a failure, its own or that of the nearest kind it belongs to."""
    return next(STATUS[base] for base in kind.__mro__ if base in STATUS)


def answer(failure: Failure, request_id: str) -> Response:
    """Make the problem+json answer. `instance` names the occurrence, not the path, which may hold an id."""
    status = status_of(type(failure))
    body: dict[str, Any] = {
        "type": TYPE_BASE + failure.code,
        "title": failure.title,
        "status": status,
        "detail": failure.explanation,
        "instance": f"urn:request:{request_id}",
        "code": failure.code,
        "requestId": request_id,
    }
    if failure.faults:
        body["errors"] = [{"pointer": f.pointer, "code": f.code, "detail": f.detail} for f in failure.faults]
    response = Response(json.dumps(body, ensure_ascii=False).encode(), status, media_type=MEDIA_TYPE)
    if failure.retry_after is not None:
        response.headers["Retry-After"] = str(failure.retry_after)
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="dokker"'
    return response


def responses(kinds: Iterable[type[Failure]]) -> dict[int | str, dict[str, Any]]:
    """Describe for OpenAPI the problems that a route can raise, those of one status together."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in sorted(dict.fromkeys(kinds), key=lambda kind: (status_of(kind), kind.code, kind.__name__)):
        shown = by_status.setdefault(
            status_of(kind),
            {
                "description": "",
                "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}, "examples": {}}},
            },
        )
        shown["description"] = " ".join(filter(None, [shown["description"], f"`{kind.code}`: {kind.detail}"]))
        shown["content"][MEDIA_TYPE]["examples"][kind.__name__] = {"value": _example(kind)}
    return by_status


def _example(kind: type[Failure]) -> dict[str, Any]:
    request_id = "105445aa7843bc8bf206b12000100000"
    return {
        "type": TYPE_BASE + kind.code,
        "title": kind.title,
        "status": status_of(kind),
        "detail": kind.detail,
        "instance": f"urn:request:{request_id}",
        "code": kind.code,
        "requestId": request_id,
    }
