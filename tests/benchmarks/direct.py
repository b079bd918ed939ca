"""A process that makes bare Firestore calls with google-cloud-firestore's own client: what the whole function is
measured against. The calls, fields, masks and preconditions are those that the function makes.

`python -m tests.benchmarks.direct async|sync`; each line of input is a wish, each line of output its answer.
"""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from time import perf_counter
from typing import Any

import uvloop
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from accounts.profiles.records import ProfileRecord
from core.data import codec
from documents.records import DocumentRecord

CARD = [line.stored for line in codec.selection(DocumentRecord)]
WHOLE = [*CARD, "body", *(line.stored for line in codec.selection(ProfileRecord))]
CHANGED = [
    "title",
    "body",
    "tags",
    "language",
    "tagged",
    "terms",
    "revision",
    "slot",
    "slotOpenedAt",
    "slots",
    "authorId",
    "updatedAt",
    "commit",
]
PAGE = 26

_numbers = count(1)


def plain(stored: Any) -> Any:
    """What was read, with plain datetimes, as a program would have them before it writes."""
    return {
        name: datetime.fromtimestamp(value.timestamp(), UTC) if isinstance(value, datetime) else value
        for name, value in stored.items()
    }


class Material:
    """References, and the fields of a document and its revision as the function itself has stored them."""

    def __init__(self, client: Any, uid: str, document_ids: list[str]) -> None:
        self.client, self.principals = client, [f"user:{uid}"]
        self.profile = client.collection("users").document(uid)
        self.documents = [client.collection("documents").document(named) for named in document_ids]
        self.content: dict[str, Any] = {}
        self.revision: dict[str, Any] = {}

    def batch_of_create(self) -> Any:
        document = self.client.collection("documents").document()
        revision = document.collection("revisions").document(self.revision["slot"])
        batch = self.client.batch()
        batch.create(document, {**self.content, "id": document.id})
        batch.create(revision, {**self.revision, "documentId": document.id})
        return batch

    def batch_of_update(self, found: Any) -> Any:
        changes = {name: self.content[name] for name in CHANGED} | {"title": f"{next(_numbers)}"}
        batch = self.client.batch()
        option = self.client.write_option(last_update_time=found.update_time)
        batch.update(found.reference, changes, option=option)
        revision = found.reference.collection("revisions").document(self.revision["slot"])
        batch.set(revision, {**self.revision, "documentId": found.id})
        return batch

    def page(self) -> Any:
        query = self.client.collection("documents").select(CARD)
        query = query.where(filter=FieldFilter("readers", "array_contains_any", self.principals))
        query = query.where(filter=FieldFilter("trashed", "==", False))
        query = query.order_by("updatedAt", direction="DESCENDING").order_by("__name__", direction="DESCENDING")
        return query.limit(PAGE)


Operation = Callable[[int], Awaitable[None]]


def asynchronous(material: Material) -> dict[str, Operation]:
    async def prepare(_: int) -> None:
        document = await material.documents[0].get()
        material.content = plain(document.to_dict())
        revision = document.reference.collection("revisions").document(material.content["slot"])
        material.revision = plain((await revision.get()).to_dict())

    async def get_both(number: int) -> dict[str, Any]:
        wanted = [material.profile, material.documents[number]]
        found = [snapshot async for snapshot in material.client.get_all(wanted, field_paths=WHOLE)]
        return {snapshot.id: (snapshot, snapshot.to_dict()) for snapshot in found}

    async def create(_: int) -> None:
        (await material.profile.get()).to_dict()
        await material.batch_of_create().commit()

    async def get(number: int) -> None:
        await get_both(number)

    async def update(number: int) -> None:
        found, _ = (await get_both(number))[material.documents[number].id]
        await material.batch_of_update(found).commit()

    async def page(_: int) -> None:
        (await material.profile.get()).to_dict()
        assert len([found.to_dict() async for found in material.page().stream()]) == PAGE

    return {"prepare": prepare, "create": create, "get": get, "update": update, "list": page}


def synchronous(material: Material) -> dict[str, Callable[[int], None]]:
    def prepare(_: int) -> None:
        document = material.documents[0].get()
        material.content = plain(document.to_dict())
        revision = document.reference.collection("revisions").document(material.content["slot"])
        material.revision = plain(revision.get().to_dict())

    def get_both(number: int) -> dict[str, Any]:
        wanted = [material.profile, material.documents[number]]
        found = list(material.client.get_all(wanted, field_paths=WHOLE))
        return {snapshot.id: (snapshot, snapshot.to_dict()) for snapshot in found}

    def create(_: int) -> None:
        material.profile.get().to_dict()
        material.batch_of_create().commit()

    def get(number: int) -> None:
        get_both(number)

    def update(number: int) -> None:
        found, _ = get_both(number)[material.documents[number].id]
        material.batch_of_update(found).commit()

    def page(_: int) -> None:
        material.profile.get().to_dict()
        assert len([found.to_dict() for found in material.page().stream()]) == PAGE

    return {"prepare": prepare, "create": create, "get": get, "update": update, "list": page}


async def _run_async(operation: Operation, clients: int, calls: int) -> dict[str, Any]:
    seconds: list[float] = []
    left = calls

    async def client(number: int) -> None:
        nonlocal left
        while left > 0:
            left -= 1
            started = perf_counter()
            await operation(number)
            seconds.append(perf_counter() - started)

    started = perf_counter()
    await asyncio.gather(*map(client, range(clients)))
    return {"seconds": seconds, "elapsed": perf_counter() - started}


def _run_sync(operation: Callable[[int], None], threads: ThreadPoolExecutor, clients: int, calls: int) -> Any:
    seconds: list[float] = []

    def client(number: int) -> None:
        for _ in range(calls // clients):
            started = perf_counter()
            operation(number)
            seconds.append(perf_counter() - started)

    started = perf_counter()
    list(threads.map(client, range(clients)))
    return {"seconds": seconds, "elapsed": perf_counter() - started}


def _serve(kind: str) -> None:
    project = os.environ["GOOGLE_CLOUD_PROJECT"]
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    client = firestore.AsyncClient(project=project) if kind == "async" else firestore.Client(project=project)
    threads = ThreadPoolExecutor(32)
    made: dict[str, Any] = {}
    for line in sys.stdin:
        wish = json.loads(line)
        if "uid" in wish:
            material = Material(client, wish["uid"], wish["documents"])
            made = asynchronous(material) if kind == "async" else synchronous(material)
            wish = {"operation": "prepare", "clients": 1, "count": 1}
        operation, clients, calls = made[wish["operation"]], wish["clients"], wish["count"]
        if kind == "async":
            answer = loop.run_until_complete(_run_async(operation, clients, calls))
        else:
            answer = _run_sync(operation, threads, clients, calls)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])
