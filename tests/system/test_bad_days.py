"""Bad days of the database, as a client of the API meets them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from time import monotonic

import pytest

from tests.support.api import Api, an_api
from tests.support.emulators import Emulators
from tests.support.faults import UNAVAILABLE, Bad, Faults, faulty


@pytest.fixture
async def faults(emulators: Emulators) -> AsyncIterator[Faults]:
    async with faulty(emulators.firestore) as made:
        yield made


@pytest.fixture
async def shaky(emulators: Emulators, faults: Faults) -> AsyncIterator[Api]:
    """An API whose database is behind the proxy."""
    async with an_api(replace(emulators, firestore=faults.host)) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("method", ["BatchGetDocuments", "Commit"])
async def test_a_database_that_hangs_is_503_within_five_seconds(shaky: Api, faults: Faults, method: str) -> None:
    kari = await shaky.person("Kari")
    faults.always[method] = Bad.HANGS
    began = monotonic()

    answer = await kari.post("/v1/documents", {"title": "Blåbærtur"})

    assert answer.problem == (503, "unavailable")
    assert int(answer.response.headers["retry-after"]) >= 1
    assert 4.5 < monotonic() - began < 7

    faults.always.clear()
    assert await kari.writes("Blåbærtur")


@pytest.mark.promise("P42")
async def test_a_reply_that_is_lost_goes_unnoticed(shaky: Api, faults: Faults) -> None:
    kari = await shaky.person("Kari")
    faults.always["Commit"] = Bad.FIRST_REPLY_LOST

    document = await kari.writes("Blåbærtur")
    answer = await kari.patch(document.path, {"title": "Tyttebærtur"}, if_match=document.etag)
    trashed = await kari.delete(document.path, if_match=answer.etag)
    restored = await kari.post(f"{document.path}/restore")

    assert (answer.status, trashed.status, restored.status) == (200, 200, 200)
    assert await kari.listed(key="title") == ["Tyttebærtur"]
    assert len(await kari.listed(f"{document.path}/revisions", key="revision")) == 1


async def test_a_database_that_is_gone_for_a_moment_goes_unnoticed(shaky: Api, faults: Faults) -> None:
    kari = await shaky.person("Kari")
    for method in ("BatchGetDocuments", "Commit", "RunQuery"):
        faults.plan(method, UNAVAILABLE, UNAVAILABLE)
    await kari.writes("Blåbærtur")
    assert await kari.listed(key="title") == ["Blåbærtur"]
