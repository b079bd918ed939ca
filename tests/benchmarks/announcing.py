"""What announcing a file costs: the function's answer, its calls of Firestore, and the signature by either signer."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter
from typing import Any

import uvloop

from core import clock
from core.caller import Caller
from core.ids import keyed_hash, random_id
from core.services.clients import Clients
from core.services.objects import Objects
from core.settings import Settings
from documents.files import issuing
from documents.files.issuing import Limits, Wish
from documents.files.records import uploads
from infra.local.places import ROOT
from tests.benchmarks import material, wire
from tests.benchmarks.figures import Section, Spread, Target
from tests.benchmarks.servers import Stage
from tests.benchmarks.uploading import Uploading, uploading
from tests.support.iam import signing_blobs, through
from tests.support.index_guard import IndexGuard
from tests.support.wire import Wire

_VALID = timedelta(minutes=15)
_DRAFT = {"name": "Bærtur.jpg", "contentType": "image/jpeg", "size": 2_483_112}


def add(section: Section, stage: Stage) -> None:
    """Measure, and add the rows."""
    count = 20 if stage.quick else 200
    with uploading(stage) as made:
        seconds = uvloop.run(_announced(made, count))
        settings = _settings(made.stage)
        section.add("announcing a file", f"{_ms(seconds)} ms", "", "", announce_s=Spread.of(seconds).data)
        rpcs = asyncio.run(_rpcs(made, settings))
        section.add("of which calls of Firestore", str(rpcs), "", "", judged=rpcs, target=Target(2), rpcs=rpcs)
        _add_local_key(section, settings, count)
        _add_iam(section, settings, made.store.signing_key, count)


async def _announced(made: Uploading, count: int) -> list[float]:
    request = material.request("POST", made.path, made.person.bearer, _DRAFT)
    await wire.run(made.files.port, lambda _: request, 1, 10, status=201)
    return (await wire.run(made.files.port, lambda _: request, 1, count, status=201)).seconds


def _settings(stage: Stage) -> Settings:
    told: dict[str, Any] = {"storage_emulator_host": stage.storage, "firestore_emulator_host": stage.firestore}
    return Settings(environment="local", project_id=stage.project_id, signing_key=stage.signing_key, **told)  # pyright: ignore[reportArgumentType]


async def _rpcs(made: Uploading, settings: Settings) -> int:
    """Announce once more, in this process, with every call counted where it goes out."""
    wires = Wire(IndexGuard.of(ROOT / "firestore.indexes.json"))
    held = Clients(settings, interceptors=wires.interceptors())
    try:
        uid = made.person.uid
        caller = Caller(
            uid, keyed_hash(settings.key, "subject", uid), None, email_verified=True, signed_in_at=clock.now()
        )
        wish = Wish(random_id(), "", "Bærtur.jpg", "image/jpeg", 2_483_112, None, None)
        limits = Limits(settings.file_limit_bytes, settings.storage_limit_bytes, settings.upload_period)
        await issuing.issue(held.database, held.objects, caller, made.person.documents[0], wish, limits, clock.now())
    finally:
        await held.close()
    return len(wires.rpcs)


def _add_local_key(section: Section, settings: Settings, count: int) -> None:
    connections = _Connections()
    sys.addaudithook(connections)
    with connections:
        seconds = asyncio.run(_signed(Objects(settings), count))
    section.add(
        *("signing with a key of its own", f"{_ms(seconds)} ms", f"{connections.count} network calls", ""),
        judged=connections.count,
        target=Target(0),
        sign_s=Spread.of(seconds).data,
        calls=connections.count,
    )


def _add_iam(section: Section, settings: Settings, pem: str, count: int) -> None:
    with signing_blobs(pem) as iam:
        seconds = asyncio.run(_signed(Objects(settings, signer=through(iam)), count))
    calls = len(iam.requests) / count
    section.add(
        *("signing through IAM, here on this machine", f"{_ms(seconds)} ms", f"{calls:g} network call", ""),
        judged=calls,
        target=Target(1),
        sign_s=Spread.of(seconds).data,
        calls=calls,
    )


async def _signed(objects: Objects, count: int) -> list[float]:
    key, seconds = uploads.at("kari", random_id()), list[float]()
    for _ in range(count):
        began = perf_counter()
        await objects.signed_upload(key, "image/jpeg", 2_483_112, _VALID)
        seconds.append(perf_counter() - began)
    return seconds


@dataclass
class _Connections:
    """Counts the connections that this process opens while the block lasts; an audit hook cannot be taken away."""

    watches: bool = False
    count: int = 0

    def __enter__(self) -> None:
        self.watches = True

    def __exit__(self, *_: object) -> None:
        self.watches = False

    def __call__(self, event: str, _: object) -> None:
        self.count += self.watches and event == "socket.connect"


def _ms(seconds: list[float]) -> str:
    found = Spread.of(seconds)
    return Spread(found.median * 1e3, found.low * 1e3, found.high * 1e3).shown(".1f")
