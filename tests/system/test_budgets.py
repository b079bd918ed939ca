"""Budgets: what every route says that it costs, measured on the wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from google.cloud.tasks_v2 import CloudTasksAsyncClient, Queue
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
from grpc import aio

from accounts.profiles.records import profiles
from core import clock
from core.services.outbox import NoticeKind
from core.settings import REGION
from documents.records import documents
from infra.local.events.event import Event
from infra.local.machine_tokens import machine_token
from tests.documents.files.conftest import announced, brought, kept, quiet
from tests.support import samples
from tests.support.api import Api, Client, Person, functions
from tests.support.routes import Call, routes
from tests.support.telling import a_comment, a_customer, invite, one_click, tell

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
    customer = await a_customer(kari.api)
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
