"""What travels of notices and of what people want to be told."""

from typing import Annotated

from pydantic import Field

from core.services.outbox import NoticeKind, NoticeRecord
from core.web.schemas import AnId, AUid, Draft, Page, Time, View

_ACTIVITY: str = "mail about what others do, such as comments; mail that belongs to the service always comes"


class NotificationsChange(Draft):
    activity_mail: Annotated[bool, Field(description=_ACTIVITY)]


class NotificationsView(View):
    activity_mail: Annotated[bool, Field(description=_ACTIVITY, examples=[True])]


class NoticeView(View):
    """Something that you were told, and the ids of what it is about."""

    id: AnId
    kind: NoticeKind
    actor_id: AUid | None
    actor_name: Annotated[str | None, Field(description='"" for who is gone', examples=["Ola Nordmann"])]
    document_id: AnId | None
    comment_id: AnId | None
    group_id: AnId | None
    customer_id: AnId | None
    device_id: AnId | None
    created_at: Time
    read_at: Time | None

    @classmethod
    def of(cls, notice: NoticeRecord, names: dict[str, str]) -> "NoticeView":
        """Show a notice with the name of who caused it."""
        about = notice.about
        return cls.showing(
            notice,
            actor_name=names.get(notice.actor_id, "") if notice.actor_id else None,
            document_id=about.get("documentId"),
            comment_id=about.get("commentId"),
            group_id=about.get("groupId"),
            customer_id=about.get("customerId"),
            device_id=about.get("deviceId"),
        )


class NoticePage(Page[NoticeView]):
    """A page of notices, newest first."""


class NoticesRead(View):
    read: Annotated[int, Field(examples=[3])]
