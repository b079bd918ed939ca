"""What is stored of a person's account."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from accounts.memberships import Membership, Place
from core.data.buckets import FILES
from core.data.collections import Collection
from core.data.objects import Prefix
from core.data.personal_data import (
    Basis,
    Category,
    Delete,
    NotPersonal,
    Personal,
    Purpose,
    Retention,
    Subject,
)
from core.data.records import HEAVY, UNINDEXED, Record


class AccountState(StrEnum):
    """What an account may do; `admission` has the table."""

    ACTIVE = "active"
    RESTRICTED = "restricted"
    SUSPENDED = "suspended"
    ERASING = "erasing"


class ProfileRecord(Record):
    """A person's account.

    `memberships`, `groups` and accepted `invitations` say what they belong to; `principals` are the names under which
    they get access, which `accounts.memberships` derives. `valid_after` ends sessions; `picture` names an object.
    `consents` are the purposes that they have agreed to or refused; one that is missing stands as the purpose has it.
    `objections` are purposes that they object to (GDPR article 21), whatever they have agreed to.
    """

    uid: Annotated[str, Subject("owner")]
    name: Annotated[str, Personal(Category.ACCOUNT), UNINDEXED]
    email: Annotated[str | None, Personal(Category.ACCOUNT)]
    email_verified: Annotated[bool, Personal(Category.ACCOUNT), UNINDEXED]
    phone: Annotated[str | None, Personal(Category.ACCOUNT), UNINDEXED] = None
    locale: Annotated[Literal["nb", "en"], Personal(Category.ACCOUNT), UNINDEXED] = "nb"
    time_zone: Annotated[str, Personal(Category.ACCOUNT), UNINDEXED] = "Europe/Oslo"
    state: Annotated[AccountState, Personal(Category.ACCOUNT)] = AccountState.ACTIVE
    principals: Annotated[list[str], Personal(Category.ACCOUNT), UNINDEXED]
    memberships: Annotated[dict[str, Membership], Personal(Category.ACCOUNT), HEAVY, UNINDEXED] = Field(
        default_factory=dict
    )
    groups: Annotated[dict[str, Place], Personal(Category.ACCOUNT), HEAVY, UNINDEXED] = Field(default_factory=dict)
    invitations: Annotated[list[str], Personal(Category.ACCOUNT), HEAVY, UNINDEXED] = Field(default_factory=list)
    consents: Annotated[dict[str, bool], Personal(Category.ACCOUNT), UNINDEXED] = Field(default_factory=dict)
    objections: Annotated[list[str], Personal(Category.ACCOUNT), UNINDEXED] = Field(default_factory=list[str])
    valid_after: Annotated[datetime | None, Personal(Category.ACCOUNT), UNINDEXED] = None
    picture: Annotated[str | None, Personal(Category.ACCOUNT), UNINDEXED] = None
    revision: Annotated[int, NotPersonal, UNINDEXED] = 1
    created_at: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]


profiles = Collection(
    "users/{uid}",
    ProfileRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(),
    on_erasure={"owner": Delete()},
)


pictures = Prefix(
    "pictures/{uid}/{picture}",
    FILES,
    profiles,
    about="the picture by which others know a person",
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(),
    categories={Category.ACCOUNT},
    on_erasure={"owner": Delete()},
)


class DeviceKind(StrEnum):
    PHONE = "phone"
    TABLET = "tablet"
    COMPUTER = "computer"
    OTHER = "other"


class DeviceRecord(Record):
    """A device from which somebody comes, under the random id that its client gave itself."""

    uid: Annotated[str, Subject("owner")]
    id: Annotated[str, Personal(Category.DEVICE), UNINDEXED]
    kind: Annotated[DeviceKind, Personal(Category.DEVICE), UNINDEXED]
    system: Annotated[str, Personal(Category.DEVICE), UNINDEXED]
    first_seen_at: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]
    last_seen_at: Annotated[datetime, Personal(Category.USAGE)]
    expires_at: Annotated[datetime, NotPersonal, UNINDEXED]


devices = Collection(
    "users/{uid}/devices/{id}",
    DeviceRecord,
    purpose=Purpose.SECURITY,
    basis=Basis.LEGITIMATE_INTEREST,
    retention=Retention.of("P1Y", runs_from="last_seen_at"),
    on_erasure={"owner": Delete()},
    ttl="expires_at",
)


class SecurityEventKind(StrEnum):
    NEW_DEVICE = "new_device"
    SESSIONS_REVOKED = "sessions_revoked"
    STATE_CHANGED = "state_changed"


class SecurityEventRecord(Record):
    """Something that happened to an account, of which its owner should know."""

    uid: Annotated[str, Subject("owner")]
    id: Annotated[str, NotPersonal, UNINDEXED]
    kind: Annotated[SecurityEventKind, Personal(Category.LOG), UNINDEXED]
    device_id: Annotated[str | None, Personal(Category.DEVICE), UNINDEXED] = None
    state: Annotated[AccountState | None, Personal(Category.ACCOUNT), UNINDEXED] = None
    at: Annotated[datetime, Personal(Category.LOG)]
    expires_at: Annotated[datetime, NotPersonal, UNINDEXED]


security_events = Collection(
    "users/{uid}/securityEvents/{id}",
    SecurityEventRecord,
    purpose=Purpose.SECURITY,
    basis=Basis.LEGITIMATE_INTEREST,
    retention=Retention.of("P90D", runs_from="at"),
    on_erasure={"owner": Delete()},
    ttl="expires_at",
)


class TombstoneRecord(Record):
    """That an account was erased: pseudonymised and not anonymous, as the uid and our key make the same hash again.

    It stays personal data (GDPR recital 26), though the uid cannot be made from the hash.
    """

    subject_hash: Annotated[str, Personal(Category.ACCOUNT), UNINDEXED]
    at: Annotated[datetime, Personal(Category.ACCOUNT), UNINDEXED]


tombstones = Collection(
    "tombstones/{subject_hash}",
    TombstoneRecord,
    purpose=Purpose.LEGAL_DUTY,
    basis=Basis.LEGAL_OBLIGATION,
    retention=Retention.forever(besides="a restored backup or a late replay would bring the account back"),
    on_erasure={},
)


class StorageUseRecord(Record):
    """How many bytes of files are there, or reserved for uploads on their way, in the name of a person or Customer."""

    holder: Annotated[str, Subject("holder", by="principal")]
    used_bytes: Annotated[int, Personal(Category.USAGE), UNINDEXED]


storage_use = Collection(
    "storageUse/{holder}",
    StorageUseRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(),
    on_erasure={"holder": Delete()},
)


class RateRecord(Record):
    """How often a person has done something since a time; `accounts.profiles.rates` says what, and how often."""

    uid: Annotated[str, Subject("owner")]
    name: Annotated[str, NotPersonal, UNINDEXED]
    used: Annotated[int, Personal(Category.USAGE), UNINDEXED]
    since: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]
    expires_at: Annotated[datetime, NotPersonal, UNINDEXED]


rates = Collection(
    "users/{uid}/rates/{name}",
    RateRecord,
    purpose=Purpose.SECURITY,
    basis=Basis.LEGITIMATE_INTEREST,
    retention=Retention.of("P1D", runs_from="since"),
    on_erasure={"owner": Delete()},
    ttl="expires_at",
)
