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
class Turn:
    """Requests per second, and the CPU seconds that the server itself took for each."""

    rate: float
    cpu: float


@dataclass(frozen=True)
class Contender:
    """One server, and where its documents are."""

    name: str
    server: Server
    path: str

    def measured(self, operation: str, people: Sequence[Person], seconds: float) -> Turn:
        """Let it answer for so many seconds."""
        if operation == "create":
            made = [request("POST", self.path, person.bearer, material.numbered()) for person in people]
            following, status = lambda number: material.titled(made[number]), 201
        else:
            query = "?masked=1" if operation == "get, masked" and self.name != "dokker" else ""
            made = [request("GET", f"{self.path}/{person.documents[0]}{query}", person.bearer) for person in people]
            following, status = made.__getitem__, 200
        before = self.server.cpu_seconds
        run = uvloop.run(wire.run(self.server.port, following, CLIENTS, _ALL, status, seconds))
        return Turn(run.rate, (self.server.cpu_seconds - before) / len(run.seconds))


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
        ("operation", "peer", "ratio", "function, requests/s", "peer, requests/s", "CPU a request, ratio"),
        f"{CLIENTS} clients, documents of 10 KB, one instance each. `python_sync` is a plain functions-framework "
        "function with Google's synchronous clients, `node` Node's functions-framework with firebase-admin; both do "
        "the same reads and writes, with simpler search terms. They read a document whole, as the SDKs do unless told "
        "otherwise; in the rows of `get, masked` without its search terms, as the function does. No server checks "
        "a signature, as the emulator's tokens have none. Server, emulator and clients share the machine's cores, and "
        "the emulator's part is the same for all, so the ratio of rates is smaller than that of the CPU time which the "
        "servers themselves take: the last column, the peer's to the function's, which is what instances are paid for.",
    )
    for operation in ("get", "get, masked", "create"):
        for contender in contenders:
            contender.measured(operation, people, 2 * seconds)  # caches fill, and Node compiles
        found = [[contender.measured(operation, people, seconds) for contender in contenders] for _ in range(rounds)]
        ours, *theirs = zip(*found, strict=True)
        for contender, turns in zip(contenders[1:], theirs, strict=True):
            _add(section, operation, contender.name, ours, turns)
    return section


def _add(section: Section, operation: str, peer: str, ours: Sequence[Turn], theirs: Sequence[Turn]) -> None:
    pairs = list(zip(ours, theirs, strict=True))
    rate = Spread.of([mine.rate / other.rate for mine, other in pairs])
    cpu = Spread.of([other.cpu / mine.cpu for mine, other in pairs])
    rates = [Spread.of([turn.rate for turn in turns]) for turns in (ours, theirs)]
    section.add(
        *(operation, peer, rate.shown(), *(spread.shown(".0f") for spread in rates), cpu.shown(".1f")),
        judged=rate.median,
        target=None if operation == "get, masked" else _TARGETS[peer],
        operation=operation,
        peer=peer,
        ratio=rate.data,
        cpu_ratio=cpu.data,
        function_per_second=rates[0].data,
        peer_per_second=rates[1].data,
    )
