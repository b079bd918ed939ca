"""Objects that stand for real ones in tests: a record that owns some, and where they lie."""

from __future__ import annotations

from typing import Annotated

from core.data.buckets import EXPORTS, FILES, Bucket
from core.data.collections import Collection
from core.data.objects import Prefix
from core.data.personal_data import Basis, Category, Delete, NotPersonal, Purpose, Retention, Subject
from core.data.records import Record


class SketchRecord(Record):
    id: Annotated[str, NotPersonal]
    owner_id: Annotated[str | None, Subject("owner")]


sketches = Collection(
    "sketches/{id}",
    SketchRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.with_account(),
    on_erasure={"owner": Delete()},
)


def a_prefix(path: str, bucket: Bucket) -> Prefix[SketchRecord]:
    """Declare where sketches lie."""
    return Prefix(
        path,
        bucket,
        sketches,
        about="a sketch",
        purpose=Purpose.PROVIDE_SERVICE,
        basis=Basis.CONTRACT,
        retention=Retention.with_parent(),
        categories={Category.CONTENT},
        on_erasure={"owner": Delete()},
    )


sent = a_prefix("sketches/{owner_id}/{id}", EXPORTS)
kept = a_prefix("sketches/{id}", FILES)
small = a_prefix("sketches/{id}/small", FILES)
