"""Staff at work: who may, for what, and the entry that its subject can read before any answer leaves."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord
from core.caller import Caller
from core.data.database import Database
from core.data.operations import Write
from core.failures import NotFound
from core.ids import random_id
from core.web.schemas import Draft
from privacy.records import AccessRecord, StaffAction, StaffPurpose, accesses

CaseReference = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$", examples=["case-2026-0117"])]
"""The case that staff work on: opaque here."""


class StaffDraft(Draft):
    """What every request of staff about a person says: for which of the policy's purposes, and in which case."""

    purpose: StaffPurpose
    case_reference: CaseReference


async def admit_staff(db: Database, caller: Caller) -> ProfileRecord:
    """Let a member of staff in: 1 RPC. For everybody else there is nothing here."""
    if not caller.is_staff:
        raise NotFound
    return await admit(db, caller, Need.WRITE)


def entry(caller: Caller, subject: str, action: StaffAction, draft: StaffDraft, now: datetime) -> Write[AccessRecord]:
    """Return the write of what a member of staff does. It is committed before, or with, what it tells of."""
    return accesses.create(
        AccessRecord(
            id=random_id(),
            uid=subject,
            staff_id=caller.uid,
            action=action,
            purpose=draft.purpose,
            case_reference=draft.case_reference,
            at=now,
        )
    )
