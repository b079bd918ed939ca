"""What is stored beside a document of its history."""

from datetime import datetime
from typing import Annotated

from core.data.collections import Collection
from core.data.personal_data import (
    Anonymise,
    Basis,
    Category,
    NotPersonal,
    Personal,
    Purpose,
    Retention,
    Subject,
)
from core.data.records import HEAVY, UNINDEXED, Record
from documents.records import Language


class RevisionRecord(Record):
    """A document as its author left it. A slot takes all saves of one author within five minutes and keeps the last."""

    document_id: Annotated[str, NotPersonal, UNINDEXED]
    slot: Annotated[str, NotPersonal, UNINDEXED]
    revision: Annotated[int, NotPersonal]
    author_id: Annotated[str, Subject("author")]
    title: Annotated[str, Personal(Category.CONTENT), UNINDEXED]
    body: Annotated[str, Personal(Category.CONTENT), HEAVY, UNINDEXED]
    tags: Annotated[list[str], Personal(Category.CONTENT), UNINDEXED]
    language: Annotated[Language, Personal(Category.CONTENT), UNINDEXED]
    saved_at: Annotated[datetime, Personal(Category.USAGE)]


revisions = Collection(
    "documents/{document_id}/revisions/{slot}",
    RevisionRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    # The newest are what the document is made of. `history.prune` is the schedule.
    retention=Retention.of("P1Y", runs_from="saved_at", besides="the newest 100 stay, however old"),
    on_erasure={"author": Anonymise()},
)
