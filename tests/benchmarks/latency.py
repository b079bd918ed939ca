"""Latency of the whole function against the bare Firestore calls that it makes, by the official client."""

from collections.abc import Callable
from dataclasses import dataclass

import uvloop

from tests.benchmarks import material, servers, wire
from tests.benchmarks.figures import Section, Spread, Target, quantile
from tests.benchmarks.material import Person, request
from tests.benchmarks.servers import Helper, Server, Stage
from tests.benchmarks.wire import Run


@dataclass(frozen=True)
class Operation:
    """One thing that is measured: what the function is asked, and how often at one client and at 32."""

    name: str
    status: int
    of: Callable[[list[Person]], wire.Next]
    counts: tuple[int, int]


def _create(people: list[Person]) -> wire.Next:
    made = [request("POST", "/v1/documents", person.bearer, material.numbered()) for person in people]
    return lambda number: material.titled(made[number])


def _get(people: list[Person]) -> wire.Next:
    made = [request("GET", f"/v1/documents/{person.documents[0]}", person.bearer) for person in people]
    return made.__getitem__


def _list(people: list[Person]) -> wire.Next:
    made = request("GET", "/v1/documents", people[0].bearer)
    return lambda _: made


def _update(people: list[Person]) -> wire.Next:
    made = [
        request(
            "PATCH", f"/v1/documents/{person.documents[0]}", person.bearer, material.numbered(), **{"If-Match": "*"}
        )
        for person in people
    ]
    return lambda number: material.titled(made[number])


# Creating comes last, since the emulator looks at every document of a collection for each query.
OPERATIONS = (
    Operation("get", 200, _get, (100, 640)),
    Operation("list", 200, _list, (30, 128)),
    Operation("update", 200, _update, (50, 320)),
    Operation("create", 201, _create, (50, 320)),
)


async def write_documents(port: int, people: list[Person], count: int, status: int = 201) -> list[Person]:
    """Write so many documents for each, through the function; return the people with their ids."""
    written: list[Person] = []
    for person in people:
        answers = [
            await wire.ask(port, request("POST", "/v1/documents", person.bearer, material.draft(number)))
            for number in range(count)
        ]
        found = [answer.partition(b'{"id":"')[2].partition(b'"')[0].decode() for answer in answers]
        assert all(found), answers
        written.append(Person(person.uid, person.token, tuple(found)))
    return written


async def prepared(port: int, project_id: str, listed: int = 30) -> list[Person]:
    """32 people with a document each, the first of them with a page more than full."""
    people = await write_documents(port, material.people(project_id), 1)
    (first,) = await write_documents(port, people[:1], listed)
    return [Person(first.uid, first.token, (*people[0].documents, *first.documents)), *people[1:]]


def measure(stage: Stage) -> Section:
    stage = stage.project("latency")
    with servers.serving("authoring", servers.ours("authoring"), stage) as server:
        people = uvloop.run(prepared(server.port, stage.project_id))
        helpers = [Helper("direct", stage, kind) for kind in ("async", "sync")]
        try:
            for helper in helpers:
                helper.ask(uid=people[0].uid, documents=[person.documents[0] for person in people])
            return _measured(server, people, helpers, *((2, 4) if stage.quick else (9, 1)))
        finally:
            for helper in helpers:
                helper.close()


def _measured(server: Server, people: list[Person], helpers: list[Helper], rounds: int, part: int) -> Section:
    section = Section(
        "latency",
        "The whole function against the bare calls",
        ("operation", "clients", "median, ratio", "p99, ratio", "function, ms", "async client, ms", "sync client, ms"),
        "A document of 10 KB; the function with HTTP, sign-in, validation, search terms and JSON, against the same "
        "RPCs with equal fields and masks, called directly by google-cloud-firestore. Ratios are to its asynchronous "
        "client, and p99 may be 2.5 times.",
    )
    for operation in OPERATIONS:
        following = operation.of(people)
        for clients, most in zip((1, 32), operation.counts, strict=True):
            calls = max(most // part, clients)
            parties = [_of_function(server, operation, following, clients, calls)]
            parties += [_of_helper(helper, operation, clients, calls) for helper in helpers]
            for party in parties:
                party()
            found = [[party() for party in parties] for _ in range(rounds)]
            _add(section, operation.name, clients, found)
    return section


def _of_function(
    server: Server, operation: Operation, following: wire.Next, clients: int, calls: int
) -> Callable[[], Run]:
    return lambda: uvloop.run(wire.run(server.port, following, clients, calls, operation.status))


def _of_helper(helper: Helper, operation: Operation, clients: int, calls: int) -> Callable[[], Run]:
    return lambda: Run(**helper.ask(operation=operation.name, clients=clients, count=calls))


def _add(section: Section, name: str, clients: int, rounds: list[list[Run]]) -> None:
    medians = [[Spread.of(run.seconds).median for run in runs] for runs in rounds]
    ratio = Spread.of([ours / theirs for ours, theirs, _ in medians])
    pooled = [[second for run in runs for second in run.seconds] for runs in zip(*rounds, strict=True)]
    tails = [quantile(seconds, 0.99) for seconds in pooled]
    spreads = [Spread.of(seconds) for seconds in pooled]
    p99 = tails[0] / tails[1]
    cells = [f"{spread.median * 1e3:.2f}, p99 {tail * 1e3:.1f}" for spread, tail in zip(spreads, tails, strict=True)]
    section.add(
        *(name, str(clients), ratio.shown(), f"{p99:.2f}", *cells),
        judged=ratio.median,
        target=Target(1.1),
        met=ratio.median <= 1.1 and p99 <= 2.5,
        operation=name,
        clients=clients,
        ratio=ratio.data,
        p99_ratio=p99,
        **{
            f"{party}_ms": {**{key: value * 1e3 for key, value in spread.data.items()}, "p99": tail * 1e3}
            for party, spread, tail in zip(("function", "async_client", "sync_client"), spreads, tails, strict=True)
        },
    )
