"""The HTTP function `sharing`."""

from typing import Final

from starlette.responses import Response

from accounts.profiles.admission import REFUSALS
from core import clock
from core.failures import IdempotencyKeyReused, Malformed, RateLimited
from core.functions import http_function
from core.web.application import Application, Budget
from core.web.dependencies import TheCaller, TheDatabase, TheIdempotency, ThePage, TheSettings, TheTasks
from core.web.preconditions import shown
from core.web.schemas import Id
from documents.access import DocumentForbidden, DocumentNotFound, DocumentTrashed, Grant
from documents.sharing import granting, leaving, ownership, readers, reading
from documents.sharing.granting import Wish
from documents.sharing.principals import ShareNotFound
from documents.sharing.schemas import (
    OfferView,
    OwnershipView,
    ReaderPage,
    ReaderView,
    ShareChange,
    ShareDraft,
    SharePage,
    ShareView,
    TransferDraft,
    Withdrawal,
    Withdrawn,
)

app = Application("sharing", title="Sharing: who else can read, comment on or edit a document, and to whom it passes")

WITHDRAWN_AT_MOST: Final = 1_000
"""Documents that one call takes back: well within the minute that it has."""


@app.get(
    "/v1/documents/{document_id}/shares",
    shows=SharePage,
    raises=[*REFUSALS, DocumentNotFound, Malformed],
    budget=Budget(rpcs=3, reads=2, per="share"),
)
async def list_shares(document_id: Id, caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List whom a document is shared with, newest first.

    Editors and owners see all of it. Viewers and commenters see only what is shared with themselves, be it in person or
    through a group or Customer of theirs, and never an e-mail address.
    """
    found, token = await reading.listed(db, caller, document_id, page, clock.now())
    return shown(SharePage(items=[ShareView(**vars(share)) for share in found], next_page_token=token))


@app.post(
    "/v1/documents/{document_id}/shares",
    shows=ShareView,
    status=201,
    raises=[
        *REFUSALS,
        DocumentNotFound,
        DocumentForbidden,
        DocumentTrashed,
        granting.TooManyShares,
        IdempotencyKeyReused,
        RateLimited,
    ],
    budget=Budget(rpcs=6, reads=6, writes=5, per="invitation of this document"),
    example={"principal": "helpers:k_Vl9ZP53pkTXlfbzl1kdS", "role": "commenter", "expiresAt": "2027-06-18T12:00:00Z"},
)
async def share(
    document_id: Id,
    draft: ShareDraft,
    caller: TheCaller,
    db: TheDatabase,
    tasks: TheTasks,
    settings: TheSettings,
    idempotency: TheIdempotency,
) -> Response:
    """Share a document with a person, a group, its helpers, a Customer, or whoever has an e-mail address.

    By e-mail it is an invitation in any case, so that no answer tells whether an address has an account. Whoever has a
    share already gets this one in its place.
    """
    wish = Wish(
        Grant(draft.role, draft.expires_at),
        idempotency.id_for(caller.uid, f"share {document_id}") if idempotency.key else None,
        idempotency.fingerprint(draft, f"share {document_id}"),
    )
    if draft.email:
        made = granting.invite(db, tasks, settings.key, caller, document_id, draft.email, wish, clock.now())
    else:
        made = granting.share(db, tasks, caller, document_id, draft.principal, wish, clock.now())
    granted, replayed = await made
    location = f"/v1/documents/{document_id}/shares/{granted.id}"
    return shown(ShareView(**vars(granted)), status=201, location=location, replayed=replayed)


@app.patch(
    "/v1/documents/{document_id}/shares/{share_id}",
    shows=ShareView,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, DocumentTrashed, ShareNotFound],
    budget=Budget(rpcs=4, reads=5, writes=1),
    example={"role": "editor", "expiresAt": None},
)
async def change(document_id: Id, share_id: Id, changes: ShareChange, caller: TheCaller, db: TheDatabase) -> Response:
    """Change the role of a share, or when it ends. Nobody can give more than they hold, nor for longer."""
    given = changes.model_dump(exclude_unset=True)
    wanted = {name: given[field] for field, name in (("role", "role"), ("expires_at", "until")) if field in given}
    return shown(ShareView(**vars(await granting.change(db, caller, document_id, share_id, wanted, clock.now()))))


@app.delete(
    "/v1/documents/{document_id}/shares/{share_id}",
    status=204,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, DocumentTrashed, ShareNotFound],
    budget=Budget(rpcs=3, reads=3, writes=3),
)
async def revoke(document_id: Id, share_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Revoke a share. It is over with the next request; an invitation that was not accepted yet ends with it."""
    await granting.revoke(db, caller, document_id, share_id, clock.now())
    return Response(status_code=204)


@app.get(
    "/v1/documents/{document_id}/readers",
    shows=ReaderPage,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, Malformed],
    budget=Budget(rpcs=3, reads=2, per="reader"),
)
async def list_readers(document_id: Id, caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List who can see a document and through what, if you may share it.

    Groups are opened to you when you are in them; of others, and of Customers, you see how many people they have.
    """
    found, token = await readers.listed(db, caller, document_id, page, clock.now())
    return shown(ReaderPage(items=[ReaderView(**vars(reader)) for reader in found], next_page_token=token))


@app.post(
    "/v1/documents/{document_id}/leave",
    status=204,
    raises=[*REFUSALS, DocumentNotFound, leaving.OwnersStay, leaving.HeldThroughOthers],
    budget=Budget(rpcs=2, reads=2, writes=3),
)
async def leave(document_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Give up a document that is shared with you."""
    await leaving.leave(db, caller, document_id, clock.now())
    return Response(status_code=204)


@app.get(
    "/v1/documents/{document_id}/transfer",
    shows=OfferView,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, ownership.OfferNotFound],
    budget=Budget(rpcs=2, reads=3),
)
async def read_offer(document_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Read the offer to pass a document on, if it is yours or for you. It shows nothing of the document."""
    return shown(OfferView(**vars(await ownership.read(db, caller, document_id, clock.now()))))


@app.post(
    "/v1/documents/{document_id}/transfer",
    shows=OfferView,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, DocumentTrashed],
    budget=Budget(rpcs=2, reads=3, writes=2, per="owner of a Customer"),
    example={"principal": "user:ola-hansen"},
)
async def offer(document_id: Id, draft: TransferDraft, caller: TheCaller, db: TheDatabase, tasks: TheTasks) -> Response:
    """Offer a document of yours to a person or a Customer, in place of any earlier offer. It stands for 14 days.

    A Customer's documents are offered by its admins.
    """
    made = await ownership.offer(db, tasks, caller, document_id, draft.principal, clock.now())
    return shown(OfferView(**vars(made)))


@app.delete(
    "/v1/documents/{document_id}/transfer",
    status=204,
    raises=[*REFUSALS, DocumentNotFound, DocumentForbidden, ownership.OfferNotFound],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def cancel_offer(document_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Withdraw an offer that you made, or decline one made to you."""
    await ownership.cancel(db, caller, document_id, clock.now())
    return Response(status_code=204)


@app.post(
    "/v1/documents/{document_id}/transfer/accept",
    shows=OwnershipView,
    raises=[*REFUSALS, ownership.OfferNotFound],
    budget=Budget(rpcs=3, reads=3, writes=5, per="share of the former owners"),
)
async def accept(document_id: Id, caller: TheCaller, db: TheDatabase, tasks: TheTasks) -> Response:
    """Accept a document that is offered to you, or to a Customer for which you may. The former owner can edit it.

    For a Customer accept its admins, and the person who owns the document and is a member. The room that its files take
    stays with whoever brought them.
    """
    document, role = await ownership.accept(db, tasks, caller, document_id, clock.now())
    return shown(OwnershipView.showing(document, role=role))


@app.post(
    "/v1/documents/withdraw",
    shows=Withdrawn,
    raises=REFUSALS,
    budget=Budget(rpcs=3, reads=2, per="document"),
    example={"principal": "customer:k_Vl9ZP53pkTXlfbzl1kdS"},
)
async def withdraw(wanted: Withdrawal, caller: TheCaller, db: TheDatabase) -> Response:
    """Take back all documents of yours that are shared with a group or Customer, also after you have left it."""
    withdrawn, more = await leaving.withdraw(db, caller, wanted.principal, WITHDRAWN_AT_MOST)
    return shown(Withdrawn(withdrawn=withdrawn, more=more))


sharing = http_function(
    app,
    paths=[
        "/v1/documents/*/shares",
        "/v1/documents/*/shares/**",
        "/v1/documents/*/readers",
        "/v1/documents/*/leave",
        "/v1/documents/*/transfer",
        "/v1/documents/*/transfer/**",
        "/v1/documents/withdraw",
    ],
)
