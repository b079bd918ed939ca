"""Customers as their people make them, through the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.invitations import token_of
from accounts.records import (
    CustomerRecord,
    GroupRecord,
    InvitationRecord,
    MemberRecord,
    customers,
    groups,
    invitations,
    members,
)
from core import clock
from core.ids import random_id
from tests.support.api import Answer, Api, Person

SCHOOL = {"kind": "educational_institution", "name": "Åsen skole", "country": "NO", "language": "nb"}


@dataclass(frozen=True)
class Customer:
    """A Customer that a test has made."""

    id: str
    owner: Person

    @property
    def path(self) -> str:
        return f"/v1/customers/{self.id}"

    @property
    def db(self) -> Any:
        return self.owner.api.db

    async def stored(self) -> CustomerRecord:
        found = await self.owner.api.db.get(customers.at(self.id))
        assert found
        return found

    async def roster(self) -> dict[str, str]:
        """The roles of its members by uid, as the roster has them."""
        found: list[MemberRecord] = await self.db.query(members.under(self.id))
        return {line.uid: line.role.value for line in found}

    async def invites(self, email: str, by: Person | None = None, **fields: Any) -> Answer:
        return await (by or self.owner).post(f"{self.path}/invitations", {"email": email, **fields})

    async def imports(self, content: str | bytes, by: Person | None = None, kind: str = "text/csv") -> Answer:
        sender = by or self.owner
        body = content.encode() if isinstance(content, str) else content
        headers = {**sender.headers, "Content-Type": kind}
        return Answer(await sender.http.post(f"{self.path}/invitations/import", content=body, headers=headers))

    async def takes(self, *people: Person, role: str = "member", group_ids: tuple[str, ...] = ()) -> None:
        """Have people invited, and let them accept."""
        for person in people:
            made = await self.invites(person.email, role=role, groupIds=list(group_ids))
            answer = await accepts(person, await token(person.api, made["id"]))
            assert answer.status == 200, answer.response.text


async def a_customer(owner: Person, **fields: Any) -> Customer:
    """A school of which somebody is the owner."""
    return Customer((await owner.post("/v1/customers", {**SCHOOL, **fields}))["id"], owner)


async def a_group(customer: Customer, name: str = "7B") -> str:
    """A group without people, as its record has it. Returns its id."""
    group = GroupRecord(
        id=random_id(),
        customer_id=customer.id,
        name=name,
        member_count=0,
        created_by=customer.owner.uid,
        fingerprint="",
        created_at=clock.now(),
    )
    await customer.db.commit(groups.create(group))
    return group.id


async def invitation(api: Api, invitation_id: str) -> InvitationRecord:
    found = await api.db.get(invitations.at(invitation_id))
    assert found
    return found


async def token(api: Api, invitation_id: str) -> str:
    """The secret that the mail of an invitation brings."""
    return token_of(api.clients.settings.key, (await invitation(api, invitation_id)).seed)


async def accepts(person: Person, secret: str) -> Answer:
    return await person.post("/v1/invitations/accept", {"token": secret})
