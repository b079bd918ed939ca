from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
from grpc import aio

from core.data.database import DEADLINE, Database
from core.ids import random_id
from core.services.objects import Objects
from tests.support.emulators import Emulators
from tests.support.faults import Faults, faulty
from tests.support.object_project import an_object_store
from tests.support.storage import ObjectStore

Connect = Callable[..., Database]


@pytest.fixture
async def connect(emulators: Emulators) -> AsyncIterator[Connect]:
    """Make databases of one project of the test's own: `connect(host=…, deadline=0.3)`."""
    project_id = f"demo-{random_id()[:12].lower().replace('_', 'u').replace('-', 'd')}"
    async with AsyncExitStack() as stack:
        channels: list[aio.Channel] = []

        def make(host: str = emulators.firestore, deadline: float = DEADLINE) -> Database:
            channels.append(aio.insecure_channel(host))
            return Database(channels[-1], project_id, metadata=(("authorization", "Bearer owner"),), deadline=deadline)

        yield make
        for channel in channels:
            await stack.enter_async_context(channel)


@pytest.fixture
def db(connect: Connect) -> Database:
    return connect()


@pytest.fixture
async def faults(emulators: Emulators) -> AsyncIterator[Faults]:
    async with faulty(emulators.firestore) as made:
        yield made


@pytest.fixture
async def objects(object_store: ObjectStore) -> Objects:
    return await an_object_store(object_store)
