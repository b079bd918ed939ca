"""Cloud Storage for the tests: a server in each worker's process, whose events find the test that they belong to.

upload = await api.objects.signed_upload(key, "image/png", len(content), timedelta(minutes=15))
await send(upload, content)
await api.events.arrived(key.name)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.services.objects import Upload
from infra.local.emulators import Storage
from infra.local.events.delivery import Delivery
from infra.local.events.event import Event
from infra.local.events.pubsub import Publisher
from infra.local.signing_key import new_key

_PATIENCE = 20


@dataclass
class ObjectStore:
    """Where it is, as `host:port`, the key by which URLs are signed (PEM), and who is told of a project's events."""

    host: str = ""
    signing_key: str = field(default_factory=new_key)
    told: dict[str, Callable[[Event], None]] = field(default_factory=dict[str, Callable[[Event], None]])

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def receive(self, event: Event) -> None:
        """Hand on by the bucket's name, `{project_id}-…`; what comes after its test has ended reaches nobody."""
        if told := self.told.get(event.bucket.rpartition("-")[0]):
            told(event)


@contextmanager
def storing(logs: Path, data: Path | None = None) -> Iterator[ObjectStore]:
    """A server, ready, until the end of the block; in memory, or in files where a folder for data is given."""
    store = ObjectStore()
    publisher = Publisher(store.receive)
    publisher.start()
    server = Storage(logs, data=data, publisher=publisher.host)
    try:
        server.start()
        server.wait()
        store.host = server.host
        yield store
    finally:
        server.stop()
        publisher.stop()


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """The server of a worker's process."""
    with storing(tmp_path_factory.mktemp("storage")) as store:
        yield store


class Events(Delivery):
    """The delivery of one test's events, which can wait for what it is to see."""

    async def arrived(self, name: str, times: int = 1) -> None:
        """Wait until an event about the object of this name has been handled well, so many times."""
        await until(lambda: sum(event.name == name for event in self.delivered) >= times)

    async def holding(self, count: int) -> None:
        """Wait until so many events are held."""
        await until(lambda: len(self.held) >= count)


async def until(holds: Callable[[], bool]) -> None:
    """Look every few milliseconds until it holds."""
    async with asyncio.timeout(_PATIENCE):
        while not holds():  # noqa: ASYNC110  a test looks every few milliseconds
            await asyncio.sleep(0.005)


async def send(
    upload: Upload | Mapping[str, Any], content: bytes | AsyncIterable[bytes], **headers: str
) -> httpx.Response:
    """Upload as a browser does: the request that the answer describes, and nothing of ours with it.

    Content that comes piece by piece wants its `content_length`.
    """
    if isinstance(upload, Upload):
        upload = {"method": upload.method, "url": upload.url, "headers": dict(upload.headers)}
    async with httpx.AsyncClient(timeout=60, trust_env=False) as browser:
        return await browser.request(
            upload["method"],
            upload["url"],
            content=content,
            headers={**upload["headers"], **{name.replace("_", "-"): value for name, value in headers.items()}},
        )
