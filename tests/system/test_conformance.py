"""The API is what its OpenAPI document says, whatever is sent to it."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from typing import Any

import pytest
from schemathesis.checks import CHECKS

from accounts.customers.service import line
from accounts.invitations import Invite, id_of, issued
from accounts.memberships import Belonging, CustomerRole, Membership
from accounts.outreach import unsubscribing
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import GroupRecord, groups, invitations, members
from core import addresses, clock
from core.addresses import normalised
from core.data.operations import Write
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
from documents.records import Role
from documents.sharing.principals import share_id
from tests.documents.authoring.stored import a_stored_document, store
from tests.documents.sharing.stage import shares
from tests.support.api import Api, Document, Person, an_api
from tests.support.belonging import CLASS, enters, joins
from tests.support.conformance import MEMBER, Cast, Tried, settings, try_all
from tests.support.customers import a_customer
from tests.support.emulators import Emulators
from tests.support.routes import OPENAPI, documented
from tests.support.telling import a_comment as a_notice

# Checks that look only at what the phase of edges sends.
THOROUGH = {"allow_header_conformance", "missing_required_header", "unsupported_method"}
DOCUMENTS, TRASHED, DEVICES, FILES, GROUPS, OFFERED = 30, 30, 25, 20, 20, 10
PUPILS, INVITED = 20, 60
CUSTOMER = "/v1/customers/{customer_id}"
COMMENTS, CONVERSATIONS = 20, 100
PEOPLE = 4


async def a_cast(api: Api) -> Cast:
    kari, ola, sara = await api.people("Kari", "Ola", "Sara")
    for person in (kari, ola, sara):
        api.in_auth(person)
    await joins(kari, "skolen")
    written = [await kari.writes(f"Tur {n}", "Vi fant *mange* bær.", tags=["tur"]) for n in range(DOCUMENTS)]
    trashed = [await kari.trashes(f"Gammel {n}") for n in range(TRASHED)]
    for document in written:
        assert (await shares(kari, document, "customer:skolen")).status == 201
    notice_ids = [await a_notice(kari) for _ in range(5)]
    ids: dict[str, Sequence[str | int]] = {
        "document_id": [*(document.id for document in written + trashed), *await of_others(api, kari)],
        "share_id": [share_id("customer:skolen")],
        "device_id": await devices_of(kari),
        "uid": [kari.uid],
        "number": [1],
        "file_id": await files_in(api, kari, written + trashed),
        "notice_id": notice_ids,
        "token": [unsubscribing.token(api.clients.settings.key, id_) for id_ in notice_ids],
        "comment_id": await comments_in(api, kari, written + trashed),
        **await conversations_of(api, kari, ola),
    }
    school = await a_school(api, kari)
    ids |= {"customer_id": [school.id], "uid": [kari.uid, *school.pupils], "invitation_id": school.invited}
    ids["group_id"] = await groups_of(api, school.id)
    tokens = {"/v1/me/sessions/revoke": ola.token} | dict.fromkeys(
        ["/v1/documents/empty-trash", "/v1/me/devices"], sara.token
    )
    tokens[f"{CUSTOMER}/members/{{uid}}"] = school.admin.token
    await enters(kari, CLASS)
    return Cast(str(api.http.base_url), kari.token, tokens, ids)


@dataclass(frozen=True)
class School:
    """A Customer whose owner is the person of the run, and an admin who may change and remove its pupils only."""

    id: str
    admin: Person
    pupils: list[str]
    invited: list[str]


async def a_school(api: Api, owner: Person) -> School:
    school = await a_customer(owner)
    admin = await api.person("Anne")
    await school.takes(admin, role="admin")
    pupils = [f"elev-{random_id()}" for _ in range(PUPILS)]
    await api.db.commit(*(write for uid in pupils for write in a_pupil(uid, school.id)))
    answer = await school.imports("".join(f"elev{n}@example.com\n" for n in range(INVITED)))
    made = [line["invitationId"] for line in answer["lines"]]
    # Sent a while ago, so that they can be sent again.
    sent = [one for one in await api.db.get_all(*map(invitations.at, made)) if one]
    await api.db.commit(*(invitations.update(one, sent_at=clock.now() - timedelta(hours=1)) for one in sent))
    await the_example_opens(owner)
    return School(school.id, admin, pupils, made)


def a_pupil(uid: str, customer_id: str) -> list[Write[Any]]:
    membership = Membership(id=random_id(), role=CustomerRole.MEMBER)
    belonging = Belonging({customer_id: membership}, {}, ())
    profile = ProfileRecord(
        uid=uid, name="Elev", email=None, email_verified=False, created_at=clock.now(), **belonging.fields(uid)
    )
    return [profiles.create(profile), members.create(line(customer_id, uid, membership, clock.now()))]


async def the_example_opens(person: Person) -> None:
    """Let the token that the document shows accept an invitation: no other could be guessed."""
    body = json.loads(OPENAPI.read_text())["paths"]["/v1/invitations/accept"]["post"]["requestBody"]
    shown = body["content"]["application/json"]["example"]["token"]
    made, _ = issued(b"", "", Invite(normalised(person.email), "/v1/documents/en", "nb"), "noen", "", clock.now())
    assert made.content
    hashed = addresses.hashed(person.api.clients.settings.key, made.content.email)
    await person.api.db.commit(
        invitations.put(made.content.model_copy(update={"id": id_of(shown), "email_hash": hashed}))
    )


async def groups_of(api: Api, customer_id: str) -> list[str]:
    """Groups of a Customer, and some that are offered to it."""
    # The one whom the document's examples name.
    await joins(await api.person("Kari Nordmann", uid=MEMBER), customer_id)
    own = [a_group(customer_id) for _ in range(GROUPS)]
    offered = [a_group("biblioteket", offered_to=customer_id, offered_at=clock.now()) for _ in range(GROUPS)]
    await api.db.commit(*(groups.create(group) for group in own + offered))
    return [group.id for group in own + offered]


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


async def of_others(api: Api, person: Person) -> list[str]:
    """Documents that somebody else shares with a person, and offers them."""
    roles = {"user:lise": Role.OWNER, f"user:{person.uid}": Role.VIEWER}
    offered = {"offered_to": f"user:{person.uid}", "offered_at": clock.now()}
    made = [a_stored_document(person, owner_id="lise", roles=roles, **offered) for _ in range(OFFERED)]
    await store(api.db, made)
    return [document.id for document in made]


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
async def test_ten_thousand_requests_find_nothing(emulators: Emulators) -> None:
    """By several people at once, each with a seed and a process of their own; CONFORMANCE_SEED tries other requests.

    Each has a project, too: the emulator has no indexes, so a list takes it longer for all that anybody has written.
    What one of them does not get to, by the luck of what was drawn, another does.
    """
    first = int(os.environ.get("CONFORMANCE_SEED", "1"))
    seeds = range(first, first + PEOPLE)
    with ProcessPoolExecutor(PEOPLE, mp_context=get_context("spawn")) as processes:
        each = await asyncio.gather(*(_tried(emulators, processes, seed) for seed in seeds))

    assert not any(tried.faults for tried in each), "\n".join(map(explained, each))
    assert set.intersection(*(tried.unserved for tried in each)) == set(), "nobody was served"
    for tried in each:
        assert set(tried.statuses) == documented()
        assert tried.checks >= checks()
    counted = sum((tried.requests for tried in each), Counter[str]())
    assert sum(counted.values()) >= 10_000, counted


async def _tried(emulators: Emulators, processes: ProcessPoolExecutor, seed: int) -> Tried:
    async with an_api(emulators) as api:
        told = settings(await a_cast(api), seed, 40, thorough=True)
        return await asyncio.get_running_loop().run_in_executor(processes, try_all, told)
