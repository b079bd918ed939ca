"""The outbox: what people are to be told leaves with the commit that causes it, and is delivered afterwards.

A notice is a record of ids, written beside its cause, so it is there if and only if the cause is. A task delivers it
soon, and a sweep finds it where the task was lost: at least once, and never before the commit. Text, names and secrets
are made at delivery, so none of them is stored (`accounts/outreach`).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from core.data.collections import Collection, Index
from core.data.operations import Write
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
from core.data.records import UNINDEXED, Record
from core.failures import Unavailable
from core.ids import random_id
from core.logs import Log
from core.services.queue import Tasks

OUTREACH_TASKS: Final = "outreach-tasks"
"""The function that delivers notices."""

_ONE_BY_ONE: Final = 10

_log = Log(__name__)


class NoticeKind(StrEnum):
    """What a notice tells. Those of activity can be switched off; the others belong to the service."""

    INVITATION = "invitation"
    JOINED = "joined"
    REMOVED = "removed"
    GROUP_OFFERED = "group_offered"
    SHARED = "shared"
    OWNERSHIP_OFFERED = "ownership_offered"
    OWNERSHIP_ACCEPTED = "ownership_accepted"
    NEW_DEVICE = "new_device"
    MENTIONED = "mentioned"
    COMMENTED = "commented"


ACTIVITY: Final = frozenset({NoticeKind.MENTIONED, NoticeKind.COMMENTED})
"""The kinds that tell of what others did, and come by e-mail only to those who have not said no."""


class NoticeRecord(Record):
    """Something that a person is to be told, in the app and by e-mail.

    It is for the person `uid`, or for whoever is invited by the invitation `invitation_id`. `about` are ids by what
    they name (`documentId`, `commentId`, `customerId`, `groupId`, `deviceId`). `due_at` is when its mail is tried
    (again); None when there is no more to do, and then `sent_at` or `failed_at` says how it ended, or neither when no
    mail was wanted.
    """

    id: Annotated[str, NotPersonal, UNINDEXED]
    kind: Annotated[NoticeKind, Personal(Category.COMMUNICATION), UNINDEXED]
    uid: Annotated[str | None, Subject("recipient")]
    invitation_id: Annotated[str | None, NotPersonal]
    actor_id: Annotated[str | None, Subject("actor")]
    about: Annotated[dict[str, str], NotPersonal, UNINDEXED]
    created_at: Annotated[datetime, Personal(Category.USAGE)]
    read_at: Annotated[datetime | None, Personal(Category.USAGE)] = None
    due_at: Annotated[datetime | None, NotPersonal]
    attempts: Annotated[int, NotPersonal, UNINDEXED] = 0
    sent_at: Annotated[datetime | None, Personal(Category.USAGE), UNINDEXED] = None
    failed_at: Annotated[datetime | None, NotPersonal] = None


notices = Collection(
    "notices/{id}",
    NoticeRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.of("P90D", runs_from="created_at"),
    on_erasure={"recipient": Delete(), "actor": Anonymise()},
    indexes=[Index.on("uid", "-created_at"), Index.on("uid", "read_at", "-created_at")],
)


def notice(
    kind: NoticeKind,
    now: datetime,
    *,
    to: str | None = None,
    invitation_id: str | None = None,
    actor: str | None = None,
    about: Mapping[str, str] | None = None,
) -> Write[NoticeRecord]:
    """Return the write of a notice to a person, or to whoever an invitation is for; it goes into its cause's commit."""
    record = NoticeRecord(
        id=random_id(),
        kind=kind,
        uid=to,
        invitation_id=invitation_id,
        actor_id=actor,
        about=dict(about or {}),
        created_at=now,
        due_at=now,
    )
    return notices.create(record)


async def hand_over(tasks: Tasks, *written: Write[NoticeRecord]) -> None:
    """Have notices delivered whose commit has taken place: a task for each, or one for many."""
    ids = [write.key.id for write in written]
    try:
        if len(ids) <= _ONE_BY_ONE:
            for notice_id in ids:
                await tasks.enqueue(OUTREACH_TASKS, "deliver-notice", {"noticeId": notice_id}, name=notice_id)
        else:
            await tasks.enqueue(OUTREACH_TASKS, "deliver-due", {}, name=ids[0])
    except Unavailable:
        # They are due, and the sweep goes by that.
        _log.warning("enqueue_failed", handler="deliver-notice")
