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
from tests.benchmarks import latency, servers, wire
from tests.benchmarks.figures import Section, Spread, Target
from tests.benchmarks.material import Person, request
from tests.benchmarks.servers import Helper, Server, Stage
from tests.benchmarks.wire import Run

_COMMIT = 500
_IN_FLIGHT = 4
_OWNERS = 1_000
_SLOWEST = 1.5
"""Seconds of a bare query beyond which the function is not asked any more: its own deadline is 5."""


def measure(stage: Stage) -> Section:
    stage = stage.project("crowd")
    steps = (100, 3_000) if stage.quick else (100, 1_000, 10_000, 100_000)
    section = Section(
        "crowd",
        "A list page among the documents of others",
        (
            "documents of others",
            "ratio to the bare query",
            "page of 25, ms",
            "bare calls, ms",
            "growth of the bare query",
        ),
        "One client lists its own 31 documents of 10 KB. Firestore serves the page from one index, in a time that "
        "depends on what it yields alone; the emulator has no indexes and looks at every document of the collection. "
        "So what is judged is what the function adds to the bare calls, which must not grow.",
    )
    with servers.serving("authoring", servers.ours("authoring"), stage) as server:
        people = uvloop.run(latency.prepared(server.port, stage.project_id))
        helper = Helper("direct", stage, "async")
        helper.ask(uid=people[0].uid, documents=[person.documents[0] for person in people])
        there, first = 0, 0.0
        for step in steps:
            uvloop.run(_add_documents(stage, people[1], step - there))
            there = step
            first = _measured(section, server, helper, people[0], step, first)
        helper.close()
    return section


def _measured(section: Section, server: Server, helper: Helper, person: Person, others: int, first: float) -> float:
    """Add the row of one step. Returns the milliseconds of the bare calls in the first of all."""
    asked = request("GET", "/v1/documents", person.bearer)
    once = Run(**helper.ask(operation="list", clients=1, count=1)).seconds[0]
    if once > _SLOWEST:
        section.add(f"{others:,}", "", "", f"{once * 1e3:.0f}", "", others=others, bare_ms=once * 1e3)
        return first
    calls, found = max(2, min(20, int(2 / once))), (list[float](), list[float]())
    for _ in range(3):
        found[0].extend(uvloop.run(wire.run(server.port, lambda _: asked, 1, calls)).seconds)
        found[1].extend(Run(**helper.ask(operation="list", clients=1, count=calls)).seconds)
    ours, bare = (Spread.of([second * 1e3 for second in seconds]) for seconds in found)
    ratio, first = ours.median / bare.median, first or bare.median
    section.add(
        *(f"{others:,}", f"{ratio:.2f}", ours.shown(".1f"), bare.shown(".1f"), f"{bare.median / first:.1f}"),
        judged=ratio,
        target=Target(1.1),
        others=others,
        ratio=ratio,
        page_ms=ours.data,
        bare_ms=bare.data,
    )
    return first


async def _add_documents(stage: Stage, keeper: Person, many: int) -> None:
    """Write documents of a thousand owners, made after one that the function has written, without its long text."""
    told = Settings(environment="local", project_id=stage.project_id, firestore_emulator_host=stage.firestore)
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
