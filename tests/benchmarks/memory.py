"""Memory of gunicorn's master and worker, after the first thousand requests and after many."""

from itertools import count
from pathlib import Path

import uvloop

from tests.benchmarks import latency, servers, wire
from tests.benchmarks.figures import Section, Target
from tests.benchmarks.material import Person
from tests.benchmarks.servers import Server, Stage

_MOST_MB = 110
_GROWTH = 1.02
_CLIENTS = 8
# Listing is left to few requests, as it takes the emulator longest.
_MIX = ("get", "create", "get", "update", "get", "create", "get", "update", "get", "list")


def measure(stage: Stage) -> Section:
    stage = stage.project("memory")
    section = Section(
        "memory",
        "Memory",
        ("requests", "master + worker, MB (PSS)", "master", "worker", "private (USS)"),
        "PSS shares out what several processes have in common, so it is smaller where other Pythons run meanwhile; USS "
        "is what is freed when these two end. A mix of "
        f"reads, writes, changes and lists of 10 KB documents by {_CLIENTS} clients. Growth is the "
        "second half's.",
    )
    steps = (1_000, 1_250, 1_500) if stage.quick else (1_000, 5_000, 10_000, 15_000, 20_000)
    with servers.serving("authoring", servers.ours("authoring"), stage) as server:
        people = uvloop.run(latency.prepared(server.port, stage.project_id))
        done, settled = 0, 0.0
        for step in steps:
            uvloop.run(_requests(server, people, step - done))
            done = step
            total = _add(section, server, step, Target(_MOST_MB) if step == steps[0] else None)
            settled = total if step == steps[len(steps) // 2] else settled
        growth = total / settled
        section.add(
            *("growth", f"{growth:.3f} times", "", "", ""), judged=growth, target=Target(_GROWTH), growth=growth
        )
    return section


async def _requests(server: Server, people: list[Person], many: int) -> None:
    operations = {operation.name: operation.of(people) for operation in latency.OPERATIONS}
    turns = count()

    def following(number: int) -> bytes:
        return operations[_MIX[next(turns) % len(_MIX)]](number)

    await wire.run(server.port, following, _CLIENTS, many, status=2, seconds=1_000)


def _add(section: Section, server: Server, requests: int, target: Target | None) -> float:
    workers = server.workers
    master, worker = (megabytes(pid, "Pss") for pid in (server.pid, *workers))
    private = sum(megabytes(pid, "Private_Clean", "Private_Dirty") for pid in (server.pid, *workers))
    total = master + worker
    section.add(
        *(f"{requests:,}", f"{total:.1f}", f"{master:.1f}", f"{worker:.1f}", f"{private:.1f}"),
        judged=total,
        target=target,
        requests=requests,
        pss_mb={"master": master, "worker": worker},
        uss_mb=private,
    )
    return total


def megabytes(pid: int, *kinds: str) -> float:
    """What a process holds of these kinds (smaps_rollup in proc(5)), in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.partition(":")[0] in kinds) / 1024
