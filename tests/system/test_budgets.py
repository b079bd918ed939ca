"""Budgets: what every route says that it costs, measured on the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from accounts.customers.departures import mark
from accounts.memberships import CustomerRole
from accounts.profiles.records import profiles
from accounts.records import GroupRecord, groups
from core import clock
from core.services.outbox import NoticeKind
from documents.discussion.records import conversations
from documents.records import documents
from infra.local.events.event import Event
from infra.local.machine_tokens import machine_token
from tests.documents.discussion.conftest import at, between, classmates, commented, replied, said, shared
from tests.documents.files.conftest import announced, brought, kept, quiet
from tests.support import samples
from tests.support.api import Api, Client, Person
from tests.support.belonging import CLASS, enters, founds, joins, leaves
from tests.support.customers import SCHOOL, a_customer, a_group, token
from tests.support.routes import Call, routes
from tests.support.telling import a_comment, invite, one_click, put_customer, tell

Cost = tuple[int, int, int]
Prepare = Callable[[Person], Awaitable[Call]]

DEVICE = "kari-laptop-0123456789"


@dataclass(frozen=True)
class Case:
    """A route's ordinary request, and what it costs: Firestore RPCs, documents read, documents written.

    `many` of what the budget grows with are there, and each adds `each` to what is declared.
    """

    prepare: Prepare
    cost: Cost
    many: int = 0
    each: Cost = (0, 0, 0)


def asking(route: str, query: str = "") -> Prepare:
    async def prepare(kari: Person) -> Call:
        return Call(route, query=query)

    return prepare


def upon(route: str, *, trashed: bool = False, **more: str) -> Prepare:
    """A request upon a document of its own."""

    async def prepare(kari: Person) -> Call:
        document = await (kari.trashes if trashed else kari.writes)("Blåbærtur", "Vi fant *mange* bær.")
        body = {"title": "Tyttebærtur"} if route.startswith("PATCH") else None
        return Call(route, {"document_id": document.id, **more}, body, headers={"If-Match": document.etag})

    return prepare


async def creating(kari: Person) -> Call:
    return Call("POST /v1/documents", body={"title": "Blåbærtur", "body": "Vi fant *mange* bær.", "tags": ["tur"]})


async def importing(kari: Person) -> Call:
    return Call("POST /v1/documents/import", body=b"# Tur", headers={"Content-Type": "text/markdown"})


async def listing_26(kari: Person) -> Call:
    """More than a page, for somebody with twenty principals."""
    await in_groups(kari, 17)
    for number in range(26):
        await kari.writes(f"Dokument {number}")
    return Call("GET /v1/documents")


async def searching_3(kari: Person) -> Call:
    for title in ("Lang tur", "Tur i skogen", "På tur", "Hjemme"):
        await kari.writes(title)
    return Call("GET /v1/documents", query="?q=tur")


async def emptying_2(kari: Person) -> Call:
    await kari.trashes("En")
    await kari.trashes("To")
    return Call("POST /v1/documents/empty-trash")


async def renaming(kari: Person) -> Call:
    return Call("PATCH /v1/me", body={"name": "Kari Nordmann"}, headers={"If-Match": "*"})


async def with_a_device(kari: Person) -> Call:
    await kari.get("/v1/me", x_device_id=DEVICE)
    return Call("GET /v1/me/devices")


async def forgetting(kari: Person) -> Call:
    await kari.get("/v1/me", x_device_id=DEVICE)
    return Call("DELETE /v1/me/devices/{device_id}", {"device_id": DEVICE})


async def going_back(kari: Person) -> Call:
    document = await kari.writes("Før")
    kari.api.advance(minutes=6)
    await kari.patch(document.path, {"title": "Etter"}, if_match="*")
    path = "POST /v1/documents/{document_id}/revisions/{number}/restore"
    return Call(path, {"document_id": document.id, "number": "1"})


async def forgetting_all(kari: Person) -> Call:
    await kari.get("/v1/me", x_device_id=DEVICE)
    return Call("DELETE /v1/me/devices")


async def with_an_event(kari: Person) -> Call:
    await kari.get("/v1/me", x_device_id=DEVICE)
    return Call("GET /v1/me/security-events")


async def ending_sessions(kari: Person) -> Call:
    kari.api.in_auth(kari)
    return Call("POST /v1/me/sessions/revoke")


async def seeing_a_colleague(kari: Person) -> Call:
    ola, db = await kari.api.person("Ola"), kari.api.db
    for person in (kari, ola):
        profile = await db.get(profiles.at(person.uid))
        assert profile
        await db.commit(profiles.update(profile, principals=[*profile.principals, "group:turlaget"]))
    return Call("GET /v1/people/{uid}", {"uid": ola.uid})


async def marked(kari: Person) -> str:
    """A document as a purge leaves it whose task is still to come."""
    document, db = await kari.trashes("Borte"), kari.api.db
    found = await db.get(documents.at(document.id))
    assert found
    await db.commit(documents.update(found, purging_at=clock.now()))
    return document.id


async def a_purge(kari: Person) -> Call:
    return Call("POST /tasks/purge-document", body={"documentId": await marked(kari)})


async def a_sweep(kari: Person) -> Call:
    await marked(kari)
    return Call("POST /tasks/purge-marked", body={})


async def a_night(kari: Person) -> Call:
    await kari.trashes("Borte")
    kari.api.advance(days=31)
    return Call("POST /schedules/purge-trash")


FILE = "/v1/documents/{document_id}/files/{file_id}"
NOTE = {"name": "notat.txt", "contentType": "text/plain", "size": 3}


async def announcing(kari: Person) -> Call:
    return Call("POST /v1/documents/{document_id}/files", {"document_id": (await kari.writes()).id}, NOTE)


async def listing_a_file(kari: Person) -> Call:
    document = await kari.writes()
    await announced(kari, document, b"hei", "text/plain")
    return Call("GET /v1/documents/{document_id}/files", {"document_id": document.id})


def of_a_picture(route: str) -> Prepare:
    """A request upon a picture that is ready."""

    async def prepare(kari: Person) -> Call:
        document = await kari.writes()
        file = await kept(kari, document, samples.photo())
        await quiet(kari.api)
        return Call(route, {"document_id": document.id, "file_id": file["id"]})

    return prepare


async def put_picture(kari: Person) -> Call:
    return Call("PUT /v1/me/picture", body=samples.photo(), headers={"Content-Type": "image/jpeg"})


async def taking_the_picture_away(kari: Person) -> Call:
    await (await put_picture(kari)).by(kari)
    return Call("DELETE /v1/me/picture")


async def waiting(kari: Person) -> tuple[str, str, Event]:
    """A file whose upload has come, and the event of it that has not been delivered."""
    kari.api.events.hold()
    document = await kari.writes()
    path = await brought(kari, document, b"hei", "text/plain")
    await kari.api.events.holding(1)
    return document.id, path.rpartition("/")[2], kari.api.events.held[0]


async def an_event(kari: Person) -> Call:
    _, _, event = await waiting(kari)
    return Call("POST /", body=event.content, headers=event.headers)


async def an_upload(kari: Person) -> Call:
    document_id, file_id, _ = await waiting(kari)
    return Call("POST /tasks/settle-upload", body={"documentId": document_id, "fileId": file_id})


async def a_deletion(kari: Person) -> Call:
    call = await of_a_picture(f"DELETE {FILE}")(kari)
    await call.by(kari)
    return Call(
        "POST /tasks/delete-file", body={"documentId": call.fill["document_id"], "fileId": call.fill["file_id"]}
    )


async def a_copy(kari: Person) -> Call:
    document = await kari.writes()
    await kept(kari, document, b"hei", "text/plain")
    copy = await kari.post(f"{document.path}/duplicate")
    return Call("POST /tasks/copy-files", body={"documentId": copy["id"]})


async def a_sweep_of_files(kari: Person) -> Call:
    await kept(kari, await kari.writes(), b"hei", "text/plain")
    return Call("POST /schedules/sweep-files")


async def a_sweep_of_pictures(kari: Person) -> Call:
    await (await put_picture(kari)).by(kari)
    return Call("POST /schedules/sweep-pictures")


async def in_groups(person: Person, count: int) -> list[str]:
    """Put somebody into a Customer and so many groups of it. Returns their principals."""
    await joins(person, "skolen")
    for number in range(count):
        await enters(person, f"klasse-{number}")
    profile = await person.api.db.get(profiles.at(person.uid))
    assert profile
    return profile.principals


async def a_group_that_moved(kari: Person) -> Call:
    """One with a document that has not followed yet."""
    await joins(kari, "skolen")
    await enters(kari, "klasse-8b")
    await kari.writes("Gruppearbeid", groupId="klasse-8b")
    fields: dict[str, Any] = {"name": "8B", "member_count": 1, "created_by": None, "fingerprint": ""}
    group = GroupRecord(id="klasse-8b", customer_id="fabrikken", created_at=clock.now(), **fields)
    await kari.api.db.commit(groups.create(group))
    return Call("POST /tasks/follow-group", body={"groupId": "klasse-8b"})


CUSTOMER = "/v1/customers/{customer_id}"
MEMBER, INVITATION = f"{CUSTOMER}/members/{{uid}}", f"{CUSTOMER}/invitations/{{invitation_id}}"


async def founding(kari: Person) -> Call:
    return Call("POST /v1/customers", body=SCHOOL)


def in_a_school(route: str, body: Any = None, content_type: str = "application/json") -> Prepare:
    """A request upon a Customer of Kari's with Ola in it, or upon Ola, or upon an invitation that is open."""

    async def prepare(kari: Person) -> Call:
        school, ola = await a_customer(kari), await kari.api.person("Ola")
        await school.takes(ola)
        invited = (await school.invites("ny@example.com"))["id"] if "{invitation_id}" in route else ""
        kari.api.advance(minutes=11)
        fill = {"customer_id": school.id, "uid": ola.uid, "invitation_id": invited}
        return Call(route, fill, body, headers={"If-Match": "*", "Content-Type": content_type})

    return prepare


async def accepting(kari: Person) -> Call:
    school = await a_customer(await kari.api.person("Ola"))
    group_id = await a_group(school)
    made = await school.invites(kari.email, groupIds=[group_id])
    return Call("POST /v1/invitations/accept", body={"token": await token(kari.api, made["id"])})


async def expiring(kari: Person) -> Call:
    school = await a_customer(kari)
    for number in range(2):
        await school.invites(f"elev{number}@example.com")
    kari.api.advance(days=8)
    return Call("POST /schedules/expire-invitations")


async def departing(kari: Person) -> Call:
    await kari.api.db.commit(mark("borte", clock.now()))
    kari.api.advance(hours=2)
    return Call("POST /schedules/sweep-departures")


CUSTOMERS: dict[str, Case] = {
    "POST /v1/customers": Case(founding, (2, 2, 3)),
    "GET /v1/customers": Case(in_a_school("GET /v1/customers"), (2, 2, 0), many=1, each=(0, 1, 0)),
    f"GET {CUSTOMER}": Case(in_a_school(f"GET {CUSTOMER}"), (1, 2, 0)),
    f"PATCH {CUSTOMER}": Case(in_a_school(f"PATCH {CUSTOMER}", {"name": "Lia skole"}), (2, 2, 1)),
    f"GET {CUSTOMER}/members": Case(in_a_school(f"GET {CUSTOMER}/members"), (3, 4, 0), many=2, each=(0, 1, 0)),
    f"GET {MEMBER}": Case(in_a_school(f"GET {MEMBER}"), (2, 3, 0)),
    f"PATCH {MEMBER}": Case(in_a_school(f"PATCH {MEMBER}", {"role": "helper"}), (2, 4, 2)),
    f"DELETE {MEMBER}": Case(in_a_school(f"DELETE {MEMBER}"), (2, 4, 4)),
    f"POST {CUSTOMER}/invitations": Case(
        in_a_school(f"POST {CUSTOMER}/invitations", {"email": "ny@example.com"}), (3, 4, 4)
    ),
    f"POST {CUSTOMER}/invitations/import": Case(
        in_a_school(f"POST {CUSTOMER}/invitations/import", b"ny@example.com\nnyere@example.com", "text/csv"),
        (4, 6, 6),
        many=2,
        each=(0, 1, 2),
    ),
    f"GET {CUSTOMER}/invitations": Case(in_a_school(f"GET {CUSTOMER}/invitations"), (2, 2, 0), many=1, each=(0, 1, 0)),
    f"GET {INVITATION}": Case(in_a_school(f"GET {INVITATION}"), (1, 2, 0)),
    f"DELETE {INVITATION}": Case(in_a_school(f"DELETE {INVITATION}"), (2, 2, 2)),
    f"POST {INVITATION}/resend": Case(in_a_school(f"POST {INVITATION}/resend"), (2, 2, 2)),
    "POST /v1/invitations/accept": Case(accepting, (3, 4, 6), many=1, each=(0, 2, 2)),
    "POST /schedules/expire-invitations": Case(expiring, (4, 4, 3), many=2, each=(2, 2, 2)),
    "POST /schedules/sweep-departures": Case(departing, (4, 3, 1), many=1, each=(3, 2, 1)),
}

GROUPS = "/v1/customers/{customer_id}/groups"
GROUP = f"{GROUPS}/{{group_id}}"


async def making_a_group(kari: Person) -> Call:
    await joins(kari, "skolen", CustomerRole.OWNER)
    return Call(f"POST {GROUPS}", {"customer_id": "skolen"}, {"name": "3B Turlag"})


def of_groups(route: str, count: int = 2) -> Prepare:
    async def prepare(kari: Person) -> Call:
        await joins(kari, "skolen", CustomerRole.HELPER)
        for _ in range(count):
            await founds(kari)
        return Call(route, {"customer_id": "skolen"})

    return prepare


def upon_a_group(route: str, body: Any = None, **fields: Any) -> Prepare:
    """A request upon a group of Kari's; `fields` are its record's."""

    async def prepare(kari: Person) -> Call:
        await joins(kari, "skolen", CustomerRole.OWNER)
        group_id = await founds(kari, offered_at=clock.now(), **fields)
        fill = {"customer_id": fields.get("offered_to") or "skolen", "group_id": group_id, "uid": kari.uid}
        return Call(route, fill, body, headers={"If-Match": "*"})

    return prepare


async def putting_in(kari: Person) -> Call:
    call = await upon_a_group(f"PUT {GROUP}/members/{{uid}}", {"role": "member"})(kari)
    ola = await kari.api.person("Ola")
    await joins(ola, "skolen")
    return Call(call.route, {**call.fill, "uid": ola.uid}, call.body)


async def assigning(kari: Person) -> Call:
    call = await upon_a_group(f"POST {GROUP}/assign")(kari)
    ola = await kari.api.person("Ola")
    await joins(ola, "skolen")
    return Call(call.route, call.fill, {"helpers": [ola.uid]})


async def taking_over(kari: Person) -> Call:
    await joins(kari, "koret", CustomerRole.OWNER)
    offer: dict[str, Any] = {"offered_to": "koret"}
    return await upon_a_group(f"POST {GROUP}/transfer/accept", **offer)(kari)


def upkeep_of_a_group(route: str, **changes: Any) -> Prepare:
    """What a task finds after a change that it is to follow."""

    async def prepare(kari: Person) -> Call:
        group_id = await founds(kari)
        found = await kari.api.db.get(groups.at(group_id))
        assert found
        await kari.api.db.commit(groups.update(found, moved_at=clock.now(), **changes))
        return Call(route, body={"groupId": group_id})

    return prepare


async def a_membership_that_ended(kari: Person) -> Call:
    membership_id = await joins(kari, "skolen")
    await founds(kari)
    await leaves(kari, "skolen")
    return Call("POST /tasks/tidy-membership", body={"membershipId": membership_id})


async def a_sweep_of_groups(kari: Person) -> Call:
    await founds(kari, moved_at=clock.now(), moving_from="biblioteket")
    await founds(kari, deleted=True)
    await founds(kari, offered_to="koret", offered_at=clock.now() - timedelta(days=8))
    return Call("POST /schedules/sweep-groups")


SHARES, TRANSFER = "/v1/documents/{document_id}/shares", "/v1/documents/{document_id}/transfer"


async def a_share(kari: Person, **more: str) -> tuple[Person, dict[str, str]]:
    """A classmate, and what fills the path of a share that Kari has given them."""
    ola = await kari.api.person("Ola")
    for person in (kari, ola):
        await enters(person, "klasse-8b")
    document = await kari.writes()
    body = {"principal": f"user:{ola.uid}", "role": "viewer", **more}
    share = await kari.post(f"{document.path}/shares", body)
    return ola, {"document_id": document.id, "share_id": share["id"]}


def sharing(method: str, rest: str, body: dict[str, str] | None = None) -> Prepare:
    async def prepare(kari: Person) -> Call:
        _, fill = await a_share(kari)
        return Call(f"{method} {SHARES}{rest}", fill, body)

    return prepare


async def granting(kari: Person) -> Call:
    ola, _ = await a_share(kari)
    document = await kari.writes()
    return Call(f"POST {SHARES}", {"document_id": document.id}, {"principal": f"user:{ola.uid}", "role": "viewer"})


async def seeing_readers(kari: Person) -> Call:
    _, fill = await a_share(kari)
    return Call("GET /v1/documents/{document_id}/readers", fill)


async def given(kari: Person) -> tuple[Person, str]:
    """A classmate, and a document of theirs that Kari can read."""
    ola, _ = await a_share(kari)
    document = await ola.writes()
    await ola.post(f"{document.path}/shares", {"principal": f"user:{kari.uid}", "role": "viewer"})
    return ola, document.id


async def leaving(kari: Person) -> Call:
    _, document_id = await given(kari)
    return Call("POST /v1/documents/{document_id}/leave", {"document_id": document_id})


async def offering(kari: Person) -> Call:
    ola, fill = await a_share(kari)
    return Call(f"POST {TRANSFER}", fill, {"principal": f"user:{ola.uid}"})


def offered(route: str) -> Prepare:
    """A request upon a document that is offered to Kari, who could not read it before."""

    async def prepare(kari: Person) -> Call:
        ola, _ = await a_share(kari)
        document = await ola.writes()
        await ola.post(f"{document.path}/transfer", {"principal": f"user:{kari.uid}"})
        return Call(route, {"document_id": document.id})

    return prepare


async def withdrawing(kari: Person) -> Call:
    _, fill = await a_share(kari)
    body = {"principal": "group:klasse-8b", "role": "viewer"}
    await kari.post(f"/v1/documents/{fill['document_id']}/shares", body)
    return Call("POST /v1/documents/withdraw", body={"principal": "group:klasse-8b"})


async def an_hour(kari: Person) -> Call:
    await a_share(kari, expiresAt=(clock.now() + timedelta(minutes=30)).isoformat())
    kari.api.advance(hours=1)
    return Call("POST /schedules/expire-shares")


async def wanting_no_mail(kari: Person) -> Call:
    return Call("PUT /v1/me/notifications", body={"activityMail": False}, headers={"If-Match": "*"})


async def listing_a_notice(kari: Person) -> Call:
    ola = await kari.api.person("Ola")
    await tell(kari.api, NoticeKind.SHARED, kari, actor=ola.uid, lost=True)
    return Call("GET /v1/me/notices")


async def reading_a_notice(kari: Person) -> Call:
    return Call("POST /v1/me/notices/{notice_id}/read", {"notice_id": await a_comment(kari)})


async def reading_all_notices(kari: Person) -> Call:
    await a_comment(kari)
    return Call("POST /v1/me/notices/read")


async def unsubscribing_by_mail(kari: Person) -> Call:
    return Call("POST /v1/unsubscribe", **await one_click(kari))


async def a_mail(kari: Person) -> Call:
    customer = await put_customer(kari.api)
    _, _, notice_id = await invite(kari.api, kari, "ola@example.com", customer_id=customer, lost=True)
    return Call("POST /tasks/deliver-notice", body={"noticeId": notice_id})


def with_a_due_notice(route: str) -> Prepare:
    async def prepare(kari: Person) -> Call:
        await a_comment(kari)
        return Call(route, body={} if "/tasks/" in route else None)

    return prepare


async def an_old_notice(kari: Person) -> Call:
    await a_comment(kari)
    kari.api.advance(days=91)
    return Call("POST /schedules/remove-old-notices")


COMMENTS = "/v1/documents/{document_id}/comments"
COMMENT = f"{COMMENTS}/{{comment_id}}"
TALK = "/v1/conversations/{conversation_id}"
MESSAGE = f"{TALK}/messages/{{message_id}}"


async def replying(kari: Person) -> Call:
    """Kari answers a reply of Sara's in Ola's document, and names him: both are told."""
    ola, sara = await kari.api.people("Ola", "Sara")
    document = await shared(ola, commenter=kari, editor=sara)
    reply = await replied(sara, document, await commented(kari, document))
    body = {"body": f"Hei @{{{ola.uid}}}", "parentId": reply["id"]}
    return Call(f"POST {COMMENTS}", {"document_id": document.id}, body)


def upon_a_comment(route: str, body: Any = None) -> Prepare:
    """A request upon a comment of Kari's in a document of Ola's, to which he has replied."""

    async def prepare(kari: Person) -> Call:
        ola = await kari.api.person("Ola")
        document = await shared(ola, commenter=kari)
        comment = await commented(kari, document)
        await replied(ola, document, comment)
        return Call(route, {"document_id": document.id, "comment_id": comment["id"]}, body)

    return prepare


async def naming_later(kari: Person) -> Call:
    call = await upon_a_comment(f"PATCH {COMMENT}")(kari)
    found = await kari.api.db.get(documents.at(call.fill["document_id"]))
    assert found
    return Call(call.route, call.fill, {"body": f"Hei @{{{found.owner_id}}}"})


async def deleting_a_reply(kari: Person) -> Call:
    ola = await kari.api.person("Ola")
    document = await shared(ola, commenter=kari)
    head = await commented(ola, document)
    await replied(kari, document, head)
    await ola.delete(at(document, head))
    last = (await kari.listed(f"{document.path}/comments"))[-1]
    return Call(f"DELETE {COMMENT}", {"document_id": document.id, "comment_id": last})


async def beginning(kari: Person) -> Call:
    await enters(kari, CLASS)
    people = await classmates(kari.api, "Ola", "Sara")
    return Call("POST /v1/conversations", body={"people": [person.uid for person in people]})


def talking(route: str, body: Any = None) -> Prepare:
    """A request upon a conversation with Ola, in which each has said something."""

    async def prepare(kari: Person) -> Call:
        await enters(kari, CLASS)
        (ola,) = await classmates(kari.api, "Ola")
        conversation = await between(ola, kari)
        await said(ola, conversation)
        message = await said(kari, conversation)
        kari.api.advance(minutes=2)
        return Call(route, {"conversation_id": conversation.rpartition("/")[2], "message_id": message["id"]}, body)

    return prepare


async def abandoning(kari: Person) -> Call:
    call = await talking(f"POST {TALK}/leave")(kari)
    conversation = await kari.api.db.get(conversations.at(call.fill["conversation_id"]))
    assert conversation
    await kari.api.db.commit(conversations.update(conversation, readers=[]))
    return Call("POST /schedules/sweep-conversations")


async def blocking(kari: Person) -> Call:
    return Call("PUT /v1/me/blocked/{uid}", {"uid": "ola"})


def blocked(route: str, **fill: str) -> Prepare:
    async def prepare(kari: Person) -> Call:
        await kari.put("/v1/me/blocked/ola")
        return Call(route, fill)

    return prepare


CASES: dict[str, Case] = {
    **CUSTOMERS,
    "POST /v1/documents/{document_id}/files": Case(announcing, (2, 3, 2)),
    "GET /v1/documents/{document_id}/files": Case(listing_a_file, (2, 3, 0), many=1, each=(0, 1, 0)),
    f"GET {FILE}": Case(of_a_picture(f"GET {FILE}"), (1, 3, 0)),
    f"GET {FILE}/content": Case(of_a_picture(f"GET {FILE}/content"), (1, 3, 0)),
    f"GET {FILE}/thumbnail": Case(of_a_picture(f"GET {FILE}/thumbnail"), (1, 3, 0)),
    f"DELETE {FILE}": Case(of_a_picture(f"DELETE {FILE}"), (2, 3, 3)),
    "PUT /v1/me/picture": Case(put_picture, (3, 2, 1)),
    "DELETE /v1/me/picture": Case(taking_the_picture_away, (2, 1, 1)),
    "POST /": Case(an_event, (3, 3, 2)),
    "POST /tasks/settle-upload": Case(an_upload, (4, 4, 2)),
    "POST /tasks/delete-file": Case(a_deletion, (3, 2, 1)),
    "POST /tasks/copy-files": Case(a_copy, (9, 6, 5), many=1, each=(4, 3, 4)),
    "POST /schedules/sweep-files": Case(a_sweep_of_files, (5, 5, 0), many=1, each=(1, 1, 0)),
    "POST /schedules/sweep-pictures": Case(a_sweep_of_pictures, (1, 1, 0), many=1, each=(0, 1, 0)),
    "POST /v1/documents": Case(creating, (2, 1, 2)),
    "GET /v1/documents": Case(listing_26, (2, 27, 0), many=25, each=(0, 1, 0)),
    "GET /v1/documents/{document_id}": Case(upon("GET /v1/documents/{document_id}"), (1, 2, 0)),
    "PATCH /v1/documents/{document_id}": Case(upon("PATCH /v1/documents/{document_id}"), (2, 2, 2)),
    "DELETE /v1/documents/{document_id}": Case(upon("DELETE /v1/documents/{document_id}"), (2, 2, 1)),
    "POST /v1/documents/{document_id}/restore": Case(
        upon("POST /v1/documents/{document_id}/restore", trashed=True), (2, 2, 1)
    ),
    "POST /v1/documents/{document_id}/purge": Case(
        upon("POST /v1/documents/{document_id}/purge", trashed=True), (2, 2, 1)
    ),
    "POST /v1/documents/{document_id}/duplicate": Case(upon("POST /v1/documents/{document_id}/duplicate"), (2, 2, 2)),
    "GET /v1/documents/{document_id}/revisions": Case(
        upon("GET /v1/documents/{document_id}/revisions"), (2, 3, 0), many=1, each=(0, 1, 0)
    ),
    "GET /v1/documents/{document_id}/revisions/{number}": Case(
        upon("GET /v1/documents/{document_id}/revisions/{number}", number="1"), (2, 3, 0)
    ),
    "POST /v1/documents/{document_id}/revisions/{number}/restore": Case(going_back, (3, 3, 2)),
    "GET /v1/documents/{document_id}/export": Case(upon("GET /v1/documents/{document_id}/export"), (1, 2, 0)),
    "POST /v1/documents/import": Case(importing, (2, 1, 2)),
    "POST /v1/documents/empty-trash": Case(emptying_2, (3, 3, 2), many=2, each=(0, 1, 1)),
    "GET /v1/me": Case(asking("GET /v1/me"), (1, 2, 0)),
    "PATCH /v1/me": Case(renaming, (2, 2, 1)),
    "GET /v1/me/devices": Case(with_a_device, (2, 2, 0), many=1, each=(0, 1, 0)),
    "DELETE /v1/me/devices": Case(forgetting_all, (3, 2, 1), many=1, each=(0, 1, 1)),
    "DELETE /v1/me/devices/{device_id}": Case(forgetting, (2, 2, 1)),
    "POST /v1/me/sessions/revoke": Case(ending_sessions, (2, 1, 2)),
    "GET /v1/me/security-events": Case(with_an_event, (2, 2, 0), many=1, each=(0, 1, 0)),
    "GET /v1/people/{uid}": Case(seeing_a_colleague, (1, 2, 0)),
    "POST /tasks/purge-document": Case(a_purge, (8, 6, 2), many=1, each=(1, 2, 2)),
    "POST /tasks/purge-marked": Case(a_sweep, (8, 6, 2), many=1, each=(7, 6, 2)),
    "POST /schedules/purge-trash": Case(a_night, (10, 7, 3), many=1, each=(8, 7, 3)),
    "POST /schedules/prune-revisions": Case(
        asking("POST /schedules/prune-revisions"), (1, 1, 0), many=1, each=(3, 3, 3)
    ),
    "POST /tasks/follow-group": Case(a_group_that_moved, (4, 3, 2), many=1, each=(1, 1, 2)),
    f"POST {GROUPS}": Case(making_a_group, (2, 1, 3)),
    f"GET {GROUPS}": Case(of_groups(f"GET {GROUPS}"), (2, 3, 0), many=2, each=(0, 1, 0)),
    "GET /v1/me/groups": Case(of_groups("GET /v1/me/groups"), (2, 3, 0), many=2, each=(0, 1, 0)),
    f"GET {GROUP}": Case(upon_a_group(f"GET {GROUP}"), (1, 2, 0)),
    f"PATCH {GROUP}": Case(upon_a_group(f"PATCH {GROUP}", {"name": "4B"}), (2, 2, 1)),
    f"DELETE {GROUP}": Case(upon_a_group(f"DELETE {GROUP}"), (2, 2, 1)),
    f"GET {GROUP}/members": Case(upon_a_group(f"GET {GROUP}/members"), (3, 4, 0), many=1, each=(0, 2, 0)),
    f"PUT {GROUP}/members/{{uid}}": Case(putting_in, (2, 4, 3)),
    f"DELETE {GROUP}/members/{{uid}}": Case(upon_a_group(f"DELETE {GROUP}/members/{{uid}}"), (2, 3, 3)),
    f"POST {GROUP}/assign": Case(assigning, (4, 8, 5), many=2, each=(0, 3, 2)),
    f"POST {GROUP}/transfer": Case(upon_a_group(f"POST {GROUP}/transfer", {"customerId": "koret"}), (2, 4, 2)),
    f"POST {GROUP}/transfer/accept": Case(taking_over, (2, 2, 1)),
    f"DELETE {GROUP}/transfer": Case(upon_a_group(f"DELETE {GROUP}/transfer", offered_to="skolen"), (2, 2, 1)),
    "POST /tasks/move-group": Case(
        upkeep_of_a_group("POST /tasks/move-group", customer_id="koret", moving_from="skolen"),
        (6, 6, 3),
        many=1,
        each=(3, 3, 2),
    ),
    "POST /tasks/delete-group": Case(
        upkeep_of_a_group("POST /tasks/delete-group", deleted=True), (6, 6, 3), many=1, each=(3, 3, 2)
    ),
    "POST /tasks/tidy-membership": Case(a_membership_that_ended, (4, 5, 2), many=1, each=(3, 4, 2)),
    "POST /schedules/sweep-groups": Case(a_sweep_of_groups, (8, 7, 1), many=3, each=(2, 2, 1)),
    f"GET {SHARES}": Case(sharing("GET", ""), (3, 4, 0), many=1, each=(0, 2, 0)),
    f"POST {SHARES}": Case(granting, (2, 4, 3)),
    f"PATCH {SHARES}/{{share_id}}": Case(sharing("PATCH", "/{share_id}", {"role": "editor"}), (4, 4, 1)),
    f"DELETE {SHARES}/{{share_id}}": Case(sharing("DELETE", "/{share_id}"), (2, 2, 2)),
    "GET /v1/documents/{document_id}/readers": Case(seeing_readers, (2, 3, 0), many=1, each=(0, 1, 0)),
    "POST /v1/documents/{document_id}/leave": Case(leaving, (2, 2, 2)),
    f"GET {TRANSFER}": Case(offered(f"GET {TRANSFER}"), (2, 3, 0)),
    f"POST {TRANSFER}": Case(offering, (2, 3, 2)),
    f"DELETE {TRANSFER}": Case(offered(f"DELETE {TRANSFER}"), (2, 2, 1)),
    f"POST {TRANSFER}/accept": Case(offered(f"POST {TRANSFER}/accept"), (3, 3, 3)),
    "POST /v1/documents/withdraw": Case(withdrawing, (4, 3, 2), many=1, each=(1, 1, 2)),
    "POST /schedules/expire-shares": Case(an_hour, (3, 2, 2), many=1, each=(1, 1, 2)),
    "GET /v1/me/notifications": Case(asking("GET /v1/me/notifications"), (1, 1, 0)),
    "PUT /v1/me/notifications": Case(wanting_no_mail, (2, 1, 1)),
    "GET /v1/me/notices": Case(listing_a_notice, (3, 3, 0), many=1, each=(0, 2, 0)),
    "POST /v1/me/notices/{notice_id}/read": Case(reading_a_notice, (2, 2, 1)),
    "POST /v1/me/notices/read": Case(reading_all_notices, (3, 2, 1), many=1, each=(0, 1, 1)),
    "POST /v1/unsubscribe": Case(unsubscribing_by_mail, (3, 2, 1)),
    "POST /tasks/deliver-notice": Case(a_mail, (6, 4, 2)),
    "POST /tasks/deliver-due": Case(with_a_due_notice("POST /tasks/deliver-due"), (1, 1, 0)),
    "POST /schedules/sweep-outbox": Case(with_a_due_notice("POST /schedules/sweep-outbox"), (2, 2, 0)),
    "POST /schedules/remove-old-notices": Case(an_old_notice, (2, 1, 1), many=1, each=(0, 1, 1)),
    f"POST {COMMENTS}": Case(replying, (5, 10, 5), many=2, each=(0, 3, 1)),
    f"GET {COMMENTS}": Case(upon_a_comment(f"GET {COMMENTS}"), (3, 5, 0), many=2, each=(0, 2, 0)),
    f"GET {COMMENTS}/unread": Case(upon_a_comment(f"GET {COMMENTS}/unread"), (4, 6, 0)),
    f"PUT {COMMENTS}/read": Case(upon_a_comment(f"PUT {COMMENTS}/read", {}), (2, 3, 1)),
    f"GET {COMMENT}": Case(upon_a_comment(f"GET {COMMENT}"), (1, 3, 0)),
    f"PATCH {COMMENT}": Case(naming_later, (3, 6, 3), many=1, each=(0, 2, 1)),
    f"DELETE {COMMENT}": Case(deleting_a_reply, (3, 4, 2)),
    f"POST {COMMENT}/resolve": Case(upon_a_comment(f"POST {COMMENT}/resolve"), (2, 3, 1)),
    f"POST {COMMENT}/reopen": Case(upon_a_comment(f"POST {COMMENT}/reopen"), (1, 3, 0)),
    "POST /v1/conversations": Case(beginning, (3, 5, 1), many=2, each=(0, 2, 0)),
    "GET /v1/conversations": Case(talking("GET /v1/conversations"), (3, 3, 0), many=1, each=(0, 2, 0)),
    f"GET {TALK}": Case(talking(f"GET {TALK}"), (4, 6, 0), many=1, each=(0, 1, 0)),
    f"POST {TALK}/leave": Case(talking(f"POST {TALK}/leave"), (2, 2, 1)),
    f"PUT {TALK}/read": Case(talking(f"PUT {TALK}/read", {}), (2, 3, 1)),
    f"POST {TALK}/messages": Case(talking(f"POST {TALK}/messages", {"body": "Hei"}), (3, 3, 2)),
    f"GET {TALK}/messages": Case(talking(f"GET {TALK}/messages"), (3, 5, 0), many=2, each=(0, 2, 0)),
    f"GET {MESSAGE}": Case(talking(f"GET {MESSAGE}"), (1, 3, 0)),
    f"PATCH {MESSAGE}": Case(talking(f"PATCH {MESSAGE}", {"body": "Hallo"}), (3, 4, 1)),
    f"DELETE {MESSAGE}": Case(talking(f"DELETE {MESSAGE}"), (2, 3, 1)),
    "POST /schedules/sweep-conversations": Case(abandoning, (5, 4, 3), many=1, each=(4, 3, 3)),
    "GET /v1/me/blocked": Case(blocked("GET /v1/me/blocked"), (2, 2, 0), many=1, each=(0, 1, 0)),
    "PUT /v1/me/blocked/{uid}": Case(blocking, (2, 2, 1)),
    "DELETE /v1/me/blocked/{uid}": Case(blocked("DELETE /v1/me/blocked/{uid}", uid="ola"), (2, 2, 1)),
}


def caller_of(api: Api, route: str, kari: Person) -> Client:
    found = routes()[route]
    if found.declared.audience != "machine":
        return kari
    settings = api.clients.settings
    invoker = f"{found.function.rpartition('-')[2].replace('schedules', 'scheduler')}-invoker"
    token = machine_token(settings.account(invoker), settings.address_of(found.function), clock.wall())
    return Client(api.http, {"Authorization": f"Bearer {token}"})


def test_each_route_is_measured() -> None:
    assert set(CASES) == set(routes())


@pytest.mark.usefixtures("queues_at_rest")
class TestBudgets:
    @pytest.mark.parametrize("route", CASES)
    async def test_of(self, api: Api, route: str) -> None:
        kari, case = await api.person("Kari"), CASES[route]
        call = await case.prepare(kari)
        caller = caller_of(api, route, kari)
        api.wire.reset()

        answer = await call.by(caller)

        assert answer.status < 400, answer.response.text
        assert api.wire.cost == case.cost, api.wire.rpcs
        declared = routes()[route].declared.budget
        base = (declared.rpcs, declared.reads, declared.writes)
        allowed = tuple(base + case.many * more for base, more in zip(base, case.each, strict=True))
        assert all(cost <= most for cost, most in zip(case.cost, allowed, strict=True)), f"{case.cost} > {allowed}"

    async def test_of_a_search_grows_with_its_matches_alone(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        for _ in range(3):
            await ola.writes("Tur", "Tur tur tur")
        call = await searching_3(kari)
        api.wire.reset()

        found = await call.by(kari)

        assert len(found["items"]) == 3
        assert api.wire.cost == (2, 1 + 3, 0)

    async def test_of_a_list_does_not_grow_with_other_peoples_documents(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await kari.writes("Min")
        for _ in range(10):
            await ola.writes("Din")
        api.wire.reset()

        assert len((await kari.get("/v1/documents"))["items"]) == 1

        assert api.wire.cost == (2, 2, 0)

    async def test_of_a_list_with_twenty_principals_is_two_calls(self, api: Api) -> None:
        kari = await api.person("Kari")
        principals = await in_groups(kari, 17)
        for number in range(25):
            await kari.writes(f"Dokument {number}", groupId=f"klasse-{number % 17}")
        assert len(principals) == 20
        api.wire.reset()

        assert len((await kari.get("/v1/documents"))["items"]) == 25

        assert api.wire.cost == (2, 1 + 25, 0)

    async def test_of_a_list_and_a_search_grow_by_a_call_with_each_thirty_principals(self, api: Api) -> None:
        kari = await api.person("Kari")
        principals = await in_groups(kari, 58)
        await kari.writes("Tur", groupId="klasse-57")
        assert len(principals) == 61
        for query in ("", "?q=tur", "?sharedWithMe=true&groupId=klasse-57", "?tag=tur"):
            api.wire.reset()
            await kari.get(f"/v1/documents{query}")
            assert api.wire.rpcs == ["BatchGetDocuments", "RunQuery", "RunQuery", "RunQuery"], query

    async def test_of_reading_what_is_shared_through_a_group_is_one_call(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        for person in (kari, ola):
            await in_groups(person, 1)
        document = await kari.writes("Tur", groupId="klasse-0")
        api.wire.reset()

        assert (await ola.get(document.path))["role"] == "viewer"

        assert api.wire.cost == (1, 2, 0)
