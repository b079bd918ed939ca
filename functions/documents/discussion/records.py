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
    """A comment on a document or, with `parent_id`, a reply. One that was deleted stays, empty, while it has replies.

    `quote` is the passage that it is anchored to, as it was. `mentions` are the people whom the text names as `@{uid}`.
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
    deleted: Annotated[bool, NotPersonal] = False


comments = Collection(
    "documents/{document_id}/comments/{id}",
    CommentRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={"author": Blank(), "mentioned": Anonymise(), "resolver": Anonymise()},
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


conversations = Collection(
    "conversations/{id}",
    ConversationRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(besides="it stays as long as one who takes part"),
    on_erasure={"participant": Anonymise(), "starter": Anonymise()},
    indexes=[Index.on("readers[]", "-active_at"), Index.on("readers[]", "group_id", "-active_at")],
)


class MessageRecord(Record):
    """A message of a conversation. One that was deleted stays, empty."""

    conversation_id: Annotated[str, NotPersonal, UNINDEXED]
    id: Annotated[str, NotPersonal, UNINDEXED]
    author_id: Annotated[str | None, Subject("author")]
    body: Annotated[str, Personal(Category.COMMUNICATION), UNINDEXED]
    fingerprint: Annotated[str, Personal(Category.COMMUNICATION), UNINDEXED]
    created_at: Annotated[datetime, Personal(Category.USAGE)]
    edited_at: Annotated[datetime | None, Personal(Category.USAGE), UNINDEXED] = None
    deleted: Annotated[bool, NotPersonal, UNINDEXED] = False


messages = Collection(
    "conversations/{conversation_id}/messages/{id}",
    MessageRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={"author": Blank()},
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
