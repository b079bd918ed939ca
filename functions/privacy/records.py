"""What this whole wing stands on: what staff have looked at, what was disclosed, and what must be kept for the law."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from core.data.collections import Collection, Index
from core.data.personal_data import (
    Anonymise,
    Basis,
    Category,
    Delete,
    NotPersonal,
    Personal,
    Purpose,
    Retain,
    Retention,
    Subject,
)
from core.data.records import UNINDEXED, Record


class StaffPurpose(StrEnum):
    """For what staff may look at information about a person: the policy's (a) to (d)."""

    RUN_SERVICE = "run_service"
    SOLVE_PROBLEM = "solve_problem"
    LAW = "law"
    PERMISSION = "permission"


class StaffAction(StrEnum):
    """What staff did with information about a person."""

    FOUND_ACCOUNT = "found_account"
    OPENED_CASE = "opened_case"
    ERASURE_OPENED = "erasure_opened"
    ERASURE_CANCELLED = "erasure_cancelled"
    HOLD_PLACED = "hold_placed"
    HOLD_RELEASED = "hold_released"
    BREACH_RECORDED = "breach_recorded"


class AccessRecord(Record):
    """That staff looked at or acted upon information about a person: who, what, for which purpose and case, when."""

    id: Annotated[str, NotPersonal, UNINDEXED]
    uid: Annotated[str, Subject("subject")]
    staff_id: Annotated[str, Subject("staff")]
    action: Annotated[StaffAction, Personal(Category.LOG), UNINDEXED]
    purpose: Annotated[StaffPurpose, Personal(Category.LOG), UNINDEXED]
    case_reference: Annotated[str, Personal(Category.LOG), UNINDEXED]
    at: Annotated[datetime, Personal(Category.LOG)]


accesses = Collection(
    "staffAccess/{id}",
    AccessRecord,
    purpose=Purpose.LEGAL_DUTY,
    basis=Basis.LEGAL_OBLIGATION,
    retention=Retention.of("P3Y", runs_from="at"),
    on_erasure={"subject": Delete(), "staff": Anonymise()},
    indexes=[Index.on("uid", "-at")],
)


class DisclosureKind(StrEnum):
    """To whom information goes outside: the policy's grounds for sharing."""

    CUSTOMER = "customer"
    PROCESSOR = "processor"
    BUSINESS_CHANGE = "business_change"
    LAW = "law"
    RIGHTS_AND_SAFETY = "rights_and_safety"


class DisclosureRecord(Record):
    """That information about a person went to somebody else: to whom, which categories, on what ground, when."""

    id: Annotated[str, NotPersonal, UNINDEXED]
    uid: Annotated[str, Subject("subject")]
    kind: Annotated[DisclosureKind, Personal(Category.LOG), UNINDEXED]
    recipient: Annotated[str, Personal(Category.LOG), UNINDEXED]
    categories: Annotated[list[Category], Personal(Category.LOG), UNINDEXED]
    ground: Annotated[str, Personal(Category.LOG), UNINDEXED]
    case_reference: Annotated[str | None, Personal(Category.LOG), UNINDEXED]
    at: Annotated[datetime, Personal(Category.LOG)]


disclosures = Collection(
    "disclosures/{id}",
    DisclosureRecord,
    purpose=Purpose.LEGAL_DUTY,
    basis=Basis.LEGAL_OBLIGATION,
    retention=Retention.of("P3Y", runs_from="at"),
    on_erasure={"subject": Delete()},
    indexes=[Index.on("uid", "-at")],
)


class HoldRecord(Record):
    """A legal hold: one record about a person, by its path, that erasure must leave until the hold is released.

    GDPR article 17(3)(b) and (e). `ground` says which law or claim.
    """

    id: Annotated[str, NotPersonal, UNINDEXED]
    uid: Annotated[str, Subject("subject")]
    path: Annotated[str, Personal(Category.ACCOUNT)]
    ground: Annotated[str, Personal(Category.LOG), UNINDEXED]
    case_reference: Annotated[str, Personal(Category.LOG), UNINDEXED]
    placed_by: Annotated[str, Subject("staff")]
    placed_at: Annotated[datetime, Personal(Category.LOG)]
    released_at: Annotated[datetime | None, Personal(Category.LOG)] = None


holds = Collection(
    "holds/{id}",
    HoldRecord,
    purpose=Purpose.LEGAL_DUTY,
    basis=Basis.LEGAL_OBLIGATION,
    retention=Retention.with_account(besides="one that outlives the account goes when it is released"),
    on_erasure={
        "subject": Retain(until="the hold is released", ground="GDPR article 17(3)(b) and (e)"),
        "staff": Anonymise(),
    },
)
