"""What is stored of a share beside the document's roles: who gave it, and when."""

from datetime import datetime
from typing import Annotated

from core.data.collections import Collection
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


class ShareRecord(Record):
    """One share of a document, under an id that its principal leads to. What decides are the document's `roles`.

    `request` and `fingerprint` know the request again that gave it, if it had a key.
    """

    document_id: Annotated[str, NotPersonal, UNINDEXED]
    id: Annotated[str, NotPersonal, UNINDEXED]
    principal: Annotated[str, Subject("reader", by="principal")]
    granted_by: Annotated[str, Subject("granter")]
    created_at: Annotated[datetime, Personal(Category.USAGE)]
    request: Annotated[str | None, NotPersonal] = None
    fingerprint: Annotated[str, NotPersonal, UNINDEXED] = ""


shares = Collection(
    "documents/{document_id}/shares/{id}",
    ShareRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_parent(),
    on_erasure={"reader": Delete(), "granter": Anonymise()},
)
