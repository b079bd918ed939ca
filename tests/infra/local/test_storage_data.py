"""The Storage server's data outlive a restart, with what was said of them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from core.services.objects import Objects
from core.settings import Settings
from infra.local.buckets import make_buckets
from infra.local.emulators import Storage
from tests.support.sketches import kept


class TestData:
    async def test_are_kept_in_files(self, tmp_path: Path) -> None:
        for again in (False, True):
            server = Storage(tmp_path / "logs", data=tmp_path / "data")
            server.start()
            await asyncio.to_thread(server.wait)
            try:
                make_buckets(server.url, "demo-kept")
                objects = Objects(_settings(server.url))
                if not again:
                    assert await objects.put(kept.at("a"), b"abc", "image/png", metadata={"width": "9"})
                found = await objects.stat(kept.at("a"))
                assert found and (found.size, found.content_type, found.metadata["width"]) == (3, "image/png", "9")
            finally:
                server.stop()


def _settings(url: str) -> Settings:
    return Settings(environment="local", project_id="demo-kept", storage_emulator_host=url)  # pyright: ignore[reportCallIssue]
