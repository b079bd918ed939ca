"""What is stored of people who leave a Customer, until nothing of them is left in its groups' rosters."""

from datetime import datetime
from typing import Annotated

from core.data.collections import Collection
from core.data.personal_data import Basis, Category, NotPersonal, Personal, Purpose, Retention
from core.data.records import UNINDEXED, Record


class DepartureRecord(Record):
    """That a membership has ended whose person was in groups. It names the membership, and no person."""

    membership_id: Annotated[str, NotPersonal, UNINDEXED]
    left_at: Annotated[datetime, Personal(Category.USAGE)]


departures = Collection(
    "departures/{membership_id}",
    DepartureRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.of("P2D", runs_from="left_at", besides="it goes when the rosters of groups are tidied"),
    on_erasure={},
)
