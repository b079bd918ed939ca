"""Routes of comments."""

from starlette.responses import Response

from accounts.profiles.admission import REFUSALS
from core import clock
from core.failures import IdempotencyKeyReused, Malformed, RateLimited
from core.web.application import Budget
from core.web.dependencies import TheCaller, TheDatabase, TheIdempotency, ThePage, TheTasks
from core.web.preconditions import shown
from core.web.schemas import Id
from documents.access import DocumentForbidden, DocumentNotFound, DocumentTrashed
from documents.discussion import commenting, reading, resolving
from documents.discussion.application import app
from documents.discussion.commenting import CommentGone, CommentNotFound, Wish
from documents.discussion.resolving import NotAThread
from documents.discussion.schemas import (
    CommentCounts,
    CommentDraft,
    CommentPage,
    CommentsRead,
    CommentView,
    WordsChange,
)

_WRITING = (*REFUSALS, DocumentNotFound, DocumentForbidden, DocumentTrashed)


@app.post(
    "/v1/documents/{document_id}/comments",
    shows=CommentView,
    status=201,
    raises=[*_WRITING, CommentGone, IdempotencyKeyReused, RateLimited],
    budget=Budget(rpcs=5, reads=5, writes=3, per="person concerned"),
    example={"body": "Så *fint*! Hvor var det?", "anchor": {"quote": "mange bær"}},
)
async def comment(
    document_id: Id,
    draft: CommentDraft,
    caller: TheCaller,
    db: TheDatabase,
    tasks: TheTasks,
    idempotency: TheIdempotency,
) -> Response:
    """Comment on a document, or reply to a comment. Naming somebody as `@{uid}` who can read it tells them.

    A reply to a reply belongs to the same thread, whose head is its `parentId`. The document's owner and those who
    wrote in the thread are told, too.
    """
    what = f"comment {document_id}"
    wish = Wish(
        id=idempotency.id_for(caller.uid, what),
        fingerprint=idempotency.fingerprint(draft, what),
        body=draft.body,
        parent_id=draft.parent_id,
        quote=draft.anchor and draft.anchor.quote,
    )
    made, replayed = await commenting.add(db, tasks, caller, document_id, wish, clock.now())
    location = f"/v1/documents/{document_id}/comments/{made.record.id}"
    return shown(CommentView.of(made), status=201, location=location, replayed=replayed)


@app.get(
    "/v1/documents/{document_id}/comments",
    shows=CommentPage,
    raises=[*REFUSALS, DocumentNotFound, Malformed],
    budget=Budget(rpcs=3, reads=2, per="item"),
)
async def list_comments(document_id: Id, caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List the comments on a document, oldest first, with all replies."""
    found, token = await reading.listed(db, caller, document_id, page, clock.now())
    return shown(CommentPage(items=[CommentView.of(one) for one in found], next_page_token=token))


@app.get(
    "/v1/documents/{document_id}/comments/unread",
    shows=CommentCounts,
    raises=[*REFUSALS, DocumentNotFound],
    budget=Budget(rpcs=4, reads=6),
)
async def count_comments(document_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Count the comments on a document, and those of others that you have not read."""
    counts = await reading.unread(db, caller, document_id, clock.now())
    return shown(CommentCounts(total=counts.total, unread=counts.unread))


@app.put(
    "/v1/documents/{document_id}/comments/read",
    status=204,
    raises=[*REFUSALS, DocumentNotFound, CommentNotFound],
    budget=Budget(rpcs=2, reads=4, writes=1),
    example={"commentId": "k_Vl9ZP53pkTXlfbzl1kdS"},
)
async def mark_comments_read(document_id: Id, read: CommentsRead, caller: TheCaller, db: TheDatabase) -> Response:
    """Note that you have read the comments up to one of them, or all there are now. It never goes back."""
    await reading.mark(db, caller, document_id, read.comment_id, clock.now())
    return Response(status_code=204)


@app.get(
    "/v1/documents/{document_id}/comments/{comment_id}",
    shows=CommentView,
    raises=[*REFUSALS, DocumentNotFound, CommentNotFound],
    budget=Budget(rpcs=2, reads=3, per="person named"),
)
async def read_comment(document_id: Id, comment_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Read one comment."""
    return shown(CommentView.of(await reading.one(db, caller, document_id, comment_id, clock.now())))


@app.patch(
    "/v1/documents/{document_id}/comments/{comment_id}",
    shows=CommentView,
    raises=[*_WRITING, CommentNotFound, RateLimited],
    budget=Budget(rpcs=4, reads=4, writes=2, per="person named"),
    example={"body": "Så *fint*! Var det på Gaustatoppen?"},
)
async def edit_comment(
    document_id: Id, comment_id: Id, changes: WordsChange, caller: TheCaller, db: TheDatabase, tasks: TheTasks
) -> Response:
    """Change the text of a comment of yours. It is marked as edited, and those newly named are told."""
    edited = await commenting.edit(db, tasks, caller, document_id, comment_id, changes.body, clock.now())
    return shown(CommentView.of(edited))


@app.delete(
    "/v1/documents/{document_id}/comments/{comment_id}",
    status=204,
    raises=[*_WRITING, CommentNotFound],
    budget=Budget(rpcs=3, reads=4, writes=2),
)
async def delete_comment(document_id: Id, comment_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Delete a comment of yours, or any on a document that you own. One with replies stays, empty."""
    await commenting.remove(db, caller, document_id, comment_id, clock.now())
    return Response(status_code=204)


_RESOLVING = {
    "shows": CommentView,
    "raises": [*_WRITING, CommentNotFound, NotAThread],
    "budget": Budget(rpcs=3, reads=3, writes=1, per="person named"),
}


@app.post("/v1/documents/{document_id}/comments/{comment_id}/resolve", **_RESOLVING)
async def resolve_comment(document_id: Id, comment_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Mark a thread as done with, by its head."""
    return shown(CommentView.of(await resolving.resolve(db, caller, document_id, comment_id, clock.now())))


@app.post("/v1/documents/{document_id}/comments/{comment_id}/reopen", **_RESOLVING)
async def reopen_comment(document_id: Id, comment_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Take a thread up again, by its head."""
    return shown(CommentView.of(await resolving.reopen(db, caller, document_id, comment_id, clock.now())))
