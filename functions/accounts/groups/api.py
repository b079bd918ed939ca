"""The HTTP function `groups`."""

from typing import Annotated, Any, Final

from fastapi import Query
from starlette.responses import Response

from accounts.groups import assigning, changing, founding, people, reading, transferring
from accounts.groups.founding import GroupGone, Origin
from accounts.groups.people import Participant, ParticipantNotFound
from accounts.groups.reading import Seen
from accounts.groups.schemas import (
    AssignmentDraft,
    GroupChange,
    GroupDraft,
    GroupPage,
    GroupTransferDraft,
    GroupView,
    ParticipantDraft,
    ParticipantPage,
    ParticipantView,
    TransferView,
)
from accounts.groups.standing import GroupForbidden, GroupNotFound, etag
from accounts.groups.transferring import AlreadyThere, GroupMoving, OfferNotFound, Transferred
from accounts.memberships import CustomerNotFound, GroupRole, TooManyGroups
from accounts.profiles.admission import REFUSALS
from accounts.records import individual_id
from core import clock
from core.failures import IdempotencyKeyReused, IfMatchRequired, Malformed, RateLimited, StaleEtag
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

app = Application("groups", title="Groups: people who learn together, and the helpers who look after them")

_GROUPS: Final = "/v1/customers/{customer_id}/groups"
_GROUP: Final = f"{_GROUPS}/{{group_id}}"
_SEES: Final = (*REFUSALS, GroupNotFound)
_CHANGES: Final = (*_SEES, GroupForbidden)
_UNCHANGED: Final = {304: "Unchanged since the ETag in If-None-Match"}


def _page(found: tuple[list[Seen], str | None]) -> Response:
    now, (seen, token) = clock.now(), found
    return shown(GroupPage(items=[GroupView.of(*one, now) for one in seen], next_page_token=token))


def _whole(seen: Seen, **more: Any) -> Response:
    return shown(GroupView.of(*seen, clock.now()), etag=etag(*seen), **more)


def _transferred(done: Transferred) -> Response:
    view = TransferView.of(done.group, done.standing, clock.now(), state=done.state)
    return shown(
        view, status=202, etag=etag(done.group, done.standing), location=_address(done.group.customer_id, view.id)
    )


def _address(customer_id: str, group_id: str) -> str:
    return f"/v1/customers/{customer_id}/groups/{group_id}"


def _participant(found: Participant) -> ParticipantView:
    return ParticipantView(uid=found.uid, name=found.name, role=found.role, joined_at=found.joined_at)


@app.post(
    _GROUPS,
    shows=GroupView,
    status=201,
    raises=[*REFUSALS, CustomerNotFound, GroupForbidden, TooManyGroups, GroupGone, IdempotencyKeyReused],
    budget=Budget(rpcs=2, reads=1, writes=3),
    example={"name": "3B Turlag"},
)
async def create(
    customer_id: Id, draft: GroupDraft, caller: TheCaller, db: TheDatabase, idempotency: TheIdempotency
) -> Response:
    """Make a group in a Customer where you are a helper, an admin or an owner. You look after it to begin with."""
    what = f"group {customer_id}"
    origin = Origin(idempotency.id_for(caller.uid, what), idempotency.fingerprint(draft, what))
    group, standing, replayed = await founding.found(db, caller, customer_id, draft.name, origin, clock.now())
    address = _address(customer_id, group.id)
    return _whole((group, standing), status=201, location=address, replayed=replayed)


@app.get(
    _GROUPS,
    shows=GroupPage,
    raises=[*REFUSALS, CustomerNotFound, GroupForbidden, Malformed],
    budget=Budget(rpcs=2, reads=2, per="group"),
)
async def list_groups(
    customer_id: Id,
    caller: TheCaller,
    db: TheDatabase,
    page: ThePage,
    offered: Annotated[bool, Query(description="those of others that this Customer may take; for admins")] = False,
) -> Response:
    """List a Customer's groups, newest first: all of them for its helpers and admins, your own for members."""
    return _page(await reading.listed(db, caller, customer_id, page, offered=offered, now=clock.now()))


@app.get("/v1/me/groups", shows=GroupPage, raises=[*REFUSALS, Malformed], budget=Budget(rpcs=2, reads=1, per="group"))
async def list_own(caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List the groups that you are in, whichever Customer has them, newest first."""
    return _page(await reading.own(db, caller, page))


@app.get(_GROUP, shows=GroupView, raises=[*_SEES, Malformed], budget=Budget(rpcs=1, reads=2), may_answer=_UNCHANGED)
async def read(customer_id: Id, group_id: Id, caller: TheCaller, db: TheDatabase, unless: TheIfNoneMatch) -> Response:
    """Read a group that you are in, or that is in a Customer where you help, or that is offered to one of yours."""
    return _whole(await reading.read(db, caller, customer_id, group_id, clock.now()), unless=unless)


@app.patch(
    _GROUP,
    shows=GroupView,
    raises=[*_CHANGES, IfMatchRequired, StaleEtag],
    budget=Budget(rpcs=2, reads=2, writes=1),
    example={"name": "4B Turlag"},
)
async def change(
    customer_id: Id, group_id: Id, changes: GroupChange, caller: TheCaller, db: TheDatabase, condition: TheIfMatch
) -> Response:
    """Give a group another name."""
    named = changes.model_dump(exclude_unset=True)
    return _whole(await changing.change(db, caller, customer_id, group_id, named, condition))


@app.delete(
    _GROUP,
    status=204,
    raises=[*_CHANGES, IfMatchRequired, Malformed, StaleEtag],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def delete(
    customer_id: Id, group_id: Id, caller: TheCaller, db: TheDatabase, tasks: TheTasks, condition: TheIfMatch
) -> Response:
    """Delete a group. Its people stay in the Customer, and its documents stay with those who own them."""
    await changing.delete(db, tasks, caller, customer_id, group_id, condition, clock.now())
    return Response(status_code=204)


@app.get(
    f"{_GROUP}/members",
    shows=ParticipantPage,
    raises=[*_SEES, Malformed],
    budget=Budget(rpcs=3, reads=2, per="participant"),
)
async def list_members(
    customer_id: Id,
    group_id: Id,
    caller: TheCaller,
    db: TheDatabase,
    page: ThePage,
    role: Annotated[GroupRole | None, Query(description="those of this role alone")] = None,
) -> Response:
    """List the people of a group, who came last first. Whoever has just left can make a page shorter."""
    found, token = await people.listed(db, caller, customer_id, group_id, role, page)
    return shown(ParticipantPage(items=[_participant(one) for one in found], next_page_token=token))


@app.put(
    f"{_GROUP}/members/{{uid}}",
    shows=ParticipantView,
    raises=[*_CHANGES, ParticipantNotFound, TooManyGroups],
    budget=Budget(rpcs=2, reads=4, writes=3),
    example={"role": "member"},
)
async def put_member(
    customer_id: Id, group_id: Id, uid: Uid, draft: ParticipantDraft, caller: TheCaller, db: TheDatabase
) -> Response:
    """Put a member of the Customer into the group, or give them another role in it."""
    return shown(_participant(await people.put(db, caller, customer_id, group_id, uid, draft.role, clock.now())))


@app.delete(f"{_GROUP}/members/{{uid}}", status=204, raises=_CHANGES, budget=Budget(rpcs=2, reads=4, writes=3))
async def remove_member(customer_id: Id, group_id: Id, uid: Uid, caller: TheCaller, db: TheDatabase) -> Response:
    """Take somebody out of the group, or leave it yourself. They stay in the Customer."""
    await people.remove(db, caller, customer_id, group_id, uid)
    return Response(status_code=204)


@app.post(
    f"{_GROUP}/assign",
    shows=GroupView,
    raises=[*_CHANGES, TooManyGroups],
    budget=Budget(rpcs=4, reads=3, writes=1, per="participant"),
    example={"helpers": ["kari-nordmann"]},
)
async def assign(customer_id: Id, group_id: Id, draft: AssignmentDraft, caller: TheCaller, db: TheDatabase) -> Response:
    """Have these members of the Customer, and nobody else, look after the group. Former helpers stay as members."""
    return _whole(await assigning.assign(db, caller, customer_id, group_id, draft.helpers, clock.now()))


@app.post(
    f"{_GROUP}/transfer",
    shows=TransferView,
    status=202,
    raises=[*_CHANGES, GroupMoving, AlreadyThere, RateLimited],
    budget=Budget(rpcs=2, reads=4, writes=3),
    example={"customerId": "k_Vl9ZP53pkTXlfbzl1kdS"},
)
async def transfer(
    customer_id: Id,
    group_id: Id,
    draft: GroupTransferDraft,
    caller: TheCaller,
    db: TheDatabase,
    tasks: TheTasks,
    settings: TheSettings,
) -> Response:
    """Give a group to another Customer, or to a person: at once where you decide on both sides, else as an offer.

    Its people keep it, and become no members of the Customer that gets it.
    """
    target = draft.customer_id or individual_id(settings.key, draft.owner_id)
    return _transferred(await transferring.transfer(db, tasks, caller, customer_id, group_id, target, clock.now()))


@app.post(
    f"{_GROUP}/transfer/accept",
    shows=TransferView,
    status=202,
    raises=_SEES,
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def accept(customer_id: Id, group_id: Id, caller: TheCaller, db: TheDatabase, tasks: TheTasks) -> Response:
    """Take a group that is offered to this Customer, of which you are an admin or an owner."""
    return _transferred(await transferring.accept(db, tasks, caller, customer_id, group_id, clock.now()))


@app.delete(
    f"{_GROUP}/transfer", status=204, raises=[*_CHANGES, OfferNotFound], budget=Budget(rpcs=2, reads=2, writes=1)
)
async def withdraw(customer_id: Id, group_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Withdraw the offer of a group, or decline one that was made to this Customer."""
    await transferring.withdraw(db, caller, customer_id, group_id, clock.now())
    return Response(status_code=204)


groups = http_function(app, paths=["/v1/customers/*/groups", "/v1/customers/*/groups/**", "/v1/me/groups"])
