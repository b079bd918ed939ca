"""The authorisation matrix, by role: every route upon a document, a Customer or a group, by every kind of person.

`test_authorisation.py` has those who are nothing to it, and the states of an account. Here each caller is given their
role upon the very thing that a request goes for, and the request is the owner's own.
"""

from __future__ import annotations

from typing import Any

import pytest

from accounts.memberships import CustomerRole
from documents import access
from documents.records import Role, documents
from tests.support.api import Api, Person
from tests.support.belonging import enters, joins
from tests.support.routes import Call, documented
from tests.system.test_authorisation import calls_on

DOCUMENT, CUSTOMER = "/v1/documents/{document_id}", "/v1/customers/{customer_id}"
GROUP = f"{CUSTOMER}/groups/{{group_id}}"
COMMENT = f"{DOCUMENT}/comments/{{comment_id}}"

GOOD, FORBIDDEN, MISSING, CONFLICT = "good", "403 forbidden", "404 not_found", "409 conflict"

# How each caller comes to a document: the principal that holds their role, and the role.
HELD: dict[str, tuple[str, Role] | None] = {
    "stranger": None,
    "viewer": ("user:{uid}", Role.VIEWER),
    "commenter": ("user:{uid}", Role.COMMENTER),
    "editor": ("user:{uid}", Role.EDITOR),
    "owner": ("user:{uid}", Role.OWNER),
    "group helper": ("helpers:klassen", Role.EDITOR),
    "admin": ("admins:skolen", Role.OWNER),
    "admin of another": None,
    "staff": None,
}
ROLE_OF = {"viewer": 0, "commenter": 1, "editor": 2, "group helper": 2, "owner": 3, "admin": 3}

_LEAST = {
    "viewer": (
        *(
            f"GET {DOCUMENT}{rest}"
            for rest in ("", "/revisions", "/revisions/{number}", "/export", "/files", "/shares")
        ),
        *(f"GET {DOCUMENT}/files/{{file_id}}{rest}" for rest in ("", "/content", "/thumbnail")),
        *(f"GET {DOCUMENT}/comments", f"GET {COMMENT}", f"GET {DOCUMENT}/comments/unread"),
        *(f"PUT {DOCUMENT}/comments/read", f"POST {DOCUMENT}/duplicate"),
    ),
    "commenter": (f"POST {DOCUMENT}/comments", f"POST {COMMENT}/resolve", f"POST {COMMENT}/reopen"),
    "editor": (
        *(f"PATCH {DOCUMENT}", f"POST {DOCUMENT}/revisions/{{number}}/restore", f"GET {DOCUMENT}/readers"),
        *(f"POST {DOCUMENT}/files", f"DELETE {DOCUMENT}/files/{{file_id}}"),
        *(f"PATCH {DOCUMENT}/shares/{{share_id}}", f"DELETE {DOCUMENT}/shares/{{share_id}}"),
    ),
    # Only owners delete what others have written, and give a document away.
    "owner": (f"DELETE {DOCUMENT}", f"DELETE {COMMENT}", f"GET {DOCUMENT}/transfer", f"DELETE {DOCUMENT}/transfer"),
}
# What does not go by the least role alone.
_APART: dict[str, dict[str, str]] = {
    # In the trash a document is there for its owners alone.
    f"POST {DOCUMENT}/restore": {"viewer": MISSING, "commenter": MISSING, "editor": MISSING, "group helper": MISSING},
    f"POST {DOCUMENT}/purge": {"viewer": MISSING, "commenter": MISSING, "editor": MISSING, "group helper": MISSING},
    # Nobody changes another's words.
    f"PATCH {COMMENT}": dict.fromkeys(ROLE_OF, FORBIDDEN),
    # One's own share can be left, and nothing else.
    f"POST {DOCUMENT}/leave": {"group helper": CONFLICT, "owner": CONFLICT, "admin": CONFLICT},
    # To whom it is offered accepts, whatever they may do besides: a Customer's admins for it.
    f"POST {DOCUMENT}/transfer/accept": {
        **dict.fromkeys(HELD, MISSING),
        "admin": GOOD,
    },
    # They name Customers and groups that only whoever is in them can name.
    f"POST {DOCUMENT}/shares": {
        **dict.fromkeys(("viewer", "commenter"), FORBIDDEN),
        **dict.fromkeys(("editor", "owner"), "422 validation_failed"),
    },
    f"POST {DOCUMENT}/transfer": {
        **dict.fromkeys(("viewer", "commenter", "editor", "group helper"), FORBIDDEN),
        "owner": "422 validation_failed",
    },
    f"GET {DOCUMENT}/transfer": {"admin": GOOD},
}


def of_document(route: str, who: str) -> str:
    """What a caller is to get for a request upon a document."""
    if who in _APART.get(route, {}):
        return _APART[route][who]
    if who not in ROLE_OF:
        return MISSING
    least = next((role for role, named in _LEAST.items() if route in named), "viewer")
    return GOOD if ROLE_OF[who] >= ROLE_OF[least] else FORBIDDEN


async def give(person: Person, call: Call, held: tuple[str, Role]) -> None:
    """Give somebody their role upon the document that a request goes for."""
    db = person.api.db
    found = await db.get(documents.at(call.fill["document_id"]))
    assert found
    roles = {**found.roles, held[0].format(uid=person.uid): held[1]}
    await db.commit(documents.update(found, roles=roles, **access.lists(roles, found.tags, trashed=found.trashed)))


async def caller(api: Api, who: str) -> Person:
    person = await _somebody(api, who)
    if who == "group helper":
        await joins(person, "skolen")
        await enters(person, "klassen", "skolen", helper=True)
    if who == "admin":
        await joins(person, "skolen", CustomerRole.ADMIN)
    if who == "admin of another":
        await joins(person, "nabolaget", CustomerRole.ADMIN)
    return person


async def _somebody(api: Api, who: str) -> Person:
    return await api.person("Olaug", staff=True) if who == "staff" else await api.person("Olaug")


async def outcome(call: Call, person: Person) -> str:
    answer = await call.by(person)
    return GOOD if answer.status < 400 else " ".join(map(str, answer.problem))


class TestUponADocument:
    @pytest.mark.promise("P43")
    @pytest.mark.parametrize("who", HELD)
    async def test_each_gets_what_their_role_allows(self, api: Api, who: str) -> None:
        kari = await api.person("Kari")
        calls = [call for call in await calls_on(kari) if call.route in documented() and DOCUMENT in call.route]
        person, held = await caller(api, who), HELD[who]

        got: dict[str, str] = {}
        for call in calls:
            if held:
                await give(person, call, held)
            got[call.route] = await outcome(call, person)

        assert got == {call.route: of_document(call.route, who) for call in calls}


# Who may at least, upon a Customer; beside it what those get who may not, but belong to it.
_OF_CUSTOMERS: dict[str, tuple[str, ...]] = {
    "member": (f"GET {CUSTOMER}", f"GET {CUSTOMER}/groups"),
    "helper": (
        *(f"GET {CUSTOMER}/members", f"GET {CUSTOMER}/members/{{uid}}"),
        *(f"POST {CUSTOMER}/groups", f"POST {CUSTOMER}/invitations", f"POST {CUSTOMER}/invitations/import"),
    ),
    "admin": (
        *(f"PATCH {CUSTOMER}", f"PATCH {CUSTOMER}/members/{{uid}}", f"DELETE {CUSTOMER}/members/{{uid}}"),
        f"GET {CUSTOMER}/invitations",
        *(f"{method} {CUSTOMER}/invitations/{{invitation_id}}" for method in ("GET", "DELETE")),
        f"POST {CUSTOMER}/invitations/{{invitation_id}}/resend",
    ),
}
STANDINGS = ("member", "helper", "admin", "owner")


def of_customer(route: str, who: str) -> str:
    if who not in STANDINGS:
        return MISSING
    least = next(role for role, named in _OF_CUSTOMERS.items() if route in named)
    return GOOD if STANDINGS.index(who) >= STANDINGS.index(least) else FORBIDDEN


class TestUponACustomer:
    @pytest.mark.promise("P37")
    @pytest.mark.promise("P43")
    @pytest.mark.parametrize("who", [*STANDINGS, "stranger", "admin of another", "staff"])
    async def test_each_gets_what_their_role_allows(self, api: Api, who: str) -> None:
        kari = await api.person("Kari")
        calls = [call for call in await calls_on(kari) if call.route in documented() and CUSTOMER in call.route]
        calls = [call for call in calls if "{group_id}" not in call.route]
        person = await caller(api, who)
        if who in STANDINGS:
            for customer_id in {call.fill["customer_id"] for call in calls}:
                await joins(person, customer_id, CustomerRole(who))

        got = {call.route: await outcome(call, person) for call in calls}

        assert got == {call.route: of_customer(call.route, who) for call in calls}


# Upon a group: its people, its helpers, and those of its Customer by their role there. Whose it is, and who helps in
# it, its Customer's admins decide.
_READ = (f"GET {GROUP}", f"GET {GROUP}/members")
_LEAD = (f"PATCH {GROUP}", f"DELETE {GROUP}", f"PUT {GROUP}/members/{{uid}}", f"DELETE {GROUP}/members/{{uid}}")
IN_GROUP = ("in the group", "group helper", "member", "helper", "admin", "owner")


def of_group(route: str, who: str) -> str:
    if who not in IN_GROUP or who == "member":
        return MISSING
    if route in _READ or who in ("admin", "owner"):
        return GOOD
    return GOOD if who == "group helper" and route in _LEAD else FORBIDDEN


class TestUponAGroup:
    @pytest.mark.promise("P38")
    @pytest.mark.promise("P43")
    @pytest.mark.parametrize("who", [*IN_GROUP, "stranger", "admin of another", "staff"])
    async def test_each_gets_what_their_role_allows(self, api: Api, who: str) -> None:
        kari = await api.person("Kari")
        calls = [call for call in await calls_on(kari) if call.route in documented() and GROUP in call.route]
        calls = [call for call in calls if not call.route.endswith("/transfer/accept")]
        person = await _somebody(api, who)
        await _belongs(person, who, calls)

        got = {call.route: await outcome(call, person) for call in calls}

        assert got == {call.route: of_group(call.route, who) for call in calls}


async def _belongs(person: Person, who: str, calls: list[Call]) -> None:
    places: list[dict[str, Any]] = [dict(call.fill) for call in calls]
    for customer_id in {place["customer_id"] for place in places}:
        if who in IN_GROUP:
            await joins(person, customer_id, CustomerRole(who) if who in STANDINGS else CustomerRole.MEMBER)
    if who == "admin of another":
        await joins(person, "nabolaget", CustomerRole.ADMIN)
    if who in ("in the group", "group helper"):
        for place in places:
            await enters(person, place["group_id"], place["customer_id"], helper=who == "group helper")
