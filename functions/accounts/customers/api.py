"""The HTTP function `customers`."""

from typing import Annotated, Final

from fastapi import Query, Request
from starlette.responses import Response

from accounts.customers import accepting, authority, members, outstanding, owners, provisioning, service, spreadsheet
from accounts.customers.inviting import Wish
from accounts.customers.schemas import (
    AcceptanceDraft,
    CustomerChange,
    CustomerDraft,
    CustomerPage,
    CustomerView,
    InvitationDraft,
    InvitationPage,
    InvitationView,
    MemberPage,
    MemberView,
    Opened,
    Provisioned,
    RoleChange,
    SettingsView,
)
from accounts.memberships import CustomerRole
from accounts.profiles.admission import REFUSALS
from accounts.records import CustomerKind, CustomerRecord, individual_id
from core import clock
from core.failures import IdempotencyKeyReused, IfMatchRequired, Malformed, RateLimited, StaleEtag, TooLarge
from core.functions import http_function
from core.web.application import Application, Budget
from core.web.dependencies import (
    TheCaller,
    TheDatabase,
    TheIdempotency,
    TheIfMatch,
    TheIfNoneMatch,
    ThePage,
    TheSettings,
    TheTasks,
)
from core.web.preconditions import shown
from core.web.schemas import Id, Uid

app = Application("customers", title="Customers: their members, and invitations")

CUSTOMER: Final = "/v1/customers/{customer_id}"
MEMBER: Final = f"{CUSTOMER}/members/{{uid}}"
INVITATION: Final = f"{CUSTOMER}/invitations/{{invitation_id}}"

_INSIDE: Final = (*REFUSALS, authority.CustomerNotFound)
_RANKED: Final = (*_INSIDE, authority.CustomerForbidden)


def _view(customer: CustomerRecord, role: CustomerRole) -> CustomerView:
    return CustomerView.showing(customer, role=role, settings=SettingsView.showing(customer.settings))


@app.post(
    "/v1/customers",
    shows=CustomerView,
    status=201,
    raises=[
        *REFUSALS,
        IdempotencyKeyReused,
        service.TooManyMemberships,
        service.IndividualExists,
        service.NoLongerYours,
    ],
    budget=Budget(rpcs=2, reads=2, writes=3),
    example={"kind": "educational_institution", "name": "Åsen skole", "country": "NO", "language": "nb", "seats": 450},
)
async def create(
    draft: CustomerDraft, caller: TheCaller, db: TheDatabase, idempotency: TheIdempotency, settings: TheSettings
) -> Response:
    """Make a Customer. You are its owner."""
    alone = draft.kind is CustomerKind.INDIVIDUAL
    charter = service.Charter(
        id=individual_id(settings.key, caller.uid) if alone else idempotency.id_for(caller.uid, "customer"),
        fingerprint=idempotency.fingerprint(draft, "customer"),
        **draft.content(),
    )
    customer, role, replayed = await service.create(db, caller, charter, clock.now())
    return shown(
        _view(customer, role),
        status=201,
        etag=service.etag(customer, role),
        location=f"/v1/customers/{customer.id}",
        replayed=replayed,
    )


@app.get("/v1/customers", shows=CustomerPage, raises=REFUSALS, budget=Budget(rpcs=2, reads=1, per="item"))
async def find(caller: TheCaller, db: TheDatabase) -> Response:
    """List the Customers that you belong to, all in one page, with your role in each."""
    found = await service.listed(db, caller)
    return shown(CustomerPage(items=[_view(customer, role) for customer, role in found]))


@app.get(
    CUSTOMER,
    shows=CustomerView,
    raises=[*_INSIDE, Malformed],
    budget=Budget(rpcs=1, reads=2),
    may_answer={304: "Unchanged since the ETag in If-None-Match"},
)
async def read(customer_id: Id, caller: TheCaller, db: TheDatabase, unless: TheIfNoneMatch) -> Response:
    """Read a Customer that you belong to."""
    customer, role = await service.read(db, caller, customer_id)
    return shown(_view(customer, role), etag=service.etag(customer, role), unless=unless)


@app.patch(
    CUSTOMER,
    shows=CustomerView,
    raises=[*_RANKED, IfMatchRequired, StaleEtag, service.SeatsTaken],
    budget=Budget(rpcs=2, reads=2, writes=1),
    example={"seats": 500, "settings": {"helpersInvite": False}},
)
async def change(
    customer_id: Id, changes: CustomerChange, caller: TheCaller, db: TheDatabase, condition: TheIfMatch
) -> Response:
    """Change name, country, language, seats or settings, as an admin. What kind of Customer it is never changes."""
    named = changes.model_dump(exclude_unset=True)
    customer, role = await service.change(db, caller, customer_id, named, condition)
    return shown(_view(customer, role), etag=service.etag(customer, role))


@app.get(
    f"{CUSTOMER}/members", shows=MemberPage, raises=[*_RANKED, Malformed], budget=Budget(rpcs=3, reads=2, per="item")
)
async def list_members(
    customer_id: Id,
    caller: TheCaller,
    db: TheDatabase,
    page: ThePage,
    role: Annotated[CustomerRole | None, Query(description="those of this role alone")] = None,
) -> Response:
    """List the members, those who joined last first. For helpers and up."""
    found, token = await members.listed(db, caller, customer_id, role, page)
    items = [MemberView.showing(line, name=name) for line, name in found]
    return shown(MemberPage(items=items, next_page_token=token))


@app.get(MEMBER, shows=MemberView, raises=[*_RANKED, members.MemberNotFound], budget=Budget(rpcs=2, reads=3))
async def read_member(customer_id: Id, uid: Uid, caller: TheCaller, db: TheDatabase) -> Response:
    """Read one member. For helpers and up, and for yourself."""
    line, name = await members.read(db, caller, customer_id, uid)
    return shown(MemberView.showing(line, name=name))


@app.patch(
    MEMBER,
    shows=MemberView,
    raises=[*_RANKED, members.MemberNotFound, owners.LastOwner, owners.OwnerRefused],
    budget=Budget(rpcs=2, reads=4, writes=3),
    example={"role": "helper"},
)
async def change_member(customer_id: Id, uid: Uid, change: RoleChange, caller: TheCaller, db: TheDatabase) -> Response:
    """Give a member another role, as an admin. Only owners make and unmake owners, and one always remains."""
    line, name = await members.change_role(db, caller, customer_id, uid, change.role)
    return shown(MemberView.showing(line, name=name))


@app.delete(
    MEMBER,
    status=204,
    raises=[*_RANKED, members.MemberNotFound, owners.LastOwner],
    budget=Budget(rpcs=2, reads=4, writes=5),
)
async def remove_member(customer_id: Id, uid: Uid, caller: TheCaller, db: TheDatabase, tasks: TheTasks) -> Response:
    """Leave a Customer, or as an admin remove somebody. What they own stays theirs."""
    await members.remove(db, tasks, caller, customer_id, uid, clock.now())
    return Response(status_code=204)


@app.post(
    f"{CUSTOMER}/invitations",
    shows=InvitationView,
    status=201,
    raises=[*_RANKED, IdempotencyKeyReused, RateLimited, outstanding.AlreadyInvited, outstanding.NoSeatsLeft],
    budget=Budget(rpcs=3, reads=4, writes=4, per="group"),
    example={"email": "kari@example.com", "role": "helper"},
)
async def invite(
    customer_id: Id,
    draft: InvitationDraft,
    caller: TheCaller,
    db: TheDatabase,
    tasks: TheTasks,
    idempotency: TheIdempotency,
    settings: TheSettings,
) -> Response:
    """Invite somebody by e-mail. The link holds for 7 days, for an account with that verified address alone.

    Admins invite up to admins, owners up to owners, and helpers members, where the Customer lets them.
    """
    what = f"invitation {customer_id}"
    wish = Wish(
        draft.email,
        draft.role,
        tuple(dict.fromkeys(draft.group_ids)),
        seed=idempotency.id_for(caller.uid, what),
        fingerprint=idempotency.fingerprint(draft, what),
    )
    may_repeat = idempotency.key is not None
    made, replayed = await outstanding.invite(
        db, tasks, settings.key, caller, customer_id, wish, clock.now(), may_repeat=may_repeat
    )
    location = f"/v1/customers/{customer_id}/invitations/{made.id}"
    return shown(InvitationView.showing(made), status=201, location=location, replayed=replayed)


@app.post(
    f"{CUSTOMER}/invitations/import",
    shows=Provisioned,
    raises=[*_RANKED, TooLarge, RateLimited],
    budget=Budget(rpcs=4, reads=5, writes=2, per="line"),
    reads=("text/csv",),
    most_bytes=spreadsheet.MOST_BYTES,
)
async def provision(
    customer_id: Id, request: Request, caller: TheCaller, db: TheDatabase, tasks: TheTasks, settings: TheSettings
) -> Response:
    """Invite a list of people: CSV of at most 1,000 lines and 1 MiB, `email[,role[,groups]]`, groups separated by `;`.

    A heading may stand first. Each line has its own answer. Sent again, the list goes on where it stopped.
    """
    content = await request.body()
    lines = await provisioning.provision(db, tasks, settings.key, caller, customer_id, content, clock.now())
    return shown(Provisioned.of(lines))


@app.get(
    f"{CUSTOMER}/invitations",
    shows=InvitationPage,
    raises=[*_RANKED, Malformed],
    budget=Budget(rpcs=2, reads=2, per="item"),
)
async def list_invitations(customer_id: Id, caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List the invitations, newest first. For admins."""
    found, token = await outstanding.listed(db, caller, customer_id, page)
    return shown(InvitationPage(items=[InvitationView.showing(one) for one in found], next_page_token=token))


@app.get(
    INVITATION, shows=InvitationView, raises=[*_RANKED, outstanding.InvitationUnknown], budget=Budget(rpcs=1, reads=2)
)
async def read_invitation(customer_id: Id, invitation_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Read an invitation, as an admin or as the one who made it."""
    return shown(InvitationView.showing(await outstanding.read(db, caller, customer_id, invitation_id)))


@app.delete(
    INVITATION,
    status=204,
    raises=[*_RANKED, outstanding.InvitationUnknown, outstanding.InvitationOver],
    budget=Budget(rpcs=2, reads=2, writes=2),
)
async def revoke(customer_id: Id, invitation_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Revoke an invitation: its link opens nothing from now on, and its seat is free. One that is over stays so."""
    await outstanding.revoke(db, caller, customer_id, invitation_id, clock.now())
    return Response(status_code=204)


@app.post(
    f"{INVITATION}/resend",
    shows=InvitationView,
    raises=[*_RANKED, RateLimited, outstanding.InvitationUnknown, outstanding.InvitationOver, outstanding.SentOften],
    budget=Budget(rpcs=2, reads=2, writes=2),
)
async def resend(customer_id: Id, invitation_id: Id, caller: TheCaller, db: TheDatabase, tasks: TheTasks) -> Response:
    """Send an open invitation once more, at most three times and ten minutes apart. It then holds for 7 days again."""
    changed = await outstanding.resend(db, tasks, caller, customer_id, invitation_id, clock.now())
    return shown(InvitationView.showing(changed))


@app.post(
    "/v1/invitations/accept",
    shows=Opened,
    raises=[*REFUSALS, *accepting.REFUSALS],
    budget=Budget(rpcs=3, reads=4, writes=5, per="group"),
    example={"token": "r3cXb0nXcPz1Yk2b5m6qkQ8oXw4tUu7sVh9jA1dEfGk"},
)
async def accept(
    draft: AcceptanceDraft, caller: TheCaller, db: TheDatabase, tasks: TheTasks, settings: TheSettings
) -> Response:
    """Accept an invitation with the token of its link, signed in with the verified address that it was sent to."""
    accepted = await accepting.accept(db, tasks, settings.key, caller, draft.token, clock.now())
    return shown(Opened(**vars(accepted)))


customers = http_function(app, paths=["/v1/customers", "/v1/customers/**", "/v1/invitations/accept"])
