"""What is stored of comments and conversations."""

from datetime import datetime
from typing import Annotated

from core.data.collections import Collection, Index
from core.data.personal_data import (
    Anonymise,
    Basis,
    Blank,
    Category,
    Delete,
    NotPersonal,
    Personal,
    Purpose,
    Retention,
    Subject,
)
from core.data.records import UNINDEXED, Record


class CommentRecord(Record):
    """A comment on a document, which begins a thread, or a reply to the one that `parent_id` names.

    `quote` is the passage that it is anchored to, as it was. `mentions` are the people whom the text names: in `body`
    stands `@{0}` for the first of them, so that no text holds a uid (`mentions.py`). `replies` counts those to a head;
    one that was deleted stays, empty and nobody's, while it has some.
    """

    document_id: Annotated[str, NotPersonal, UNINDEXED]
    id: Annotated[str, NotPersonal, UNINDEXED]
    parent_id: Annotated[str | None, NotPersonal]
    author_id: Annotated[str | None, Subject("author")]
    body: Annotated[str, Personal(Category.COMMUNICATION), UNINDEXED]
    quote: Annotated[str | None, Personal(Category.CONTENT), UNINDEXED]
    mentions: Annotated[list[str], Subject("mentioned")]
    fingerprint: Annotated[str, Personal(Category.COMMUNICATION), UNINDEXED]
    created_at: Annotated[datetime, Personal(Category.USAGE)]
    edited_at: Annotated[datetime | None, Personal(Category.USAGE), UNINDEXED] = None
    resolved_at: Annotated[datetime | None, Personal(Category.USAGE), UNINDEXED] = None
    resolved_by: Annotated[str | None, Subject("resolver")] = None
    replies: Annotated[int, NotPersonal, UNINDEXED] = 0
    deleted: Annotated[bool, NotPersonal] = False

    @property
    def head_id(self) -> str:
        """The comment that begins the thread."""
        return self.parent_id or self.id


comments = Collection(
    "documents/{document_id}/comments/{id}",
    CommentRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={"author": Blank(), "mentioned": Anonymise(), "resolver": Anonymise()},
    # The last of a thread, all that is newer than what somebody has read, and how much of that is their own.
    indexes=[
        Index.on("parent_id", "-created_at"),
        Index.on("deleted", "created_at"),
        Index.on("author_id", "created_at"),
    ],
)


class ReadingRecord(Record):
    """Up to when somebody has read the comments of a document, or the messages of a conversation."""

    uid: Annotated[str, Subject("owner")]
    id: Annotated[str, Personal(Category.USAGE), UNINDEXED]
    read_at: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]


readings = Collection(
    "users/{uid}/readings/{id}",
    ReadingRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(),
    on_erasure={"owner": Delete()},
)


class ConversationRecord(Record):
    """People who talk: those of a group, or those who are named.

    `readers` are the principals that may take part: the group's, or each person's own. `active_at` follows the last
    message by up to a minute.
    """

    id: Annotated[str, NotPersonal, UNINDEXED]
    title: Annotated[str, Personal(Category.COMMUNICATION), UNINDEXED]
    group_id: Annotated[str | None, NotPersonal]
    readers: Annotated[list[str], Subject("participant", by="principal")]
    started_by: Annotated[str | None, Subject("starter")]
    fingerprint: Annotated[str, NotPersonal, UNINDEXED]
    created_at: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]
    active_at: Annotated[datetime, Personal(Category.USAGE)]

    @property
    def people(self) -> list[str]:
        """The uids of those who are named, none where it is a group's."""
        return [reader.removeprefix("user:") for reader in self.readers if reader.startswith("user:")]


conversations = Collection(
    "conversations/{id}",
    ConversationRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(besides="it stays as long as one who takes part"),
    on_erasure={"participant": Anonymise(), "starter": Anonymise()},
    indexes=[Index.on("readers[]", "-active_at")],
)


class MessageRecord(Record):
    """A message of a conversation. One that was deleted stays, empty and nobody's."""

    conversation_id: Annotated[str, NotPersonal, UNINDEXED]
    id: Annotated[str, NotPersonal, UNINDEXED]
    author_id: Annotated[str | None, Subject("author")]
    body: Annotated[str, Personal(Category.COMMUNICATION), UNINDEXED]
    fingerprint: Annotated[str, Personal(Category.COMMUNICATION), UNINDEXED]
    created_at: Annotated[datetime, Personal(Category.USAGE)]
    edited_at: Annotated[datetime | None, Personal(Category.USAGE), UNINDEXED] = None
    deleted: Annotated[bool, NotPersonal] = False


messages = Collection(
    "conversations/{conversation_id}/messages/{id}",
    MessageRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={"author": Blank()},
    indexes=[Index.on("deleted", "created_at"), Index.on("author_id", "created_at")],
)


class BlockRecord(Record):
    """That somebody wants to hear no more from another."""

    uid: Annotated[str, Subject("owner")]
    blocked_id: Annotated[str, Subject("blocked")]
    created_at: Annotated[datetime, Personal(Category.USAGE)]


blocks = Collection(
    "users/{uid}/blocked/{blocked_id}",
    BlockRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(),
    on_erasure={"owner": Delete(), "blocked": Delete()},
)
