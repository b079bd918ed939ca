"""If-Match and If-None-Match as they come in, and answers that carry an ETag."""

from typing import Annotated, Any, Final

from fastapi import Header
from starlette.responses import Response

from core.conditions import PATTERN, EntityTags, IfMatch
from core.failures import IfMatchRequired
from core.web.schemas import View

# For the document alone: what does not fit is malformed (400), not invalid (422).
_FORM: Final[dict[str, Any]] = {"pattern": PATTERN, "minLength": 1, "examples": ['"7-owner"', "*"]}


async def if_match(
    if_match: Annotated[str | None, Header(description="the ETag that you last read", json_schema_extra=_FORM)] = None,
) -> IfMatch:
    """Dependency: read If-Match. Raises IfMatchRequired when it is missing, Malformed when it is no ETag."""
    if if_match is None:
        raise IfMatchRequired
    return IfMatch(EntityTags.of(if_match, "If-Match"))


async def if_none_match(
    if_none_match: Annotated[
        str | None, Header(description="an ETag that you have; unchanged answers 304", json_schema_extra=_FORM)
    ] = None,
) -> EntityTags | None:
    """Dependency: read If-None-Match, if it is there."""
    return None if if_none_match is None else EntityTags.of(if_none_match, "If-None-Match")


def shown(
    view: View,
    *,
    etag: str | None = None,
    status: int = 200,
    location: str | None = None,
    unless: EntityTags | None = None,
    replayed: bool = False,
) -> Response:
    """Answer with a view. With `unless` naming its ETag (weak comparison) the answer is 304 without a body."""
    headers: dict[str, str] = {}
    if etag:
        headers["ETag"] = f'"{etag}"'
        # A browser may keep it, but must ask each time whether it still holds.
        headers["Cache-Control"] = "private, no-cache"
        headers["Vary"] = "Authorization"
        if unless and unless.names(etag):
            return Response(status_code=304, headers=headers)
    if location:
        headers["Location"] = location
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(view.to_json(), status, headers, "application/json")
