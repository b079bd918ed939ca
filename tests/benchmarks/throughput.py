"""Requests per second of the function and of what a user would write instead, taking turns on one emulator."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import uvloop

from tests.benchmarks import latency, material, servers, wire
from tests.benchmarks.figures import Section, Spread, Target
from tests.benchmarks.material import Person, request
from tests.benchmarks.servers import Server, Stage

CLIENTS = 32
_TARGETS = {"python_sync": Target(3, at_least=True), "node": Target(2, at_least=True)}
_ALL = 1_000_000


@dataclass(frozen=True)
class Contender:
    """One server, and where its documents are."""

    name: str
    server: Server
    path: str

    def rate(self, operation: str, people: Sequence[Person], seconds: float) -> float:
        """Requests per second over so many seconds."""
        if operation == "create":
            made = [request("POST", self.path, person.bearer, material.numbered()) for person in people]
            following, status = lambda number: material.titled(made[number]), 201
        else:
            query = "?masked=1" if operation == "get, masked" and self.name != "dokker" else ""
            made = [request("GET", f"{self.path}/{person.documents[0]}{query}", person.bearer) for person in people]
            following, status = made.__getitem__, 200
        return uvloop.run(wire.run(self.server.port, following, CLIENTS, _ALL, status, seconds)).rate


def measure(stage: Stage) -> Section:
    stage = stage.project("throughput")
    commands = {"dokker": servers.ours("authoring"), "python_sync": servers.python_sync(), "node": servers.node()}
    with ExitStack() as stack:
        contenders = [
            Contender(
                name,
                stack.enter_context(servers.serving(name, command, stage)),
                "/v1/documents" if name == "dokker" else "/documents",
            )
            for name, command in commands.items()
        ]
        people = uvloop.run(latency.prepared(contenders[0].server.port, stage.project_id, 1))
        return _measured(contenders, people, rounds=2 if stage.quick else 9, seconds=0.7 if stage.quick else 2)


def _measured(contenders: list[Contender], people: list[Person], rounds: int, seconds: float) -> Section:
    section = Section(
        "throughput",
        "Throughput against what a user would write instead",
        ("operation", "peer", "ratio", "function, requests/s", "peer, requests/s"),
        f"{CLIENTS} clients, documents of 10 KB, one instance each. `python_sync` is a plain functions-framework "
        "function with Google's synchronous clients, `node` Node's functions-framework with firebase-admin; both do "
        "the same reads and writes, with simpler search terms. They read a document whole, as the SDKs do unless told "
        "otherwise; in the rows of `get, masked` without its search terms, as the function does. No server checks "
        "a signature, as the emulator's tokens have none.",
    )
    for operation in ("get", "get, masked", "create"):
        for contender in contenders:
            contender.rate(operation, people, 2 * seconds)  # caches fill, and Node compiles
        found = [[contender.rate(operation, people, seconds) for contender in contenders] for _ in range(rounds)]
        ours, *theirs = zip(*found, strict=True)
        for contender, rates in zip(contenders[1:], theirs, strict=True):
            ratio = Spread.of([mine / other for mine, other in zip(ours, rates, strict=True)])
            section.add(
                *(operation, contender.name, ratio.shown()),
                *(Spread.of(ours).shown(".0f"), Spread.of(rates).shown(".0f")),
                judged=ratio.median,
                target=None if operation == "get, masked" else _TARGETS[contender.name],
                operation=operation,
                peer=contender.name,
                ratio=ratio.data,
                function_per_second=Spread.of(ours).data,
                peer_per_second=Spread.of(rates).data,
            )
    return section
