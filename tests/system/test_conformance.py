"""The API is what its OpenAPI document says, whatever is sent to it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest
from schemathesis.checks import CHECKS

from accounts.memberships import CustomerRole
from accounts.records import GroupRecord, groups
from core import clock
from core.ids import random_id
from documents.files.records import FileRecord, FileState, files
from tests.support.api import Api, Document, Person
from tests.support.belonging import joins
from tests.support.conformance import Cast, Tried, settings, try_all
from tests.support.routes import documented

# Checks that look only at what the phase of edges sends.
THOROUGH = {"allow_header_conformance", "missing_required_header", "unsupported_method"}
DOCUMENTS, TRASHED, DEVICES, FILES, GROUPS = 30, 30, 25, 20, 20
PEOPLE = 4


async def a_cast(api: Api) -> Cast:
    kari, ola, sara = await api.people("Kari", "Ola", "Sara")
    for person in (kari, ola, sara):
        api.in_auth(person)
    written = [await kari.writes(f"Tur {n}", "Vi fant *mange* bær.", tags=["tur"]) for n in range(DOCUMENTS)]
    trashed = [await kari.trashes(f"Gammel {n}") for n in range(TRASHED)]
    ids: dict[str, Sequence[str | int]] = {
        "document_id": [document.id for document in written + trashed],
        "device_id": await devices_of(kari),
        "uid": [kari.uid],
        "number": [1],
        "file_id": await files_in(api, kari, written + trashed),
    }
    ids |= await groups_of(kari)
    tokens = {"/v1/me/sessions/revoke": ola.token} | dict.fromkeys(
        ["/v1/documents/empty-trash", "/v1/me/devices"], sara.token
    )
    return Cast(str(api.http.base_url), kari.token, tokens, ids)


async def groups_of(person: Person) -> dict[str, Sequence[str | int]]:
    """Groups of a Customer that is this person's, and some that are offered to it."""
    await joins(person, "skolen", CustomerRole.OWNER)
    # The one whom the document's examples name.
    await joins(await person.api.person("Kari Nordmann", uid="kari-nordmann"), "skolen")
    own = [a_group("skolen") for _ in range(GROUPS)]
    offered = [a_group("biblioteket", offered_to="skolen", offered_at=clock.now()) for _ in range(GROUPS)]
    await person.api.db.commit(*(groups.create(group) for group in own + offered))
    return {"customer_id": ["skolen"], "group_id": [group.id for group in own + offered]}


def a_group(customer_id: str, **fields: Any) -> GroupRecord:
    return GroupRecord(
        id=random_id(),
        customer_id=customer_id,
        name="3B Turlag",
        member_count=0,
        created_by=None,
        fingerprint="",
        created_at=clock.now(),
        **fields,
    )


async def devices_of(person: Person) -> list[str]:
    ids = [f"{person.uid}-device-{number}" for number in range(DEVICES)]
    for id_ in ids:
        await person.get("/v1/me", x_device_id=id_)
    return ids


async def files_in(api: Api, person: Person, written: list[Document]) -> list[str]:
    """Ready files under the same ids in every document, so that any id is good with any document."""
    ids = [random_id() for _ in range(FILES)]
    for document in written:
        records = [a_file(person, document, id_) for id_ in ids]
        await api.db.commit(*(files.create(record) for record in records))
    return ids


def a_file(person: Person, document: Document, id_: str) -> FileRecord:
    return FileRecord(
        document_id=document.id,
        id=id_,
        uploader_id=person.uid,
        holder=f"user:{person.uid}",
        name="bilde.jpg",
        content_type="image/jpeg",
        size=3,
        room=0,
        sha256="0" * 64,
        state=FileState.READY,
        inline=True,
        thumbnails=[320, 1280],
        created_at=clock.now(),
    )


def explained(tried: Tried) -> str:
    return "\n\n".join(f"{check} of {operation}: {text}" for (check, operation), text in tried.faults.items())


def checks() -> set[str]:
    return {check.__name__ for check in CHECKS.get_all()}


async def test_a_few_hundred_requests_find_nothing(api: Api) -> None:
    tried = await asyncio.to_thread(try_all, settings(await a_cast(api), 1, 5, thorough=False))

    assert not tried.faults, explained(tried)
    assert sum(tried.requests.values()) >= 200, tried.requests
    assert set(tried.statuses) == documented()
    assert tried.checks >= checks() - THOROUGH


@pytest.mark.slow
@pytest.mark.timeout(1500)
async def test_ten_thousand_requests_find_nothing(api: Api) -> None:
    """By several people at once, each with a seed and a process of their own; CONFORMANCE_SEED tries other requests."""
    first = int(os.environ.get("CONFORMANCE_SEED", "1"))
    seeds = range(first, first + PEOPLE)
    told = [settings(await a_cast(api), seed, 100, thorough=True) for seed in seeds]
    with ProcessPoolExecutor(PEOPLE, mp_context=get_context("spawn")) as processes:
        loop = asyncio.get_running_loop()
        each = await asyncio.gather(*(loop.run_in_executor(processes, try_all, one) for one in told))

    for seed, tried in zip(seeds, each, strict=True):
        assert not tried.faults, f"seed {seed}\n{explained(tried)}"
        assert set(tried.statuses) == documented()
        assert tried.unserved == set()
        assert tried.checks >= checks()
    counted = sum((tried.requests for tried in each), Counter[str]())
    assert sum(counted.values()) >= 10_000, counted
