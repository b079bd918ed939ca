"""Files far larger than the memory that there is for them, through the function as it is deployed."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from core.data.buckets import UPLOADS
from documents.files.records import files
from infra.local.events.delivery import Delivery
from infra.local.events.event import Event
from tests.benchmarks import servers
from tests.benchmarks.servers import Server, Stage
from tests.documents.files.conftest import eventually
from tests.support import large_files
from tests.support.api import Api, Document, Person, an_api
from tests.support.emulators import Emulators
from tests.support.peak_memory import forget_peak, peak_megabytes
from tests.support.storage import send, storing

MOST_MB = 150
# Most of it is the Storage server's, which hashes all that came before with every piece that comes.
PATIENCE = 400

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the most memory that a process has taken"),
]


@dataclass(frozen=True)
class World:
    """An API, and `function`, the process that its events reach."""

    api: Api
    function: Server


@pytest.fixture
async def world(emulators: Emulators, tmp_path: Path) -> AsyncIterator[World]:
    """The function that looks at files in a process of its own, and a Storage server that keeps objects in files."""
    async with AsyncExitStack() as stack:
        store = stack.enter_context(storing(tmp_path / "logs", tmp_path / "objects"))
        api = await stack.enter_async_context(an_api(replace(emulators, store=store)))
        stage = Stage(emulators.firestore, api.project_id, storage=store.url, signing_key=store.signing_key)
        command = [*servers.ours("files_events"), "--signature-type", "cloudevent"]
        function = stack.enter_context(servers.serving("files-events", command, stage))
        delivery = await stack.enter_async_context(Delivery(f"http://127.0.0.1:{function.port}/"))

        def arrived(event: Event) -> None:
            if event.bucket == UPLOADS.named_in(api.project_id):
                delivery.receive(event)

        store.told[api.project_id] = arrived
        yield World(api, function)


async def brought(person: Person, document: Document, content: Callable[[], Iterator[bytes]], content_type: str) -> str:
    """Announce a file and send it piece by piece, by a session that could be resumed. Returns its id."""
    size = sum(map(len, content()))
    draft = {"name": "Stor", "contentType": content_type, "size": size}
    issued = (await person.post(f"{document.path}/files", draft)).json
    assert issued["upload"]["resumable"]
    answer = await send(issued["upload"], large_files.sent(content()), content_length=str(size))
    assert answer.status_code == 200, answer.text
    return issued["file"]["id"]


async def peak_of(world: World, content: Callable[[], Iterator[bytes]], content_type: str) -> tuple[float, int]:
    """Bring a file and wait until it is ready. Returns the worker's peak in MB, and the bytes that are served."""
    kari = await world.api.person("Kari")
    document = await kari.writes("Opptak")
    (worker,) = world.function.workers
    forget_peak(worker)
    file_id = await brought(kari, document, content, content_type)

    async def is_settled() -> bool:
        found = await world.api.db.get(files.at(document.id, file_id))
        return found is not None and found.settle_by is None

    await eventually(is_settled, seconds=PATIENCE)
    found = await world.api.db.get(files.at(document.id, file_id))
    assert found and (found.state, found.reason) == ("ready", None)
    return peak_megabytes(worker), found.size


class TestLarge:
    async def test_archive_of_a_gibibyte_passes_through_little_memory(self, world: World) -> None:
        peak, size = await peak_of(world, lambda: large_files.archive(1024), "application/zip")
        assert size > 1024**3
        assert peak <= MOST_MB, f"{peak:.0f} MB"

    async def test_film_passes_through_little_memory(self, world: World, tmp_path: Path) -> None:
        film = large_files.film(tmp_path, 160)
        peak, size = await peak_of(world, lambda: large_files.pieces(film), "video/mp4")
        assert size > 128 * 1024**2
        assert peak <= MOST_MB, f"{peak:.0f} MB"
