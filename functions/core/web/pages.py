"""Pages of lists as they are asked for: `pageSize` and `pageToken`."""

import json
from typing import Annotated, Final

from fastapi import Query
from starlette.requests import Request

from core.paging import PageRequest
from core.services import clients

DEFAULT_SIZE: Final = 25
MOST: Final = 100

# For the document alone: a token that is none is malformed (400), not invalid (422).
_PATTERN: Final = {"pattern": "^[A-Za-z0-9_-]+$"}


async def page_request(
    request: Request,
    page_size: Annotated[
        int, Query(alias="pageSize", ge=1, description=f"items wanted; more than {MOST} gives {MOST}")
    ] = DEFAULT_SIZE,
    page_token: Annotated[
        str | None,
        Query(alias="pageToken", description="nextPageToken of the page before", json_schema_extra=_PATTERN),
    ] = None,
) -> PageRequest:
    """Dependency: which page the client wants. Raises Malformed for a token that is not of this list and caller."""
    parameters = sorted((k, v) for k, v in request.query_params.multi_items() if k not in ("pageToken", "pageSize"))
    caller = request.scope.get("caller")
    scope = json.dumps([getattr(caller, "uid", ""), request.url.path, parameters]).encode()
    return PageRequest.reading(page_token, min(page_size, MOST), scope, clients.current().settings.key)
