"""Customers and groups that somebody belongs to, written straight into the database, for tests of something else."""

from __future__ import annotations

from typing import Any

from accounts import rosters
from accounts.memberships import HEAVY, Belonging, CustomerRole, GroupRole, Membership, Place
from accounts.profiles.records import ProfileRecord, profiles
from accounts.records import GroupRecord, groups
from core import clock
from core.ids import random_id
from core.services.outbox import NoticeRecord, notices
from tests.support.api import Api, Person

CLASS = "klasse-8b"
"""A group that people of a test may be in."""


async def joins(person: Person, customer_id: str, role: CustomerRole = CustomerRole.MEMBER) -> str:
    """Give somebody a place in a Customer. Returns the membership's id."""
    membership = Membership(id=random_id(), role=role)
    profile = await _profile(person)
    await _commit(person, profile, Belonging.of(profile).joining(customer_id, membership))
    return membership.id


async def enters(person: Person, group_id: str, customer_id: str = "skolen", *, helper: bool = False) -> None:
    """Give somebody a place in a group."""
    place = Place(customer_id=customer_id, role=GroupRole.HELPER if helper else GroupRole.MEMBER)
    profile = await _profile(person)
    await _commit(person, profile, Belonging.of(profile).entering(group_id, place))


async def founds(person: Person, customer_id: str = "skolen", **fields: Any) -> str:
    """Give somebody a group, whose helper they are, with its record and their line. Returns its id."""
    now = clock.now()
    group = GroupRecord(
        id=random_id(), customer_id=customer_id, name="3B Turlag", created_by=person.uid, fingerprint="",
        **{"member_count": 0, "created_at": now} | fields,
    )  # fmt: skip
    profile = await _profile(person)
    place = Place(customer_id=group.customer_id, role=GroupRole.HELPER)
    membership = profile.memberships.get(group.customer_id)
    entered = rosters.entered(group.id, person.uid, membership.id if membership else None, place.role, now)
    belonging = Belonging.of(profile).entering(group.id, place)
    await person.api.db.commit(groups.create(group), profiles.update(profile, **belonging.fields(person.uid)), *entered)
    return group.id


async def leaves(person: Person, customer_id: str) -> None:
    """Take somebody out of a Customer and its groups."""
    profile = await _profile(person)
    await _commit(person, profile, Belonging.of(profile).leaving(customer_id))


async def told(api: Api) -> list[NoticeRecord]:
    """All notices that were written, the oldest first."""
    return sorted(await api.db.query(notices.under()), key=lambda notice: notice.created_at)


async def _profile(person: Person) -> ProfileRecord:
    profile = await person.api.db.get(profiles.at(person.uid), heavy=HEAVY)
    assert profile
    return profile


async def _commit(person: Person, profile: ProfileRecord, belonging: Belonging) -> None:
    await person.api.db.commit(profiles.update(profile, **belonging.fields(person.uid)))
