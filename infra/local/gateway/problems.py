"""The gateway's own refusals, as the same `application/problem+json` that the functions give (RFC 9457)."""

from __future__ import annotations

from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core import failures
from core.web import problems


def answer(failure: failures.Failure) -> Response:
    return problems.answer(failure, uuid4().hex)


async def render(_: Request, error: Exception) -> Response:
    """Starlette's exception handler: whatever was raised becomes a problem."""
    if isinstance(error, failures.Failure):
        return answer(error)
    if isinstance(error, HTTPException) and error.status_code in (404, 405):
        kind = failures.NotFound if error.status_code == 404 else failures.MethodNotAllowed
        response = answer(kind())
        response.headers.update(error.headers or {})
        return response
    return answer(failures.Internal(repr(error)))


def invalid(pointer: str, code: str, detail: str) -> failures.Invalid:
    """Return the failure for one member of the input, by its JSON Pointer (RFC 6901)."""
    return failures.Invalid(faults=[failures.Fault(pointer, code, detail)])
