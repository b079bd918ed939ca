"""The document as it is stored: what every capability of this wing stands on."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

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
from core.data.records import ASCENDING_ONLY, HEAVY, UNINDEXED, Record


class Role(StrEnum):
    """What somebody may be to a document, from least to most."""

    VIEWER = "viewer"
    COMMENTER = "commenter"
    EDITOR = "editor"
    OWNER = "owner"


Language = Literal["nb", "en"]

FILES_TASKS: Final = "files-tasks"
"""The function that looks after documents' files behind the scenes: what others of this wing want of it are tasks."""


class DocumentRecord(Record):
    """One document.

    `roles` decides who may do what, until the time that `expires` gives for a principal, if it does. The lists under it
    serve queries alone, and `documents.access` derives them:
    `readers` for lists in order, `can_read` for search, `shared_with` for what others gave, `tagged` for one tag.
    `terms` are the words that a search finds it by. `files` and `file_bytes` count what is ready of its files, and
    `files_from` names the document whose files are being copied to this one. `offered_to` is the principal to which its
    owner wants to give it. A Customer's document has no `owner_id`, and stays when its author goes.
    """

    id: Annotated[str, NotPersonal, UNINDEXED]
    owner_id: Annotated[str | None, Subject("owner")]
    customer_id: Annotated[str | None, NotPersonal] = None
    group_id: Annotated[str | None, NotPersonal] = None
    title: Annotated[str, Personal(Category.CONTENT), UNINDEXED]
    body: Annotated[str, Personal(Category.CONTENT), HEAVY, UNINDEXED]
    tags: Annotated[list[str], Personal(Category.CONTENT)]
    language: Annotated[Language, Personal(Category.CONTENT), UNINDEXED]
    roles: Annotated[dict[str, Role], Subject("reader", by="principal"), UNINDEXED]
    readers: Annotated[list[str], Subject("reader", by="principal"), HEAVY]
    can_read: Annotated[dict[str, bool], Subject("reader", by="principal"), HEAVY, ASCENDING_ONLY]
    shared_with: Annotated[list[str], Subject("reader", by="principal"), HEAVY, UNINDEXED]
    tagged: Annotated[list[str], Personal(Category.CONTENT), HEAVY, UNINDEXED]
    expires: Annotated[dict[str, datetime], Subject("reader", by="principal"), UNINDEXED] = Field(default_factory=dict)
    next_expiry: Annotated[datetime | None, Personal(Category.USAGE)] = None
    offered_to: Annotated[str | None, Subject("reader", by="principal")] = None
    offered_at: Annotated[datetime | None, Personal(Category.USAGE), UNINDEXED] = None
    terms: Annotated[dict[str, bool], Personal(Category.CONTENT), HEAVY, ASCENDING_ONLY]
    revision: Annotated[int, NotPersonal, UNINDEXED]
    slot: Annotated[str, NotPersonal, UNINDEXED]
    slot_opened_at: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]
    slots: Annotated[int, NotPersonal]
    author_id: Annotated[str, Subject("author")]
    fingerprint: Annotated[str, Personal(Category.CONTENT), UNINDEXED]
    created_at: Annotated[datetime, Personal(Category.USAGE), UNINDEXED]
    updated_at: Annotated[datetime, Personal(Category.USAGE)]
    trashed: Annotated[bool, Personal(Category.USAGE)] = False
    trashed_at: Annotated[datetime | None, Personal(Category.USAGE), UNINDEXED] = None
    purge_at: Annotated[datetime | None, Personal(Category.USAGE)] = None
    purging_at: Annotated[datetime | None, NotPersonal] = None
    files: Annotated[int, Personal(Category.USAGE), UNINDEXED] = 0
    file_bytes: Annotated[int, Personal(Category.USAGE), UNINDEXED] = 0
    files_from: Annotated[str | None, NotPersonal] = None

    def etag(self, role: Role) -> str:
        """Return the ETag for a person of this role: it changes with content, trash and role, and with nothing else."""
        trashed = f"t{int(self.trashed_at.timestamp() * 1000)}" if self.trashed_at else ""
        return f"{self.revision}{trashed}-{role.value}"


documents = Collection(
    "documents/{id}",
    DocumentRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(besides="what is in the trash goes after 30 days"),
    on_erasure={"owner": Delete(), "reader": Anonymise(), "author": Anonymise()},
    # A list keeps one order, and each is served by one index: who reads, one further filter, trash, time.
    indexes=[
        Index.on("readers[]", "trashed", "-updated_at"),
        Index.on("readers[]", "owner_id", "trashed", "-updated_at"),
        Index.on("readers[]", "group_id", "trashed", "-updated_at"),
        Index.on("readers[]", "customer_id", "trashed", "-updated_at"),
        Index.on("shared_with[]", "trashed", "-updated_at"),
        Index.on("tagged[]", "trashed", "-updated_at"),
        # What has not followed its group yet.
        Index.on("group_id", "customer_id"),
    ],
)
