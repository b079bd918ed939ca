"""Events from the Storage server to a function: at least once, held, doubled and turned round as a test wishes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from fastapi import Response

from core.data.buckets import EXPORTS
from core.failures import Unavailable
from core.functions import Function, ObjectEvents, Resources, Trigger
from core.web.application import Application, Budget
from core.web.dependencies import TheObjectFinalized
from core.web.events import ObjectFinalized
from infra.local.gateway.loading import Served
from tests.support.api import Api, an_api
from tests.support.emulators import Emulators
from tests.support.sketches import kept, sent
from tests.support.storage import send, until


@dataclass
class Handler:
    """An event function that notes what it gets, and fails as often as it is told to."""

    seen: list[ObjectFinalized] = field(default_factory=list[ObjectFinalized])
    failures: int = 0

    def served(self) -> Served:
        application = Application("sketches-events", audience="event", invoker="events-invoker")

        @application.post("/", budget=Budget())
        async def finalized(event: TheObjectFinalized) -> Response:
            self.seen.append(event)
            if self.failures:
                self.failures -= 1
                raise Unavailable
            return Response(status_code=204)

        assert finalized
        events = ObjectEvents(EXPORTS)
        return Served(Function(application.name, Trigger.EVENTS, application, Resources(), events=events), application)

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.seen]


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
async def api(emulators: Emulators, handler: Handler) -> AsyncIterator[Api]:
    async with an_api(emulators, also=[handler.served()]) as made:
        yield made


async def uploaded(api: Api, id_: str, content: bytes = b"abc") -> str:
    key = sent.at("kari", id_)
    upload = await api.objects.signed_upload(key, "image/png", len(content), timedelta(minutes=15))
    assert (await send(upload, content)).status_code == 200
    return key.name


class TestAnUpload:
    async def test_reaches_the_function_for_its_bucket(self, api: Api, handler: Handler) -> None:
        name = await uploaded(api, "a")
        await api.events.arrived(name)

        (event,) = handler.seen
        found = await api.objects.stat(sent.at("kari", "a"))
        assert found and (event.bucket, event.name, event.size) == (EXPORTS, name, 3)
        assert (event.generation, event.content_type, event.key) == (found.generation, "image/png", found.key)

        (shown,) = (await api.get("/__local/events"))["items"]
        assert (shown["function"], shown["subject"], shown["status"]) == ("sketches-events", f"objects/{name}", 204)

    async def test_of_an_unsent_bucket_reaches_nobody(self, api: Api, handler: Handler) -> None:
        await api.objects.put(kept.at("a"), b"abc", "image/png")
        await api.events.arrived(kept.at("a").name)
        assert handler.seen == []

    async def test_comes_again_until_it_was_handled(self, api: Api, handler: Handler) -> None:
        handler.failures = 2
        name = await uploaded(api, "a")
        await api.events.arrived(name)
        assert handler.names == [name] * 3
        assert len({event.event_id for event in handler.seen}) == 1
        assert list(api.events.failures) == [503, 503]

    async def test_that_was_overwritten_comes_for_each_generation(self, api: Api, handler: Handler) -> None:
        name = await uploaded(api, "a")
        await uploaded(api, "a", b"another")
        await api.events.arrived(name, times=2)
        assert len({event.generation for event in handler.seen}) == 2


class TestHeldEvents:
    async def test_come_in_the_order_and_as_often_as_released(self, api: Api, handler: Handler) -> None:
        api.events.hold()
        first, second = await uploaded(api, "a"), await uploaded(api, "b")
        await api.events.holding(2)
        assert handler.seen == []

        by_name = {event.name: event for event in api.events.held}
        api.events.release([by_name[second], by_name[second]])
        await until(lambda: len(handler.seen) == 2)
        api.events.release([by_name[first]])
        await until(lambda: not api.events.busy)

        assert handler.names == [second, second, first]
