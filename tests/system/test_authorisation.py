"""The authorisation matrix: every route, called by everyone who might try."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.memberships import CustomerRole
from accounts.profiles import service
from accounts.profiles.records import AccountState
from core import clock
from documents.records import Role
from documents.sharing.principals import share_id
from infra.local.machine_tokens import machine_token
from tests.documents.authoring.stored import a_stored_document, store
from tests.documents.discussion.conftest import between, classmates, commented, said
from tests.documents.files.conftest import kept
from tests.support import samples
from tests.support.api import Api, Client, Document, Person
from tests.support.belonging import CLASS, enters, founds, joins
from tests.support.customers import SCHOOL, a_customer, token
from tests.support.routes import Call, documented, routes
from tests.support.telling import a_comment, one_click

UNKNOWN = "401 unauthenticated"
MISSING = "404 not_found"
FORBIDDEN = "403 forbidden"
INVALID = "422 validation_failed"
RESTRICTED, SUSPENDED, ERASING = (f"403 account_{state}" for state in ("restricted", "suspended", "erasing"))

READ = ("200", "200", ERASING)
LED = ("302", "302", ERASING)
WRITE = (RESTRICTED, SUSPENDED, ERASING)

GROUP = "/v1/customers/{customer_id}/groups/{group_id}"

# What comes back to: nobody, a machine, a stranger, the owner restricted, suspended, erasing, and as usual.
# The stranger is signed in and goes for what is the owner's.
MATRIX: dict[str, tuple[str, ...]] = {
    "GET /v1/me": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "PATCH /v1/me": (UNKNOWN, UNKNOWN, "200", *WRITE, "200"),
    "GET /v1/me/devices": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "DELETE /v1/me/devices/{device_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "DELETE /v1/me/devices": (UNKNOWN, UNKNOWN, "200", *WRITE, "200"),
    "GET /v1/me/security-events": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "GET /v1/people/{uid}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "POST /v1/documents": (UNKNOWN, UNKNOWN, "201", *WRITE, "201"),
    "GET /v1/documents": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "GET /v1/documents/{document_id}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "PATCH /v1/documents/{document_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "DELETE /v1/documents/{document_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "POST /v1/documents/{document_id}/restore": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "POST /v1/documents/{document_id}/purge": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "POST /v1/documents/{document_id}/duplicate": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "201"),
    "GET /v1/documents/{document_id}/revisions": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "GET /v1/documents/{document_id}/revisions/{number}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "POST /v1/documents/{document_id}/revisions/{number}/restore": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "GET /v1/documents/{document_id}/export": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "POST /v1/documents/import": (UNKNOWN, UNKNOWN, "201", *WRITE, "201"),
    "POST /v1/documents/empty-trash": (UNKNOWN, UNKNOWN, "200", *WRITE, "200"),
    "POST /v1/documents/{document_id}/files": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "201"),
    "GET /v1/documents/{document_id}/files": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "GET /v1/documents/{document_id}/files/{file_id}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "GET /v1/documents/{document_id}/files/{file_id}/content": (UNKNOWN, UNKNOWN, MISSING, *LED, "302"),
    "GET /v1/documents/{document_id}/files/{file_id}/thumbnail": (UNKNOWN, UNKNOWN, MISSING, *LED, "302"),
    "DELETE /v1/documents/{document_id}/files/{file_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "PUT /v1/me/picture": (UNKNOWN, UNKNOWN, "200", *WRITE, "200"),
    "DELETE /v1/me/picture": (UNKNOWN, UNKNOWN, "204", *WRITE, "204"),
    "POST /tasks/settle-upload": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /tasks/delete-file": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /tasks/copy-files": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /schedules/sweep-files": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /schedules/sweep-pictures": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /tasks/purge-document": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /tasks/purge-marked": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /schedules/purge-trash": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /schedules/prune-revisions": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    # customers
    "POST /v1/customers": (UNKNOWN, UNKNOWN, "201", *WRITE, "201"),
    "GET /v1/customers": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "GET /v1/customers/{customer_id}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "PATCH /v1/customers/{customer_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "GET /v1/customers/{customer_id}/members": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "GET /v1/customers/{customer_id}/members/{uid}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "PATCH /v1/customers/{customer_id}/members/{uid}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "DELETE /v1/customers/{customer_id}/members/{uid}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "POST /v1/customers/{customer_id}/invitations": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "201"),
    "POST /v1/customers/{customer_id}/invitations/import": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "GET /v1/customers/{customer_id}/invitations": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "GET /v1/customers/{customer_id}/invitations/{invitation_id}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "DELETE /v1/customers/{customer_id}/invitations/{invitation_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "POST /v1/customers/{customer_id}/invitations/{invitation_id}/resend": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "POST /v1/invitations/accept": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "POST /schedules/expire-invitations": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /schedules/sweep-departures": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    # /customers
    "POST /v1/customers/{customer_id}/groups": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "201"),
    "GET /v1/customers/{customer_id}/groups": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    f"GET {GROUP}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    f"PATCH {GROUP}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    f"DELETE {GROUP}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    f"GET {GROUP}/members": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    f"PUT {GROUP}/members/{{uid}}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    f"DELETE {GROUP}/members/{{uid}}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    f"POST {GROUP}/assign": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    f"POST {GROUP}/transfer": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "202"),
    f"POST {GROUP}/transfer/accept": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "202"),
    f"DELETE {GROUP}/transfer": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "GET /v1/me/groups": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "POST /tasks/move-group": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /tasks/delete-group": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /tasks/tidy-membership": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /schedules/sweep-groups": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "GET /v1/documents/{document_id}/comments": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "POST /v1/documents/{document_id}/comments": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "201"),
    "GET /v1/documents/{document_id}/comments/unread": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "PUT /v1/documents/{document_id}/comments/read": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "GET /v1/documents/{document_id}/comments/{comment_id}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "PATCH /v1/documents/{document_id}/comments/{comment_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "DELETE /v1/documents/{document_id}/comments/{comment_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "POST /v1/documents/{document_id}/comments/{comment_id}/resolve": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "POST /v1/documents/{document_id}/comments/{comment_id}/reopen": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "POST /v1/conversations": (UNKNOWN, UNKNOWN, INVALID, *WRITE, "201"),
    "GET /v1/conversations": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "GET /v1/conversations/{conversation_id}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "POST /v1/conversations/{conversation_id}/leave": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "PUT /v1/conversations/{conversation_id}/read": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "POST /v1/conversations/{conversation_id}/messages": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "201"),
    "GET /v1/conversations/{conversation_id}/messages": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "GET /v1/conversations/{conversation_id}/messages/{message_id}": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "PATCH /v1/conversations/{conversation_id}/messages/{message_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "DELETE /v1/conversations/{conversation_id}/messages/{message_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "GET /v1/me/blocked": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "PUT /v1/me/blocked/{uid}": (UNKNOWN, UNKNOWN, "204", *WRITE, "204"),
    "DELETE /v1/me/blocked/{uid}": (UNKNOWN, UNKNOWN, "204", *WRITE, "204"),
    "POST /schedules/sweep-conversations": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    # IAM let in whatever reaches an event function; what is no event is acknowledged, so that it does not return.
    "POST /": ("204", "204", "204", "204", "204", "204", "204"),
    "GET /v1/documents/{document_id}/shares": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "POST /v1/documents/{document_id}/shares": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "201"),
    "PATCH /v1/documents/{document_id}/shares/{share_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "DELETE /v1/documents/{document_id}/shares/{share_id}": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "GET /v1/documents/{document_id}/readers": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "POST /v1/documents/{document_id}/leave": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "GET /v1/documents/{document_id}/transfer": (UNKNOWN, UNKNOWN, MISSING, *READ, "200"),
    "POST /v1/documents/{document_id}/transfer": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "DELETE /v1/documents/{document_id}/transfer": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "POST /v1/documents/{document_id}/transfer/accept": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "200"),
    "POST /v1/documents/withdraw": (UNKNOWN, UNKNOWN, "200", *WRITE, "200"),
    "POST /schedules/expire-shares": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    # accounts/outreach. Withdrawing is one's own right, and who clicks in a mail need not sign in.
    "GET /v1/me/notifications": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "PUT /v1/me/notifications": (UNKNOWN, UNKNOWN, "200", "200", SUSPENDED, ERASING, "200"),
    "GET /v1/me/notices": (UNKNOWN, UNKNOWN, "200", *READ, "200"),
    "POST /v1/me/notices/{notice_id}/read": (UNKNOWN, UNKNOWN, MISSING, *WRITE, "204"),
    "POST /v1/me/notices/read": (UNKNOWN, UNKNOWN, "200", *WRITE, "200"),
    "POST /v1/unsubscribe": ("204", "204", "204", "204", "204", "204", "204"),
    "POST /tasks/deliver-notice": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /tasks/deliver-due": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /schedules/sweep-outbox": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    "POST /schedules/remove-old-notices": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
    # The last row, as the owner's token is worth nothing afterwards.
    "POST /v1/me/sessions/revoke": (UNKNOWN, UNKNOWN, "200", *WRITE, "200"),
    "POST /tasks/follow-group": (UNKNOWN, "200", FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN),
}
CALLERS = ("nobody", "machine", "stranger", "restricted", "suspended", "erasing", "owner")

DEVICE = "kari-laptop-0123456789"
CUSTOMER = "/v1/customers/{customer_id}"


async def calls_on(owner: Person) -> list[Call]:
    """A good request for every row, each upon something of the owner's that no other row touches."""
    await owner.get("/v1/me", x_device_id=DEVICE)
    anything: dict[str, Any] = {"headers": {"If-Match": "*"}}

    def of(document: Document, **more: str) -> dict[str, str]:
        return {"document_id": document.id, **more}

    pictured = await _with_a_picture(owner)
    made = {
        "PATCH /v1/me": {"body": {"name": "Kari Nordmann"}, **anything},
        "DELETE /v1/me/devices/{device_id}": {"fill": {"device_id": DEVICE}},
        "GET /v1/people/{uid}": {"fill": {"uid": owner.uid}},
        "POST /v1/documents": {"body": {"title": "Blåbærtur"}},
        "GET /v1/documents/{document_id}": {"fill": of(await owner.writes())},
        "PATCH /v1/documents/{document_id}": {"fill": of(await owner.writes()), "body": {"title": "Tyttebær"}}
        | anything,
        "DELETE /v1/documents/{document_id}": {"fill": of(await owner.writes()), **anything},
        "POST /v1/documents/{document_id}/restore": {"fill": of(await owner.trashes())},
        "POST /v1/documents/{document_id}/purge": {"fill": of(await owner.trashes())},
        "POST /v1/documents/{document_id}/duplicate": {"fill": of(await owner.writes())},
        "GET /v1/documents/{document_id}/revisions": {"fill": of(await owner.writes())},
        "GET /v1/documents/{document_id}/revisions/{number}": {"fill": of(await owner.writes(), number="1")},
        "POST /v1/documents/{document_id}/revisions/{number}/restore": {"fill": of(await owner.writes(), number="1")},
        "GET /v1/documents/{document_id}/export": {"fill": of(await owner.writes())},
        "POST /v1/documents/import": {"body": b"# Tur", "headers": {"Content-Type": "text/markdown"}},
        "POST /v1/documents/{document_id}/files": {
            "fill": of(await owner.writes()),
            "body": {"name": "a.txt", "contentType": "text/plain", "size": 3},
        },
        "GET /v1/documents/{document_id}/files": {"fill": of(await owner.writes())},
        **{
            f"GET /v1/documents/{{document_id}}/files/{{file_id}}{rest}": {"fill": pictured}
            for rest in ("", "/content", "/thumbnail")
        },
        "DELETE /v1/documents/{document_id}/files/{file_id}": {"fill": await _with_a_picture(owner)},
        "PUT /v1/me/picture": {"body": samples.photo(), "headers": {"Content-Type": "image/jpeg"}},
        "POST /tasks/settle-upload": {"body": {"documentId": "nothing", "fileId": "nothing"}},
        "POST /tasks/delete-file": {"body": {"documentId": "nothing", "fileId": "nothing"}},
        "POST /tasks/copy-files": {"body": {"documentId": "nothing"}},
        "POST /tasks/purge-document": {"body": {"documentId": "nothing"}},
        "POST /tasks/purge-marked": {"body": {}},
        "POST /tasks/follow-group": {"body": {"groupId": "nothing"}},
        **await customers_calls(owner),
        **await _on_groups(owner, anything),
        **await _sharing(owner),
        "PUT /v1/me/notifications": {"body": {"activityMail": False}, **anything},
        "POST /v1/me/notices/{notice_id}/read": {"fill": {"notice_id": await a_comment(owner)}},
        "POST /v1/unsubscribe": await one_click(owner),
        "POST /tasks/deliver-notice": {"body": {"noticeId": "nothing"}},
        "POST /tasks/deliver-due": {"body": {}},
        **await calls_to_talk(owner),
    }
    return [Call(route, **made.get(route, {})) for route in MATRIX]


async def _on_groups(owner: Person, anything: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Requests upon groups of a Customer that is the owner's, and one upon a group that it is offered."""
    await joins(owner, "turlaget", CustomerRole.OWNER)

    async def of(**fields: Any) -> dict[str, Any]:
        return {"fill": {"customer_id": "turlaget", "group_id": await founds(owner, "turlaget", **fields)}}

    async def of_the_owner() -> dict[str, Any]:
        return {"fill": {**(await of())["fill"], "uid": owner.uid}}

    offered = {"offered_to": "koret", "offered_at": clock.now()}
    taken = await founds(owner, "koret", offered_to="turlaget", offered_at=clock.now())
    nothing = {"body": {"groupId": "nothing"}}
    return {
        "POST /v1/customers/{customer_id}/groups": {"fill": {"customer_id": "turlaget"}, "body": {"name": "Turlag"}},
        "GET /v1/customers/{customer_id}/groups": {"fill": {"customer_id": "turlaget"}},
        f"GET {GROUP}": await of(),
        f"PATCH {GROUP}": await of() | {"body": {"name": "Nytt turlag"}} | anything,
        f"DELETE {GROUP}": await of() | anything,
        f"GET {GROUP}/members": await of(),
        f"PUT {GROUP}/members/{{uid}}": await of_the_owner() | {"body": {"role": "helper"}},
        f"DELETE {GROUP}/members/{{uid}}": await of_the_owner(),
        f"POST {GROUP}/assign": await of() | {"body": {"helpers": [owner.uid]}},
        f"POST {GROUP}/transfer": await of() | {"body": {"customerId": "koret"}},
        f"POST {GROUP}/transfer/accept": {"fill": {"customer_id": "turlaget", "group_id": taken}},
        f"DELETE {GROUP}/transfer": await of(**offered),
        "POST /tasks/move-group": nothing,
        "POST /tasks/delete-group": nothing,
        "POST /tasks/tidy-membership": {"body": {"membershipId": "nothing"}},
    }


async def _sharing(owner: Person) -> dict[str, Any]:
    await joins(owner, "skolen")
    path, of_school = "/v1/documents/{document_id}", {"principal": "customer:skolen"}

    async def shared(**more: Any) -> dict[str, Any]:
        roles = more.pop("roles", {f"user:{owner.uid}": Role.OWNER, "customer:skolen": Role.VIEWER})
        document = a_stored_document(owner, roles=roles, **more)
        await store(owner.api.db, [document])
        return {"fill": {"document_id": document.id, "share_id": share_id("customer:skolen")}}

    offered = {"offered_to": "customer:skolen", "offered_at": clock.now()}
    hers = {"owner_id": "lise", "roles": {"user:lise": Role.OWNER, f"user:{owner.uid}": Role.VIEWER}}
    return {
        f"GET {path}/shares": await shared(),
        f"POST {path}/shares": {**await shared(), "body": {**of_school, "role": "editor"}},
        f"PATCH {path}/shares/{{share_id}}": {**await shared(), "body": {"role": "editor"}},
        f"DELETE {path}/shares/{{share_id}}": await shared(),
        f"GET {path}/readers": await shared(),
        f"POST {path}/leave": await shared(**hers),
        f"GET {path}/transfer": await shared(**offered),
        f"POST {path}/transfer": {**await shared(), "body": of_school},
        f"DELETE {path}/transfer": await shared(**offered),
        f"POST {path}/transfer/accept": await shared(**offered),
        "POST /v1/documents/withdraw": {"body": of_school},
    }


async def calls_to_talk(owner: Person) -> dict[str, dict[str, Any]]:
    """Requests upon comments and conversations of the owner's, who is in a class with another."""
    (other,) = await classmates(owner.api, "Ola")
    await enters(owner, CLASS)
    one = "/v1/documents/{document_id}/comments/{comment_id}"
    talk = "/v1/conversations/{conversation_id}"
    made: dict[str, dict[str, Any]] = {
        "GET /v1/documents/{document_id}/comments": {"fill": await _with_a_comment(owner)},
        "POST /v1/documents/{document_id}/comments": {"fill": await _with_a_comment(owner), "body": {"body": "Hei"}},
        "GET /v1/documents/{document_id}/comments/unread": {"fill": await _with_a_comment(owner)},
        "PUT /v1/documents/{document_id}/comments/read": {"fill": await _with_a_comment(owner), "body": {}},
        "POST /v1/conversations": {"body": {"groupId": CLASS}},
        f"GET {talk}": {"fill": await _with_a_message(owner)},
        f"PUT {talk}/read": {"fill": await _with_a_message(owner), "body": {}},
        f"POST {talk}/leave": {"fill": {"conversation_id": (await between(owner, other)).rpartition("/")[2]}},
        f"GET {talk}/messages": {"fill": await _with_a_message(owner)},
        f"POST {talk}/messages": {"fill": await _with_a_message(owner), "body": {"body": "Hei"}},
        "PUT /v1/me/blocked/{uid}": {"fill": {"uid": other.uid}},
        "DELETE /v1/me/blocked/{uid}": {"fill": {"uid": other.uid}},
    }
    for route in (f"GET {one}", f"PATCH {one}", f"DELETE {one}", f"POST {one}/resolve", f"POST {one}/reopen"):
        made[route] = {"fill": await _with_a_comment(owner)}
    for route in (f"GET {talk}/messages/", f"PATCH {talk}/messages/", f"DELETE {talk}/messages/"):
        made[route + "{message_id}"] = {"fill": await _with_a_message(owner)}
    for route in (f"PATCH {one}", f"PATCH {talk}/messages/{{message_id}}"):
        made[route]["body"] = {"body": "Hallo"}
    return made


async def _with_a_comment(owner: Person) -> dict[str, str]:
    document = await owner.writes()
    return {"document_id": document.id, "comment_id": (await commented(owner, document))["id"]}


async def _with_a_message(owner: Person) -> dict[str, str]:
    conversation = await owner.post("/v1/conversations", {"groupId": CLASS})
    message = await said(owner, f"/v1/conversations/{conversation['id']}")
    return {"conversation_id": conversation["id"], "message_id": message["id"]}


async def _with_a_picture(owner: Person) -> dict[str, str]:
    document = await owner.writes()
    return {"document_id": document.id, "file_id": (await kept(owner, document, samples.photo()))["id"]}


async def customers_calls(owner: Person) -> dict[str, dict[str, Any]]:
    """A good request for every row of Customers, in one of the owner's."""
    school = await a_customer(owner)
    colleagues = await owner.api.people("Anne", "Hans", "Mia")
    await school.takes(*colleagues)
    anne, hans, mia = (colleague.uid for colleague in colleagues)
    seen, revoked, resent = [(await school.invites(f"elev{n}@example.com"))["id"] for n in range(3)]
    owner.api.advance(minutes=11)
    rival = await a_customer(await owner.api.person("Rival"))
    wanted = await token(owner.api, (await rival.invites(owner.email))["id"])
    into, member, invited = CUSTOMER, f"{CUSTOMER}/members/{{uid}}", f"{CUSTOMER}/invitations/{{invitation_id}}"
    fill = {"customer_id": school.id}
    return {
        "POST /v1/customers": {"body": SCHOOL},
        f"GET {into}": {"fill": fill},
        f"PATCH {into}": {"fill": fill, "body": {"name": "Lia skole"}, "headers": {"If-Match": "*"}},
        f"GET {into}/members": {"fill": fill},
        f"GET {member}": {"fill": {**fill, "uid": anne}},
        f"PATCH {member}": {"fill": {**fill, "uid": hans}, "body": {"role": "helper"}},
        f"DELETE {member}": {"fill": {**fill, "uid": mia}},
        f"POST {into}/invitations": {"fill": fill, "body": {"email": "ny@example.com"}},
        f"POST {into}/invitations/import": {
            "fill": fill,
            "body": b"email\nnyere@example.com\n",
            "headers": {"Content-Type": "text/csv"},
        },
        f"GET {into}/invitations": {"fill": fill},
        f"GET {invited}": {"fill": {**fill, "invitation_id": seen}},
        f"DELETE {invited}": {"fill": {**fill, "invitation_id": revoked}},
        f"POST {invited}/resend": {"fill": {**fill, "invitation_id": resent}},
        "POST /v1/invitations/accept": {"body": {"token": wanted}},
    }


async def as_caller(api: Api, who: str, owner: Person) -> Client:
    """The one who calls: nobody, a stranger, or the owner with their account in the named state."""
    if who == "nobody":
        return Client(api.http)
    if who == "stranger":
        stranger = await api.person("Mallory")
        api.in_auth(stranger)
        return stranger
    if who in list(AccountState):
        await service.change_state(api.db, owner.uid, AccountState(who), clock.now())
    return owner


def machine(api: Api, route: str) -> Client:
    """The service account that may call the route's function, or one that may call another for people's routes."""
    settings, found = api.clients.settings, routes()[route]
    invoker = "scheduler-invoker" if found.function.endswith("-schedules") else "tasks-invoker"
    token = machine_token(settings.account(invoker), settings.address_of(found.function), clock.wall())
    return Client(api.http, {"Authorization": f"Bearer {token}"})


class TestTheMatrix:
    def test_has_a_row_for_every_route_and_a_route_for_every_row(self) -> None:
        assert set(MATRIX) == set(routes())

    def test_covers_what_the_reference_shows(self) -> None:
        people = {name for name, route in routes().items() if route.declared.audience not in ("machine", "event")}
        assert documented() == people

    @pytest.mark.promise("P43")
    @pytest.mark.parametrize("who", CALLERS)
    async def test_holds_for(self, api: Api, who: str) -> None:
        owner = await api.person("Kari")
        api.in_auth(owner)
        calls = await calls_on(owner)
        caller = await as_caller(api, who, owner)

        got: dict[str, str] = {}
        for call in calls:
            answer = await call.by(machine(api, call.route) if who == "machine" else caller)
            got[call.route] = str(answer.status) if answer.status < 400 else " ".join(map(str, answer.problem))

        column = CALLERS.index(who)
        assert got == {route: row[column] for route, row in MATRIX.items()}

    @pytest.mark.promise("P43")
    async def test_a_stranger_changes_nothing(self, api: Api) -> None:
        owner, stranger = await api.people("Kari", "Mallory")
        document = await owner.writes("Hemmelig", "Ingen får se dette.")
        before = (await owner.get(document.path)).json

        for call in await calls_on(owner):
            if "{document_id}" in call.route:
                aimed = Call(call.route, {**call.fill, "document_id": document.id}, call.body, headers=call.headers)
                answer = await aimed.by(stranger)
                assert "Hemmelig" not in answer.response.text and "Ingen" not in answer.response.text

        assert (await owner.get(document.path)).json == before
