"""Room: whatever happens, and in whatever order, a person's total is the sum of what their files take."""

from __future__ import annotations

import random
from typing import Any

import pytest

from accounts.profiles import storage
from documents.files.records import files
from tests.documents.files.conftest import announced, eventually
from tests.support.api import Api, Document, Person, an_api
from tests.support.emulators import Emulators
from tests.support.storage import send

STEPS = 25
TEXT: dict[str, Any] = {"content_type": "text/plain", "name": "notat.txt"}


class Life:
    """What somebody may do with files, one thing after another, while events and tasks take their time."""

    def __init__(self, api: Api, kari: Person, dice: random.Random) -> None:
        self.api, self.kari, self.dice = api, kari, dice
        self.documents: list[Document] = []
        self.paths: list[str] = []

    async def step(self) -> None:
        if not self.documents:
            await self.write()
        steps = [self.write, *[self.bring] * 5, self.delete, self.duplicate, self.purge, self.sweep, self.deliver]
        await self.dice.choice(steps)()

    async def write(self) -> None:
        self.documents.append(await self.kari.writes("Tur"))

    async def bring(self) -> None:
        """A file that comes as promised, with one byte too many, or never; its event at once, later, or both."""
        document, content = self.dice.choice(self.documents), b"x" * self.dice.randint(1, 40)
        answer = await announced(self.kari, document, content, **TEXT)
        if answer.status != 201:
            assert answer.problem == (507, "quota_exceeded")
            return
        self.paths.append(f"{document.path}/files/{answer['file']['id']}")
        if self.dice.random() < 0.5:
            self.api.events.hold()
        if sent := self.dice.choice([content, content, content + b"x", None]):
            await send(answer["upload"], sent)

    async def deliver(self) -> None:
        held = list(self.api.events.held)
        self.dice.shuffle(held)
        self.api.events.release([*held, *held])

    async def delete(self) -> None:
        if self.paths:
            assert (await self.kari.delete(self.dice.choice(self.paths))).status in (204, 404, 409)

    async def duplicate(self) -> None:
        answer = await self.kari.post(f"{self.dice.choice(self.documents).path}/duplicate")
        self.documents.append(Document(answer["id"], answer.etag))

    async def purge(self) -> None:
        document = self.documents.pop(self.dice.randrange(len(self.documents)))
        await self.kari.delete(document.path, if_match="*")
        await self.kari.post(f"{document.path}/purge")

    async def sweep(self) -> None:
        self.api.advance(hours=self.dice.choice([1, 25]))
        assert (await self.api.runs("sweep-files", "files-schedules")).status == 200


class TestTotal:
    @pytest.mark.parametrize("seed", range(4))
    async def test_is_the_sum_of_what_the_files_take_after_any_history(self, emulators: Emulators, seed: int) -> None:
        async with an_api(emulators, storage_limit_bytes=400) as api:
            kari = await api.person("Kari")
            life = Life(api, kari, random.Random(seed))
            for _ in range(STEPS):
                await life.step()
            await eventually(lambda: _adds_up(api, kari))
            await life.deliver()
            for document in life.documents.copy():
                await kari.delete(document.path, if_match="*")
                await kari.post(f"{document.path}/purge")

            await eventually(lambda: _is_empty(api, kari))


async def _adds_up(api: Api, person: Person) -> bool:
    holder = f"user:{person.uid}"
    found = await api.db.query(files.everywhere().where("holder", "==", holder))
    return await storage.used(api.db, holder) == sum(file.room for file in found)


async def _is_empty(api: Api, person: Person) -> bool:
    return await storage.used(api.db, f"user:{person.uid}") == 0 and await _adds_up(api, person)
