"""An object store without an API: for tests of what stands below the edge."""

from __future__ import annotations

import asyncio
from typing import Any

from core.ids import random_id
from core.services.objects import Objects
from core.settings import Settings
from infra.local.buckets import make_buckets
from tests.support.storage import ObjectStore


async def an_object_store(store: ObjectStore, **more: Any) -> Objects:
    """The objects of a project of its own, with its buckets made."""
    project_id = f"demo-{random_id()[:12].lower().replace('_', 'u').replace('-', 'd')}"
    await asyncio.to_thread(make_buckets, store.url, project_id)
    usual: dict[str, Any] = {"storage_emulator_host": store.url, "signing_key": store.signing_key}
    return Objects(Settings(environment="local", project_id=project_id, **{**usual, **more}))
