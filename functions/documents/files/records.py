"""What is stored of a file: its record below the document, and its objects."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from accounts.profiles.records import storage_use
from core.data.buckets import FILES, UPLOADS
from core.data.collections import Collection, Index, Tally
from core.data.objects import ObjectKey, Prefix
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
from core.data.records import ACROSS, UNINDEXED, Record


class FileState(StrEnum):
    """How far a file has come. A deleted one is kept until its objects are gone."""

    PENDING = "pending"
    READY = "ready"
    REJECTED = "rejected"
    DELETED = "deleted"


class FileRecord(Record):
    """One file of a document.

    `size`, `sha256` and `content_type` are what was declared while the file is pending, and what is served once it is
    ready. `room` is how many bytes it takes now of what `holder` has, a person or a Customer. `upload` finds the record
    when the upload arrives; a copy has none. `settle_by` is when the sweep looks after a file that is neither ready nor
    rejected by then.
    """

    document_id: Annotated[str, NotPersonal, UNINDEXED]
    id: Annotated[str, NotPersonal, UNINDEXED]
    uploader_id: Annotated[str, Subject("uploader")]
    holder: Annotated[str, Subject("holder", by="principal")]
    name: Annotated[str, Personal(Category.CONTENT), UNINDEXED]
    content_type: Annotated[str, Personal(Category.CONTENT), UNINDEXED]
    size: Annotated[int, Personal(Category.CONTENT), UNINDEXED]
    room: Annotated[int, Personal(Category.USAGE), UNINDEXED]
    sha256: Annotated[str | None, Personal(Category.CONTENT), UNINDEXED] = None
    state: Annotated[FileState, NotPersonal, UNINDEXED] = FileState.PENDING
    reason: Annotated[str | None, NotPersonal, UNINDEXED] = None
    inline: Annotated[bool, NotPersonal, UNINDEXED] = False
    thumbnails: Annotated[list[int], NotPersonal, UNINDEXED] = Field(default_factory=list[int])
    upload: Annotated[str | None, NotPersonal, ACROSS] = None
    fingerprint: Annotated[str, Personal(Category.CONTENT), UNINDEXED] = ""
    created_at: Annotated[datetime, Personal(Category.USAGE)]
    settle_by: Annotated[datetime | None, NotPersonal, ACROSS] = None
    deleted: Annotated[bool, NotPersonal] = False
    deleted_at: Annotated[datetime | None, Personal(Category.USAGE), ACROSS] = None

    @property
    def etag(self) -> str:
        """Changes with the state and with the content."""
        return f"{self.state.value}-{(self.sha256 or '')[:32]}"


files = Collection(
    "documents/{document_id}/files/{id}",
    FileRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(besides="an upload that never came goes after a day, a resumable one after a week"),
    # What somebody put into another's document stays there; with their own documents it goes.
    on_erasure={"uploader": Anonymise(), "holder": Anonymise()},
    indexes=[Index.on("deleted", "-created_at")],
    tally=Tally(storage_use, by="holder", total="used_bytes", amount="room"),
)

uploads = Prefix(
    "uploads/{uploader_id}/{id}",
    UPLOADS,
    files,
    about="what somebody has sent for a document, until it has been looked at",
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(besides="gone once it was looked at, and after 8 days in any case"),
    categories={Category.CONTENT, Category.LOCATION},
    on_erasure={"uploader": Delete(), "holder": Delete()},
)

# No object's name goes on where another's ends: what keeps objects in folders has no file and folder of one name.
contents = Prefix(
    "files/{document_id}/{id}/content",
    FILES,
    files,
    about="a file of a document, checked and cleaned",
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    categories={Category.CONTENT},
    on_erasure={"uploader": Anonymise(), "holder": Anonymise()},
)


def _thumbnails(size: int) -> Prefix[FileRecord]:
    return Prefix(
        f"files/{{document_id}}/{{id}}/{size}",
        FILES,
        files,
        about=f"a picture of a document, its longer side at most {size} pixels",
        purpose=Purpose.PROVIDE_SERVICE,
        basis=Basis.CONTRACT,
        retention=Retention.with_parent(),
        categories={Category.CONTENT},
        on_erasure={"uploader": Anonymise(), "holder": Anonymise()},
    )


thumbnails = {size: _thumbnails(size) for size in (320, 1280)}
"""By size: the most pixels of the longer side."""


def clean_objects(document_id: str, file_id: str) -> list[ObjectKey]:
    """The keys of all objects that a file can have once it has been looked at."""
    return [prefix.at(document_id, file_id) for prefix in (contents, *thumbnails.values())]
