"""Budgets: what every route says that it costs, measured on the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from google.cloud.tasks_v2 import CloudTasksAsyncClient, Queue
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
from grpc import aio

from accounts.profiles.records import profiles
from core import clock
from core.settings import REGION
from documents.discussion.records import conversations
from documents.records import documents
from infra.local.events.event import Event
from infra.local.machine_tokens import machine_token
from tests.documents.discussion.conftest import at, between, classmates, commented, replied, said, shared
from tests.documents.files.conftest import announced, brought, kept, quiet
from tests.support import samples
from tests.support.api import Api, Client, Person, functions
from tests.support.belonging import CLASS, enters
from tests.support.routes import Call, routes

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
    "POST /tasks/purge-document": Case(a_purge, (6, 4, 2), many=1, each=(1, 2, 2)),
    "POST /tasks/purge-marked": Case(a_sweep, (6, 4, 2), many=1, each=(5, 4, 2)),
    "POST /schedules/purge-trash": Case(a_night, (8, 5, 3), many=1, each=(7, 6, 3)),
    "POST /schedules/prune-revisions": Case(
        asking("POST /schedules/prune-revisions"), (1, 1, 0), many=1, each=(3, 3, 3)
    ),
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


@pytest.fixture
async def queues_at_rest(api: Api) -> None:
    """Let the tasks that a route leaves behind wait, so that the route alone is measured."""
    parent = f"projects/{api.project_id}/locations/{REGION}"
    async with aio.insecure_channel(api.tasks.host) as channel:
        queues = CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
        for queue in [one.function.queue for one in functions().values() if one.function.queue]:
            name = f"{parent}/queues/{queue.name}"
            await queues.create_queue(parent=parent, queue=Queue(name=name))
            await queues.pause_queue(name=name)


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
