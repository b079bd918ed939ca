"""A list page while the documents of other people grow from 100 to 100,000."""

import asyncio
from datetime import timedelta

import uvloop

from core.data import codec
from core.data.database import Database
from core.ids import random_id
from core.services.clients import Clients
from core.settings import Settings
from documents import access
from documents.records import DocumentRecord, Role, documents
from tests.benchmarks import latency, material, servers, wire
from tests.benchmarks.figures import Section, Spread, Target
from tests.benchmarks.material import Person, request
from tests.benchmarks.servers import Stage

_COMMIT = 500
_IN_FLIGHT = 4
_OWNERS = 1_000
_FLAT = Target(1.1)


def measure(stage: Stage) -> Section:
    stage = stage.project("crowd")
    steps = (100, 10_000) if stage.quick else (100, 1_000, 10_000, 100_000)
    section = Section(
        "crowd",
        "A list page among the documents of others",
        ("documents of others", "ratio to 100", "page of 25, ms"),
        "One client lists its own 31 documents of 10 KB. Production serves the page from one index, whatever else is "
        "there; what the emulator does is its own affair, and the bare query's time stands beside it.",
    )
    with servers.serving("authoring", servers.ours("authoring"), stage) as server:
        people = uvloop.run(latency.prepared(server.port, stage.project_id))
        asked = request("GET", "/v1/documents", people[0].bearer)
        there, first = 0, 0.0
        for step in steps:
            uvloop.run(_add_documents(stage, people[1], step - there))
            there = step
            seconds = uvloop.run(wire.run(server.port, lambda _: asked, 1, 20 if stage.quick else 60)).seconds
            spread = Spread.of([second * 1e3 for second in seconds])
            first = first or spread.median
            section.add(
                *(f"{step:,}", f"{spread.median / first:.2f}", spread.shown(".1f")),
                judged=None if step == steps[0] else spread.median / first,
                target=None if step == steps[0] else _FLAT,
                others=step,
                page_ms=spread.data,
                ratio=spread.median / first,
            )
    return section


async def _add_documents(stage: Stage, keeper: Person, many: int) -> None:
    """Write documents of a thousand owners, made after one that the function has written, without its long text."""
    told = Settings(
        environment="local", project_id=stage.project_id, firestore_emulator_host=stage.firestore
    )
    clients = Clients(told)
    db = clients.database
    heavy = tuple(line.name for line in codec.plan(DocumentRecord) if line.heavy)
    found = await db.get(documents.at(keeper.documents[0]), heavy=heavy)
    assert found
    model = found.model_copy(update={"body": "Kort.", "terms": {"kort": True}})
    slots = asyncio.Semaphore(_IN_FLIGHT)

    async def commit(start: int) -> None:
        async with slots:
            numbers = range(start, min(start + _COMMIT, many))
            await _commit(db, [_others(model, number) for number in numbers])

    await asyncio.gather(*map(commit, range(0, many, _COMMIT)))
    await clients.close()


async def _commit(db: Database, records: list[DocumentRecord]) -> None:
    await db.commit(*(documents.put(record) for record in records))


def _others(model: DocumentRecord, number: int) -> DocumentRecord:
    uid = f"other{number % _OWNERS:04}"
    roles = {f"user:{uid}": Role.OWNER}
    lists = access.lists(roles, model.tags, trashed=False)
    later = model.updated_at + timedelta(seconds=number % 7_200 - 3_600)
    changes = {"id": random_id(), "owner_id": uid, "author_id": uid, "roles": roles, "updated_at": later, **lists}
    return model.model_copy(update=changes)
