"""The API is what its OpenAPI document says, whatever is sent to it."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
from schemathesis.checks import CHECKS

from core import clock
from core.ids import random_id
from documents.discussion.records import (
    CommentRecord,
    ConversationRecord,
    MessageRecord,
    comments,
    conversations,
    messages,
)
from documents.files.records import FileRecord, FileState, files
from tests.support.api import Api, Document, Person
from tests.support.belonging import CLASS, enters
from tests.support.conformance import Cast, Tried, settings, try_all
from tests.support.routes import documented

# Checks that look only at what the phase of edges sends.
THOROUGH = {"allow_header_conformance", "missing_required_header", "unsupported_method"}
DOCUMENTS, TRASHED, DEVICES, FILES = 30, 30, 25, 20
COMMENTS, CONVERSATIONS = 20, 30
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
        "comment_id": await comments_in(api, kari, written + trashed),
        **await conversations_of(api, kari, ola),
    }
    tokens = {"/v1/me/sessions/revoke": ola.token} | dict.fromkeys(
        ["/v1/documents/empty-trash", "/v1/me/devices"], sara.token
    )
    await enters(kari, CLASS)
    return Cast(str(api.http.base_url), kari.token, tokens, ids)


async def devices_of(person: Person) -> list[str]:
    ids = [f"{person.uid}-device-{number}" for number in range(DEVICES)]
    for id_ in ids:
        await person.get("/v1/me", x_device_id=id_)
    return ids


async def comments_in(api: Api, person: Person, written: list[Document]) -> list[str]:
    """Comments under the same ids in every document, so that any id is good with any document."""
    ids = [random_id() for _ in range(COMMENTS)]
    for document in written:
        records = [a_comment(person, document, id_) for id_ in ids]
        await api.db.commit(*(comments.create(record) for record in records))
    return ids


def a_comment(person: Person, document: Document, id_: str) -> CommentRecord:
    return CommentRecord(
        document_id=document.id,
        id=id_,
        parent_id=None,
        author_id=person.uid,
        body="Fint!",
        quote="bær",
        mentions=[],
        fingerprint="",
        created_at=clock.now(),
    )


async def conversations_of(api: Api, person: Person, other: Person) -> dict[str, Sequence[str]]:
    """Conversations that somebody can leave, with messages under the same ids in each of them."""
    ids, message_ids = [random_id() for _ in range(CONVERSATIONS)], [random_id() for _ in range(COMMENTS)]
    for id_ in ids:
        records = [a_message(person, id_, message_id) for message_id in message_ids]
        await api.db.commit(
            conversations.create(a_conversation(id_, person, other)), *(messages.create(record) for record in records)
        )
    return {"conversation_id": ids, "message_id": message_ids}


def a_conversation(id_: str, *people: Person) -> ConversationRecord:
    return ConversationRecord(
        id=id_,
        title="Tur",
        group_id=None,
        readers=[f"user:{person.uid}" for person in people],
        started_by=people[0].uid,
        fingerprint="",
        created_at=clock.now(),
        active_at=clock.now(),
    )


def a_message(person: Person, conversation_id: str, id_: str) -> MessageRecord:
    return MessageRecord(
        conversation_id=conversation_id,
        id=id_,
        author_id=person.uid,
        body="Hei!",
        fingerprint="",
        created_at=clock.now(),
    )


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
