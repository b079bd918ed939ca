"""What sharing stands on, put straight into the database: Customers, groups, and invitations that somebody accepts."""

from __future__ import annotations

from typing import Any

from accounts import invitations
from accounts.memberships import HEAVY, Belonging, GroupRole
from accounts.profiles.records import profiles
from accounts.records import (
    CustomerKind,
    CustomerRecord,
    CustomerSettings,
    GroupRecord,
    InvitationState,
    ParticipantRecord,
    customers,
    groups,
    participants,
)
from accounts.records import invitations as invited
from core import clock
from documents.records import DocumentRecord, documents
from tests.support.api import Answer, Api, Document, Person
from tests.support.belonging import enters


async def a_customer(api: Api, customer_id: str, *owners: Person, name: str = "Skolen") -> None:
    """A Customer; its owners must join it besides."""
    record = CustomerRecord(
        id=customer_id,
        kind=CustomerKind.EDUCATIONAL_INSTITUTION,
        name=name,
        country="NO",
        language="nb",
        seats=None,
        seats_taken=len(owners),
        owners=[owner.uid for owner in owners],
        settings=CustomerSettings(),
        fingerprint="",
        created_at=clock.now(),
    )
    await api.db.commit(customers.create(record))


async def a_group(api: Api, group_id: str, *people: Person, helpers: tuple[Person, ...] = (), name: str = "8B") -> None:
    """A group with people in it."""
    record = GroupRecord(
        id=group_id,
        customer_id="skolen",
        name=name,
        member_count=len(people) + len(helpers),
        created_by=None,
        fingerprint="",
        created_at=clock.now(),
    )
    await api.db.commit(groups.create(record))
    for person in (*people, *helpers):
        role = GroupRole.HELPER if person in helpers else GroupRole.MEMBER
        await enters(person, group_id, helper=person in helpers)
        line = ParticipantRecord(
            group_id=group_id, uid=person.uid, membership_id=None, role=role, joined_at=clock.now()
        )
        await api.db.commit(participants.create(line))


async def accepts(person: Person, invitation_id: str) -> None:
    """Accept an invitation as `accounts/customers` does: one commit."""
    db = person.api.db
    invitation, profile = await db.get(invited.at(invitation_id)), await db.get(profiles.at(person.uid), heavy=HEAVY)
    assert invitation and profile
    assert invitations.state_at(invitation, clock.now()) is InvitationState.PENDING
    accepted = {"state": InvitationState.ACCEPTED, "accepted_by": person.uid, "open_until": None, "purge_at": None}
    belonging = Belonging.of(profile).accepting(invitation_id)
    await db.commit(invited.update(invitation, **accepted), profiles.update(profile, **belonging.fields(person.uid)))


async def stored(api: Api, document: Document) -> DocumentRecord:
    found = await api.db.get(documents.at(document.id), heavy=("readers", "can_read", "shared_with", "tagged"))
    assert found
    return found


async def invitation_of(api: Api, document: Document) -> str:
    """The id of the one invitation that a document is shared by."""
    (held,) = [name for name in (await stored(api, document)).roles if name.startswith("invitation:")]
    return held.removeprefix("invitation:")


async def shares(giver: Person, document: Document, with_: Person | str, role: str = "viewer", **more: Any) -> Answer:
    """Share a document with a person, or whatever else a principal names."""
    principal = f"user:{with_.uid}" if isinstance(with_, Person) else with_
    return await giver.post(f"{document.path}/shares", {"principal": principal, "role": role, **more})


async def classmates(api: Api, *names: str) -> list[Person]:
    """People of one group, so that each can share with each."""
    people = await api.people(*names)
    for person in people:
        await enters(person, "klasse-8b")
    return people
