"""Room for files: what a person or a Customer uses of it. Files count in it by their collection's tally."""

from accounts.profiles.records import storage_use
from core.data.database import Database
from core.failures import Fault, QuotaExceeded


class StorageFull(QuotaExceeded):
    detail = "There is no room left for this file."


async def used(db: Database, holder: str) -> int:
    """Return the bytes that a holder uses, those that are reserved for uploads on their way included: 1 RPC."""
    found = await db.get(storage_use.at(holder))
    return found.used_bytes if found else 0


def full(limit: int, others: int) -> StorageFull:
    """Return the failure that says how many bytes are left of `limit` when others take so many of them."""
    detail = f"There is room for {max(limit - others, 0)} of {limit} bytes."
    return StorageFull(detail, faults=[Fault("/size", StorageFull.code, detail)])
