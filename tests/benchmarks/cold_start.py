"""Cold start of each entry point, from the start of the process to its first answers, against the floor."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import uvloop

from infra.local import ports
from infra.local.machine_tokens import machine_token
from tests.benchmarks import imports, latency, servers
from tests.benchmarks.figures import Section, Spread, Target
from tests.benchmarks.material import Person, request
from tests.benchmarks.servers import HERE, Stage

_FIRESTORE, _AUTH, _TASKS = "google.cloud.firestore", "firebase_admin.auth", "google.cloud.tasks_v2"
_ADDRESS = "http://functions.invalid/{name}"
_LONGEST = 60


@dataclass(frozen=True)
class EntryPoint:
    """A function, the SDKs that it uses, and a real request to it."""

    name: str
    sdks: tuple[str, ...]
    request: bytes


def measure(stage: Stage) -> Section:
    stage = stage.project("cold")
    with servers.serving("authoring", servers.ours("authoring"), stage) as server:
        person = uvloop.run(latency.prepared(server.port, stage.project_id, 1))[0]
    entry_points = _entry_points(person, stage.project_id)
    rounds = 1 if stage.quick else 9
    section = Section(
        "cold-start",
        "Cold start against the floor",
        ("entry point", "first answer, ratio", "first real answer, ratio", "function, ms", "floor, ms"),
        "From the start of the process, by functions-framework in production mode, to the answer to GET /health and "
        "then to a request that verifies a token where there is one and calls Firestore. The floor is FastAPI under "
        "functions-framework which imports the same SDKs at once and does the same with Google's own clients.",
    )
    for entry_point in entry_points:
        _add(section, entry_point, stage, rounds)
    section.note += f" {imports.heaviest(stage)}"
    return section


def _entry_points(person: Person, project_id: str) -> list[EntryPoint]:
    def called(function: str, account: str, path: str, body: object) -> bytes:
        email = f"{account}@{project_id}.iam.gserviceaccount.com"
        token = machine_token(email, _ADDRESS.format(name=function), datetime.now(UTC))
        return request("POST", path, f"Bearer {token}", body)

    purge = called("authoring-tasks", "tasks-invoker", "/tasks/purge-document", {"documentId": "A" * 22})
    nightly = called("authoring-schedules", "scheduler-invoker", "/schedules/purge-trash", {})
    return [
        EntryPoint("profiles", (_FIRESTORE, _AUTH), request("GET", "/v1/me", person.bearer)),
        EntryPoint(
            "authoring",
            (_FIRESTORE, _AUTH, _TASKS),
            request("GET", f"/v1/documents/{person.documents[0]}", person.bearer),
        ),
        EntryPoint("authoring_tasks", (_FIRESTORE, _TASKS), purge),
        EntryPoint("authoring_schedules", (_FIRESTORE, _TASKS), nightly),
    ]


def _add(section: Section, entry_point: EntryPoint, stage: Stage, rounds: int) -> None:
    bearer = entry_point.request.partition(b"Authorization: ")[2].partition(b"\r\n")[0].decode()
    floor = servers.framework(HERE / "peers" / "floor" / "main.py", "floor", asgi=True)
    asked = request("GET", "/profile", bearer if _AUTH in entry_point.sdks else "")
    told = stage.told() | {"DOKKER_FUNCTION_URL": _ADDRESS, "FLOOR_SDKS": ",".join(entry_point.sdks)}
    for command, real in ((servers.ours(entry_point.name), entry_point.request), (floor, asked)):
        _start(command, real, told)  # warms the disk, and writes what is not compiled yet
    found = [
        (*_start(servers.ours(entry_point.name), entry_point.request, told), *_start(floor, asked, told))
        for _ in range(rounds)
    ]
    health = Spread.of([ours / theirs for ours, _, theirs, _ in found])
    real = Spread.of([ours / theirs for _, ours, _, theirs in found])
    times = [Spread.of([seconds * 1e3 for seconds in column]) for column in zip(*found, strict=True)]
    section.add(
        *(entry_point.name, health.shown(), real.shown()),
        f"{times[0].shown('.0f')}, real {times[1].shown('.0f')}",
        f"{times[2].shown('.0f')}, real {times[3].shown('.0f')}",
        judged=max(health.median, real.median),
        target=Target(1.1),
        entry_point=entry_point.name,
        health_ratio=health.data,
        real_ratio=real.data,
        milliseconds={
            name: spread.data
            for name, spread in zip(("health_ms", "real_ms", "floor_health_ms", "floor_real_ms"), times, strict=True)
        },
    )


def _start(command: Sequence[str], real: bytes, told: dict[str, str]) -> tuple[float, float]:
    """Start a server and end it. Returns the seconds to the answer to GET /health and to the real request."""
    port = ports.free_port()
    servers.LOGS.mkdir(parents=True, exist_ok=True)
    with (servers.LOGS / "cold-start.log").open("wb") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=os.environ | told | {"PORT": str(port)}, stdout=log, stderr=log, start_new_session=True
        )
        try:
            health = _answer(port, request("GET", "/health"), started + _LONGEST) - started
            return health, _answer(port, real, started + _LONGEST) - started
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _answer(port: int, asked: bytes, deadline: float) -> float:
    """Ask until there is an answer; return when it came."""
    while time.perf_counter() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
                connection.sendall(asked)
                status = connection.recv(65_536)[9:12]
        except ConnectionError:
            time.sleep(0.001)
            continue
        if status != b"200":
            raise ConnectionError(f"it answered {status.decode()}; cold-start.log says why")
        return time.perf_counter()
    raise TimeoutError(f"nothing answered within {_LONGEST} s")
