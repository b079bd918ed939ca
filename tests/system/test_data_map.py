"""The data map, held against what really lies in the database after a rich history through the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from google.cloud.firestore_v1.types import firestore

from accounts.memberships import CustomerRole
from core import clock
from core.data import codec
from core.data.buckets import Bucket
from core.data.collections import Collection
from core.data.records import COMMIT_FIELD, Record
from infra.manifest import registered
from tests.support.api import Api, Person, functions
from tests.support.belonging import joins
from tests.support.customers import a_customer, a_group

FIRESTORE = "/google.firestore.v1.Firestore"
DEVICE = "kari-laptop-0123456789"


@dataclass(frozen=True)
class Stored:
    """A document that is there, or that is only the parent of others (then without fields)."""

    path: str
    fields: Any
    missing: bool


class Walker:
    """Reads all that a project holds, without any of the code that wrote it."""

    def __init__(self, api: Api) -> None:
        self._root = api.db.connection.root
        self._call: Any = api.db.connection.channel.unary_unary

    async def everything(self, parent: str = "") -> AsyncIterator[Stored]:
        above = f"{self._root}/{parent}" if parent else self._root
        ask: Any = firestore.ListCollectionIdsRequest.pb()
        answer = await self._send("ListCollectionIds", ask(parent=above), firestore.ListCollectionIdsResponse.pb())
        for name in answer.collection_ids:
            ask = firestore.ListDocumentsRequest.pb()
            wish = ask(parent=above, collection_id=name, page_size=1_000, show_missing=True)
            found = await self._send("ListDocuments", wish, firestore.ListDocumentsResponse.pb())
            assert not found.next_page_token
            for document in found.documents:
                path = document.name.removeprefix(f"{self._root}/")
                yield Stored(path, document.fields, not document.HasField("create_time"))
                async for below in self.everything(path):
                    yield below

    async def _send(self, method: str, request: Any, answer: Any) -> Any:
        stub = self._call(
            f"{FIRESTORE}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        return await stub(request, metadata=(("authorization", "Bearer owner"),))


def collection_of(path: str) -> Collection[Any] | None:
    return next((one for one in Collection.declared.values() if one.holds(path)), None)


def unknown(stored: Stored) -> list[str]:
    """What the declarations do not know of a document."""
    collection = collection_of(stored.path)
    if collection is None:
        return [stored.path]
    if stored.missing:
        return []
    declared = {line.stored for line in codec.plan(collection.record)} | {COMMIT_FIELD}
    strange = [f"{collection.pattern}: {name}" for name in set(stored.fields) - declared]
    return [*strange, *([] if strange else unreadable(collection.record, stored))]


def unreadable(record: type[Record], stored: Stored) -> list[str]:
    """Fields that do not hold what their type says: written again they would not be the same."""
    read = codec.build(record, stored.fields, codec.plan(record))
    message: Any = firestore.BatchGetDocumentsResponse.pb()().found
    codec.encode(message.fields, read)
    differing = [name for name in message.fields if message.fields[name] != stored.fields[name]]
    return [f"{record.__name__}.{name}" for name in differing if name in stored.fields]


async def objects_of(api: Api) -> list[tuple[str, str]]:
    """Every object of the project, by bucket and name, asked of the server itself."""
    found: list[tuple[str, str]] = []
    async with httpx.AsyncClient(base_url=api.clients.settings.storage_url) as server:
        for name in Bucket.declared:
            answer = await server.get(f"/storage/v1/b/{api.project_id}-{name}/o")
            found += [(name, one["name"]) for one in answer.json().get("items", [])]
    return found


def undeclared(objects: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The objects that no prefix of the deployed code knows."""
    known = registered.prefixes()
    return [
        (bucket, name)
        for bucket, name in objects
        if not any(prefix.bucket.name == bucket and prefix.holds(name) for prefix in known)
    ]


async def a_history(api: Api) -> None:
    """Whatever people do, once."""
    kari, ola = await api.people("Kari", "Ola")
    api.in_auth(kari)
    await kari.get("/v1/me", x_device_id=DEVICE, user_agent="Mozilla/5.0 (iPhone)")
    await kari.get("/v1/me", x_device_id=f"another-{DEVICE}")
    await api.mail_to(kari.email)
    await kari.patch("/v1/me", {"name": "Kari Nordmann", "phone": "+47 22 22 22 22", "locale": "en"}, if_match="*")
    document = await kari.writes("Blåbærtur", "Vi fant *mange* bær.", tags=["tur", "bær.`\\"])
    revised = await kari.patch(document.path, {"body": "Og tyttebær."}, if_match=document.etag)
    api.advance(minutes=10)
    await kari.patch(document.path, {"title": "Tyttebærtur"}, if_match=revised.etag)
    await kari.post(f"{document.path}/revisions/1/restore")
    await kari.post(f"{document.path}/duplicate", idempotency_key="again")
    await kari.http.post(
        "/v1/documents/import", content=b"# Tur", headers={**kari.headers, "Content-Type": "text/markdown"}
    )
    end = (clock.now() + timedelta(hours=1)).isoformat()
    share = {"email": "sara@example.com", "role": "viewer", "expiresAt": end}
    assert (await kari.post(f"{document.path}/shares", share)).status == 201
    await kari.post((await ola.writes("Ikke din")).path + "/restore")
    await kari.trashes("I kurven")
    purged = await kari.trashes("Borte", "med alt under seg")
    await kari.post(f"{purged.path}/purge")
    await api.tasks.idle()
    await ola.trashes("Tømmes")
    await ola.post("/v1/documents/empty-trash")
    await api.tasks.idle()
    await api.runs("purge-trash")
    await api.runs("prune-revisions")
    await a_history_of_customers(kari, ola)
    await joins(kari, "skolen", CustomerRole.OWNER)
    group = await kari.post("/v1/customers/skolen/groups", {"name": "3B Turlag"})
    await kari.post(f"/v1/customers/skolen/groups/{group['id']}/transfer", {"customerId": "koret"})
    await kari.post("/v1/me/sessions/revoke")


async def a_history_of_customers(kari: Person, ola: Person) -> None:
    school = await a_customer(kari, seats=30)
    group_id = await a_group(school)
    await school.takes(ola, role="helper", group_ids=(group_id,))
    await school.imports("elev@example.com\nlaerer@example.com;helper\n")
    await kari.delete(f"{school.path}/members/{ola.uid}")


class TestTheDataMap:
    @pytest.mark.promise("P44")
    @pytest.mark.promise("P01")
    async def test_knows_every_path_and_field_that_is_stored(self, api: Api) -> None:
        await a_history(api)
        found = [stored async for stored in Walker(api).everything()]

        assert [fault for stored in found for fault in unknown(stored)] == []
        patterns = {collection.pattern for stored in found if (collection := collection_of(stored.path))}
        assert patterns >= {"users/*", "users/*/devices/*", "users/*/securityEvents/*", "documents/*"}
        assert "documents/*/revisions/*" in patterns
        assert "notices/*" in patterns
        assert patterns >= {"groups/*", "groups/*/participants/*", "users/*/rates/*"}
        assert undeclared(await objects_of(api)) == []

    async def test_would_find_what_it_does_not_know(self, api: Api) -> None:
        kari = await api.person("Kari")
        write: Any = firestore.CommitRequest.pb()
        request = write(database=api.db.name)
        for path in ("secrets/a", f"users/{kari.uid}/diary/1", f"users/{kari.uid}", "documents/phantom/pages/1"):
            update = request.writes.add().update
            update.name = f"{api.db.connection.root}/{path}"
            update.fields["shoeSize"].integer_value = 38
        await Walker(api)._send("Commit", request, firestore.CommitResponse.pb())

        faults = [fault async for stored in Walker(api).everything() for fault in unknown(stored)]

        assert sorted(faults) == [
            "documents/phantom/pages/1",
            "secrets/a",
            "users/*: shoeSize",
            f"users/{kari.uid}/diary/1",
        ]

    async def test_would_find_an_object_that_it_does_not_know(self, api: Api) -> None:
        bucket, name = "files", "secrets/kari"
        async with httpx.AsyncClient(base_url=api.clients.settings.storage_url) as server:
            address = f"/upload/storage/v1/b/{api.project_id}-{bucket}/o"
            await server.post(address, params={"uploadType": "media", "name": name}, content=b"x")
        assert undeclared(await objects_of(api)) == [(bucket, name)]

    def test_can_write_and_read_every_declared_record(self) -> None:
        functions()
        for collection in Collection.declared.values():
            assert codec.plan(collection.record)
