"""Processors: who else gets data, for what, and how they are told to erase it (GDPR articles 19 and 28).

Declared here is what a processor is and gets. Whether it may be used is a record that staff keep: nothing is sent to
one that is not active, and none becomes active without an agreement and diligence.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from core.data.collections import Collection
from core.data.personal_data import Basis, Category, NotPersonal, Purpose, Retention
from core.data.records import UNINDEXED, Record

Transfer = Literal["within_eea", "adequacy_decision", "standard_clauses"]
"""On what data leaves the European Economic Area, if it does (GDPR articles 44-46)."""

Erasing = Literal["with_ours", "by_mail", "nothing_kept"]
"""How a processor erases: its store is ours and goes with our own records, it is told, or it keeps nothing."""


@dataclass(frozen=True)
class Processor:
    """One processor. `receives` are the policy's categories, `sent` says which data in words; its id is its own."""

    id: str
    name: str
    activity: str
    country: str
    transfer: Transfer
    receives: frozenset[Category]
    sent: str
    erasing: Erasing

    declared: ClassVar[dict[str, "Processor"]] = {}

    def __post_init__(self) -> None:
        if self.id in self.declared:
            raise TypeError(f"the processor {self.id} is declared already")
        self.declared[self.id] = self


class ProcessorRecord(Record):
    """Whether a processor may be used: when an agreement was made and diligence done, and whether it is in use."""

    id: Annotated[str, NotPersonal, UNINDEXED]
    agreement_on: Annotated[datetime | None, NotPersonal, UNINDEXED] = None
    diligence_on: Annotated[datetime | None, NotPersonal, UNINDEXED] = None
    active: Annotated[bool, NotPersonal, UNINDEXED] = False
    revision: Annotated[int, NotPersonal, UNINDEXED] = 1
    changed_at: Annotated[datetime, NotPersonal, UNINDEXED]


processor_records = Collection(
    "processors/{id}",
    ProcessorRecord,
    purpose=Purpose.LEGAL_DUTY,
    basis=Basis.LEGAL_OBLIGATION,
    retention=Retention.forever(besides="it says what was agreed, and names nobody"),
    on_erasure={},
)
