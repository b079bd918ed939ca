"""Joining a Customer by an invitation: what goes into the one commit that lets somebody in."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts import rosters
from accounts.customers import authority, owners, service
from accounts.memberships import (
    MOST_GROUPS,
    Belonging,
    CustomerRole,
    GroupRole,
    Membership,
    Place,
    TooManyGroups,
)
from accounts.records import GroupRecord, InvitationRecord, ParticipantRecord, customers, groups, members, participants
from core.data.database import Database
from core.data.operations import Write
from core.ids import random_id


@dataclass
class Joining:
    """Somebody on their way into a Customer: what they belong to then, and what is written beside their profile.

    Who is a member already keeps their membership, with the higher of the two roles, and gives back the seat.
    """

    uid: str
    customer_id: str
    belonging: Belonging
    invitation: InvitationRecord
    now: datetime
    writes: list[Write[Any]] = field(default_factory=list[Write[Any]])

    @property
    def wanted(self) -> CustomerRole:
        return self.invitation.role or CustomerRole.MEMBER

    async def join(self, db: Database) -> None:
        """Give the person their place: no RPC, one for an owner or a member, and one more for groups.

        Ordinarily the Customer's own record is left alone, as a whole class accepts at once. Raises what `owners` and
        `service.refuse_too_many` do.
        """
        held = self.belonging.memberships.get(self.customer_id)
        membership = self._membership(held)
        self.belonging = self.belonging.joining(self.customer_id, membership)
        if held is None:
            self.writes.append(members.put(service.line(self.customer_id, self.uid, membership, self.now)))
        if held or self.wanted is CustomerRole.OWNER:
            await self._change_customer(db, membership, freed=int(held is not None))
        await self._enter_groups(db, membership)

    def _membership(self, held: Membership | None) -> Membership:
        if held:
            return Membership(id=held.id, role=authority.higher(held.role, self.wanted))
        service.refuse_too_many(self.belonging)
        return Membership(id=random_id(), role=self.wanted)

    async def _change_customer(self, db: Database, membership: Membership, freed: int) -> None:
        found, line = await db.get_all(customers.at(self.customer_id), members.at(self.customer_id, self.uid))
        customer = authority.there(found)
        if line and line.role is not membership.role:
            self.writes.append(members.update(line, role=membership.role))
        if membership.role is CustomerRole.OWNER and self.uid not in customer.owners:
            more = owners.changed(customer, self.uid, CustomerRole.OWNER)
            change = customers.update(customer, owners=more, seats_taken=customer.seats_taken - freed)
            self.writes.append(change)
        elif freed:
            self.writes.append(customers.increment(customers.key_of(customer), seats_taken=-freed))

    async def _enter_groups(self, db: Database, membership: Membership) -> None:
        """Enter those groups of the invitation that are still there, in that Customer; who comes to help, as helper.

        Raises TooManyGroups.
        """
        role = GroupRole.MEMBER if self.wanted is CustomerRole.MEMBER else GroupRole.HELPER
        for group, left_over in await self._groups(db):
            if len(self.belonging.groups) >= MOST_GROUPS:
                raise TooManyGroups
            place = Place(customer_id=self.customer_id, role=role)
            self.belonging = self.belonging.entering(group.id, place)
            self.writes += rosters.entered(group.id, self.uid, membership.id, role, self.now, left_over)

    async def _groups(self, db: Database) -> list[tuple[GroupRecord, ParticipantRecord | None]]:
        """Return the groups to enter, each with the line of an earlier time that is still on its roster."""
        new = [one for one in self.invitation.group_ids if one not in self.belonging.groups]
        lines = (participants.at(group_id, self.uid) for group_id in new)
        found: list[Any] = [*await db.get_all(*(groups.at(group_id) for group_id in new), *lines)]
        pairs = zip(found[: len(new)], found[len(new) :], strict=True)
        return [(one, line) for one, line in pairs if one and one.customer_id == self.customer_id and not one.deleted]
