"""Customers, their groups and the invitations into them, as they are stored: what this whole wing stands on."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from accounts.memberships import CustomerRole, GroupRole
from core.data.collections import Collection, Index
from core.data.personal_data import (
    Anonymise,
    Basis,
    Category,
    Delete,
    NotPersonal,
    Personal,
    Purpose,
    Retention,
    Subject,
)
from core.data.records import ACROSS, UNINDEXED, Part, Record
from core.ids import derived_id


class CustomerKind(StrEnum):
    """What a Customer is."""

    EDUCATIONAL_INSTITUTION = "educational_institution"
    EMPLOYER = "employer"
    ORGANISATION = "organisation"
    INDIVIDUAL = "individual"


class CustomerSettings(Part):
    """What a Customer has decided for its people."""

    helpers_invite: Annotated[bool, NotPersonal] = True


class CustomerRecord(Record):
    """A Customer.

    `owners` are kept here so that the last one cannot leave unnoticed; every other member is in the roster alone.
    `seats_taken` counts members and invitations that are still open.
    """

    id: Annotated[str, NotPersonal, UNINDEXED]
    kind: Annotated[CustomerKind, Personal(Category.ACCOUNT), UNINDEXED]
    name: Annotated[str, Personal(Category.ACCOUNT), UNINDEXED]
    country: Annotated[str, Personal(Category.ACCOUNT), UNINDEXED]
    language: Annotated[Literal["nb", "en"], NotPersonal, UNINDEXED]
    seats: Annotated[int | None, NotPersonal, UNINDEXED]
    seats_taken: Annotated[int, NotPersonal, UNINDEXED]
    owners: Annotated[list[str], Subject("owner")]
    settings: Annotated[CustomerSettings, NotPersonal, UNINDEXED]
    revision: Annotated[int, NotPersonal, UNINDEXED] = 1
    fingerprint: Annotated[str, NotPersonal, UNINDEXED]
    created_at: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]


customers = Collection(
    "customers/{id}",
    CustomerRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(besides="one with other owners stays when an owner goes"),
    on_erasure={"owner": Anonymise()},
)


def individual_id(secret: bytes, uid: str) -> str:
    """Return the id of the one Customer of kind individual that a person can have."""
    return derived_id(secret, "individual", uid)


class MemberRecord(Record):
    """A line of a Customer's roster. What opens doors is the membership on the person's profile, of the same id."""

    customer_id: Annotated[str, NotPersonal, UNINDEXED]
    uid: Annotated[str, Subject("member")]
    membership_id: Annotated[str, NotPersonal, UNINDEXED]
    role: Annotated[CustomerRole, Personal(Category.ACCOUNT)]
    joined_at: Annotated[datetime, Personal(Category.USAGE)]


members = Collection(
    "customers/{customer_id}/members/{uid}",
    MemberRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={"member": Delete()},
    indexes=[Index.on("role", "-joined_at")],
)


class GroupRecord(Record):
    """A group of people in a Customer.

    `offered_to` names the Customer that it is offered to, `moving_from` the one that it has just left while its people
    and documents follow, `deleted` one whose people are being told.
    """

    id: Annotated[str, NotPersonal, UNINDEXED]
    customer_id: Annotated[str, NotPersonal]
    name: Annotated[str, Personal(Category.ACCOUNT), UNINDEXED]
    member_count: Annotated[int, NotPersonal, UNINDEXED]
    created_by: Annotated[str | None, Subject("creator")]
    offered_to: Annotated[str | None, NotPersonal] = None
    offered_at: Annotated[datetime | None, NotPersonal, UNINDEXED] = None
    moving_from: Annotated[str | None, NotPersonal] = None
    deleted: Annotated[bool, NotPersonal] = False
    revision: Annotated[int, NotPersonal, UNINDEXED] = 1
    fingerprint: Annotated[str, NotPersonal, UNINDEXED]
    created_at: Annotated[datetime, Personal(Category.USAGE)]


groups = Collection(
    "groups/{id}",
    GroupRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(besides="it stays as long as its Customer"),
    on_erasure={"creator": Anonymise()},
    indexes=[Index.on("customer_id", "deleted", "-created_at"), Index.on("offered_to", "deleted", "-created_at")],
)


class ParticipantRecord(Record):
    """A line of a group's roster. What opens doors is the place on the person's profile.

    `membership_id` is the membership in the group's Customer with which it ends; None for whoever came with a group
    from another Customer.
    """

    group_id: Annotated[str, NotPersonal, UNINDEXED]
    uid: Annotated[str, Subject("participant")]
    membership_id: Annotated[str | None, NotPersonal, ACROSS]
    role: Annotated[GroupRole, Personal(Category.ACCOUNT)]
    joined_at: Annotated[datetime, Personal(Category.USAGE)]


participants = Collection(
    "groups/{group_id}/participants/{uid}",
    ParticipantRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={"participant": Delete()},
    indexes=[Index.on("role", "-joined_at")],
)


class InvitationState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"
    EXPIRED = "expired"


class InvitationRecord(Record):
    """An invitation to whoever has an e-mail address: into a Customer, or to what somebody shares with them.

    `id` is the SHA-256 of its secret, and the secret is the keyed hash of `seed`, so that it need not be stored to be
    sent. `opens` is the address in this API to which accepting leads, `open_until` the time when a pending one ends,
    and `purge_at` the one when an invitation that nobody has accepted is deleted.
    """

    id: Annotated[str, NotPersonal, UNINDEXED]
    seed: Annotated[str, NotPersonal, UNINDEXED]
    customer_id: Annotated[str | None, NotPersonal]
    role: Annotated[CustomerRole | None, Personal(Category.ACCOUNT), UNINDEXED]
    group_ids: Annotated[list[str], NotPersonal, UNINDEXED]
    opens: Annotated[str, NotPersonal, UNINDEXED]
    language: Annotated[Literal["nb", "en"], NotPersonal, UNINDEXED]
    email: Annotated[str, Personal(Category.ACCOUNT), UNINDEXED]
    email_hash: Annotated[str, Subject("invitee", by="email")]
    inviter_id: Annotated[str, Subject("inviter")]
    accepted_by: Annotated[str | None, Subject("invitee")] = None
    state: Annotated[InvitationState, Personal(Category.ACCOUNT), UNINDEXED] = InvitationState.PENDING
    open_until: Annotated[datetime | None, NotPersonal]
    sent: Annotated[int, NotPersonal, UNINDEXED] = 1
    sent_at: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]
    expires_at: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]
    purge_at: Annotated[datetime | None, NotPersonal] = None
    fingerprint: Annotated[str, NotPersonal, UNINDEXED]
    created_at: Annotated[datetime, Personal(Category.USAGE)]


invitations = Collection(
    "invitations/{id}",
    InvitationRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.of("P30D", runs_from="expires_at", besides="one that was accepted stays with what it opened"),
    on_erasure={"invitee": Delete(), "inviter": Anonymise()},
    indexes=[Index.on("customer_id", "-created_at")],
)
