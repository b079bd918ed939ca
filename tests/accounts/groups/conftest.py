"""A school with a class, and what the tests of groups look at behind the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pytest
from google.cloud.tasks_v2 import CloudTasksAsyncClient, Queue
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcAsyncIOTransport
from grpc import aio

from accounts.memberships import HEAVY, Belonging, CustomerRole, GroupRole, Membership, Place
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import (
    CustomerKind,
    CustomerRecord,
    CustomerSettings,
    GroupRecord,
    ParticipantRecord,
    customers,
    groups,
    participants,
)
from core import clock
from core.settings import REGION
from infra.local.machine_tokens import machine_token
from tests.support.api import Answer, Api, Person
from tests.support.belonging import joins

SCHOOL, LIBRARY = "skolen", "biblioteket"


@dataclass(frozen=True)
class Class:
    """Anne decides at the school and Tor teaches there; Tor has made a group, and Kari and Ola are pupils in it."""

    anne: Person
    tor: Person
    kari: Person
    ola: Person
    id: str

    @property
    def path(self) -> str:
        return self.at(SCHOOL)

    def at(self, customer_id: str) -> str:
        return f"/v1/customers/{customer_id}/groups/{self.id}"


async def a_class(api: Api, *pupils: Person) -> Class:
    """Everybody in place; the school's own record is written by `a_customer` where a test needs it."""
    anne, tor, kari, ola = await api.people("Anne", "Tor", "Kari", "Ola")
    await joins(anne, SCHOOL, CustomerRole.ADMIN)
    await joins(tor, SCHOOL, CustomerRole.HELPER)
    made = await tor.post(f"/v1/customers/{SCHOOL}/groups", {"name": "3B Turlag"})
    room = Class(anne, tor, kari, ola, made["id"])
    for pupil in (kari, ola, *pupils):
        await joins(pupil, SCHOOL)
        assert (await tor.put(f"{room.path}/members/{pupil.uid}", {"role": "member"})).status == 200
    return room


async def a_customer(api: Api, customer_id: str, *owners: Person) -> None:
    """A Customer's record, with owners who belong to it."""
    record = CustomerRecord(
        id=customer_id,
        kind=CustomerKind.ORGANISATION,
        name=customer_id.title(),
        country="NO",
        language="nb",
        seats=None,
        seats_taken=len(owners),
        owners=[owner.uid for owner in owners],
        settings=CustomerSettings(),
        fingerprint="",
        created_at=clock.now(),
    )
    await api.db.commit(customers.put(record))
    for owner in owners:
        await joins(owner, customer_id, CustomerRole.OWNER)


async def profile_of(api: Api, uid: str) -> ProfileRecord:
    found = await api.db.get(profiles.at(uid), heavy=HEAVY)
    assert found
    return found


async def group_of(api: Api, group_id: str) -> GroupRecord:
    found = await api.db.get(groups.at(group_id))
    assert found
    return found


async def roster(api: Api, group_id: str) -> dict[str, ParticipantRecord]:
    return {line.uid: line for line in await api.db.query(participants.under(group_id))}


async def in_step(api: Api, group_id: str, people: Sequence[str]) -> None:
    """Group, roster and profiles say the same, and these are the people."""
    group, lines = await group_of(api, group_id), await roster(api, group_id)
    assert sorted(lines) == sorted(people)
    assert group.member_count == len(people)
    for uid, line in lines.items():
        profile = await profile_of(api, uid)
        membership = profile.memberships.get(group.customer_id)
        assert profile.groups[group_id] == Place(customer_id=group.customer_id, role=line.role)
        assert line.membership_id == (membership.id if membership else None)
        assert profile.principals == Belonging.of(profile).principals(uid)


async def crowd(api: Api, group_id: str, customer_id: str, count: int) -> list[str]:
    """Many people in a group, written straight into the database."""
    uids = [f"elev-{number:03}" for number in range(count)]
    now = clock.now()
    for start in range(0, count, 100):
        some = uids[start : start + 100]
        await api.db.commit(*(profiles.put(_pupil(uid, group_id, customer_id, now)) for uid in some))
        lines = [_line(uid, group_id, now) for uid in some]
        group = await group_of(api, group_id)
        counted = groups.update(group, member_count=group.member_count + len(some))
        await api.db.commit(counted, *(participants.put(line) for line in lines))
    return uids


def _line(uid: str, group_id: str, now: datetime) -> ParticipantRecord:
    return ParticipantRecord(group_id=group_id, uid=uid, membership_id=f"m-{uid}", role=GroupRole.MEMBER, joined_at=now)


def _pupil(uid: str, group_id: str, customer_id: str, now: datetime) -> ProfileRecord:
    place = Place(customer_id=customer_id, role=GroupRole.MEMBER)
    membership = Membership(id=f"m-{uid}", role=CustomerRole.MEMBER)
    fields = Belonging({customer_id: membership}, {group_id: place}, ()).fields(uid)
    return ProfileRecord(uid=uid, name=uid, email=None, email_verified=False, created_at=now, **fields)


async def task(api: Api, handler: str, payload: dict[str, str]) -> Answer:
    """Deliver a task as Cloud Tasks does, once more or for the first time."""
    settings = api.clients.settings
    token = machine_token(settings.account("tasks-invoker"), settings.address_of("groups-tasks"), clock.wall())
    path = f"/__local/functions/groups-tasks/tasks/{handler}"
    return await api.post(path, payload, authorization=f"Bearer {token}")


async def settles(api: Api, room: Class) -> None:
    """Let the time pass after which nothing of before the transfer can come any more."""
    api.advance(minutes=3)
    await task(api, "move-group", {"groupId": room.id})


async def moved_at_once(room: Class, to: str = LIBRARY) -> None:
    """Anne, who decides on both sides, gives the group away."""
    await joins(room.anne, to, CustomerRole.ADMIN)
    answer = await room.anne.post(f"{room.path}/transfer", {"customerId": to})
    assert (answer.status, answer["state"], answer["customerId"]) == (202, "moving", to)


def asked(api: Api, handler: str) -> int:
    """How many tasks of a handler wait."""
    return sum(one.url.endswith(f"/tasks/{handler}") for one in api.tasks.tasks())


@pytest.fixture
async def queues_at_rest(api: Api) -> None:
    """Tasks wait until the test delivers them."""
    parent = f"projects/{api.project_id}/locations/{REGION}"
    async with aio.insecure_channel(api.tasks.host) as channel:
        queues = CloudTasksAsyncClient(transport=CloudTasksGrpcAsyncIOTransport(channel=channel))
        for queue in ("groups-tasks", "authoring-tasks"):
            name = f"{parent}/queues/{queue}"
            await queues.create_queue(parent=parent, queue=Queue(name=name))
            await queues.pause_queue(name=name)
