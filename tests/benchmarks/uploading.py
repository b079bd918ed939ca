"""Files as a browser brings them to the real functions, and the events that then reach the one that looks at them."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import httpx
import uvloop

from infra.local.buckets import make_buckets
from infra.local.events.event import Event
from tests.benchmarks import latency, material, servers
from tests.benchmarks.material import Person
from tests.benchmarks.servers import Server, Stage
from tests.benchmarks.wire import WrongAnswer
from tests.support.storage import ObjectStore, storing

# A 512 MB file takes a while to be written down, and to be looked at.
_PATIENCE = 300


@dataclass
class Uploading:
    """Somebody with a document, the function `files` that they ask, and where their bytes go."""

    person: Person
    files: Server
    store: ObjectStore
    stage: Stage
    client: httpx.Client
    arrived: "Queue[Event]" = field(default_factory=Queue[Event])

    @property
    def path(self) -> str:
        return f"/v1/documents/{self.person.documents[0]}/files"

    def brought(self, content: Iterable[bytes], size: int, content_type: str) -> Event:
        """Announce a file and send it. Returns the event that tells of it; the function has not been told yet."""
        upload = self._asked("POST", self.path, {"name": "fil", "contentType": content_type, "size": size})["upload"]
        headers = {**upload["headers"], "Content-Length": str(size)}
        self.client.request(upload["method"], upload["url"], content=content, headers=headers).raise_for_status()
        return self._event()

    def state(self, event: Event) -> str:
        """What has become of the file."""
        return self._asked("GET", f"{self.path}/{event.name.rpartition('/')[2]}", None)["state"]

    def told(self, function: Server, event: Event) -> float:
        """Deliver the event. Returns the seconds until the answer, before which the file has become ready."""
        began = perf_counter()
        self.client.post(
            f"http://127.0.0.1:{function.port}/", content=event.content, headers=event.headers
        ).raise_for_status()
        seconds = perf_counter() - began
        if (state := self.state(event)) != "ready":
            raise WrongAnswer(f"the file is {state}")
        return seconds

    def _event(self) -> Event:
        # Clean copies and thumbnails have events too, in a bucket that nobody listens to.
        while not (event := self.arrived.get(timeout=_PATIENCE)).bucket.endswith("-uploads"):
            pass
        return event

    def _asked(self, method: str, path: str, body: Any) -> Any:
        answer = self.client.request(method, self._url(path), json=body, headers=self._headers)
        if not answer.is_success:
            raise WrongAnswer(answer.text)
        return answer.json()

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.files.port}{path}"

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": self.person.bearer}


@contextmanager
def uploading(stage: Stage, *, in_files: bool = False) -> Iterator[Uploading]:
    """The functions and a Storage server until the end of the block; it keeps objects in memory, or in files."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory())) if in_files else None
        store = stack.enter_context(storing(servers.LOGS, folder))
        make_buckets(store.url, stage.project_id)
        stage = replace(stage, storage=store.url, signing_key=store.signing_key)
        with servers.serving("authoring", servers.ours("authoring"), stage) as authoring:
            people = material.people(stage.project_id, 1)
            (person,) = uvloop.run(latency.write_documents(authoring.port, people, 1))
        files = stack.enter_context(servers.serving("files", servers.ours("files"), stage))
        client = stack.enter_context(httpx.Client(timeout=_PATIENCE, trust_env=False))
        made = Uploading(person, files, store, stage, client)
        store.told[stage.project_id] = made.arrived.put
        yield made


@contextmanager
def looking(stage: Stage) -> Iterator[Server]:
    """The function that looks at what has arrived, as Eventarc calls it."""
    command = [*servers.ours("files_events"), "--signature-type", "cloudevent"]
    with servers.serving("files-events", command, stage) as server:
        yield server
