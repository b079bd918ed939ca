"""What FastAPI and Starlette raise by themselves, as failures of ours."""

from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core import failures
from core.failures import Failure, Fault
from core.logs import Log
from core.web import edge, methods, problems
from core.web.events import UnreadableEvent

_log = Log(__name__)

# Where pydantic speaks to a programmer.
_IN_OUR_WORDS: Final = {
    "string_pattern_mismatch": "It holds characters that are not allowed here.",
    "model_attributes_type": "It should be a JSON object.",
    "missing": "It is missing.",
    "extra_forbidden": "There is no such field.",
}


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
    if where == "header":
        rest = ["-".join(part.capitalize() for part in str(rest[0]).split("-"))]
    steps = rest if where == "body" else [where, *rest]
    place = pointer(*steps)
    if detail := _IN_OUR_WORDS.get(error["type"]):
        return Fault(place, error["type"], detail)
    return Fault(place, error["type"], error["msg"].removeprefix("Value error, "))


def pointer(*steps: str | int) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    failure = {404: failures.NotFound, 405: failures.MethodNotAllowed}.get(error.status_code, failures.Malformed)()
    response = problems.answer(failure, edge.request_id(request.scope))
    if error.status_code == 405:
        # Starlette names the methods of the first route that fits the path; others may answer more.
        response.headers["Allow"] = methods.allowed(request.app.routes, request.scope)
    return response


async def _let_go(_: Request, error: Exception) -> Response:
    # Answered with anything but 2xx it would come again for days, and be no more readable.
    _log.warning("event_unreadable", reason=str(error))
    return Response(status_code=204)


async def _crashed(request: Request, _: Exception) -> Response:
    return problems.answer(failures.Internal(), edge.request_id(request.scope))


HANDLERS: Final[dict[int | type[Exception], Any]] = {
    Failure: _failed,
    RequestValidationError: _invalid,
    HTTPException: _http_error,
    UnreadableEvent: _let_go,
    # Starlette answers with this and raises on; `edge` logs what comes through.
    Exception: _crashed,
}
