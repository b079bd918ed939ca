"""The HTTP function `discussion`: routes of blocking here, the others in the two modules that it brings in."""

from starlette.responses import Response

from accounts.profiles.admission import REFUSALS
from core import clock
from core.failures import Malformed, NotFound
from core.functions import http_function
from core.web.application import Budget
from core.web.dependencies import TheCaller, TheDatabase, ThePage
from core.web.preconditions import shown
from core.web.schemas import Uid
from documents.discussion import blocking, comment_routes, conversation_routes
from documents.discussion.application import app
from documents.discussion.schemas import BlockedPage, BlockedView

__all__ = ["app", "comment_routes", "conversation_routes", "discussion"]


@app.put(
    "/v1/me/blocked/{uid}",
    status=204,
    raises=[*REFUSALS, NotFound],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def block(uid: Uid, caller: TheCaller, db: TheDatabase) -> Response:
    """Hear no more from somebody. They cannot write to you alone, nor tell you anything by naming you.

    In groups their messages stay. The answer is the same whether or not there is such a person.
    """
    await blocking.block(db, caller, uid, clock.now())
    return Response(status_code=204)


@app.delete(
    "/v1/me/blocked/{uid}",
    status=204,
    raises=[*REFUSALS, NotFound],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def unblock(uid: Uid, caller: TheCaller, db: TheDatabase) -> Response:
    """Hear from somebody again. Who was not blocked stays so."""
    await blocking.unblock(db, caller, uid)
    return Response(status_code=204)


@app.get(
    "/v1/me/blocked",
    shows=BlockedPage,
    raises=[*REFUSALS, Malformed],
    budget=Budget(rpcs=2, reads=2, per="item"),
)
async def list_blocked(caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List whom you have blocked, the latest first."""
    found, token = await blocking.listed(db, caller, page)
    items = [BlockedView(uid=one.blocked_id, created_at=one.created_at) for one in found]
    return shown(BlockedPage(items=items, next_page_token=token))


discussion = http_function(
    app,
    paths=[
        "/v1/documents/*/comments",
        "/v1/documents/*/comments/**",
        "/v1/conversations",
        "/v1/conversations/**",
        "/v1/me/blocked",
        "/v1/me/blocked/**",
    ],
)
