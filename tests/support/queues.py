"""Queues that take tasks and deliver none, for tests of what a request does by itself."""

from __future__ import annotations

import pytest
from google.cloud.tasks_v2 import CloudTasksAsyncClient, Queue
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
from grpc import aio

from core.settings import REGION
from tests.support.api import Api, functions


@pytest.fixture
async def queues_at_rest(api: Api) -> None:
    """Let the tasks that a route leaves behind wait, so that the route alone is measured."""
    parent = f"projects/{api.project_id}/locations/{REGION}"
    async with aio.insecure_channel(api.tasks.host) as channel:
        queues = CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
        for queue in [one.function.queue for one in functions().values() if one.function.queue]:
            name = f"{parent}/queues/{queue.name}"
            await queues.create_queue(parent=parent, queue=Queue(name=name))
            await queues.pause_queue(name=name)
