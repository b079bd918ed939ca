"""Following: a group goes to another Customer, or is no more, and the documents that have to do with it follow.

What is still to be done is found by queries that what is done leaves, and each commit holds only if the group is still
as it was read. So killed anywhere, delivered twice or out of order, the task goes on where it was, and documents end
where the group does.
"""

import asyncio
from typing import Final

from accounts.records import GroupRecord, groups
from core.data.contention import again_when_moved
from core.data.database import Database
from core.data.operations import Query
from documents.authoring import placing
from documents.records import DocumentRecord, documents

_BATCH: Final = 100


async def follow(db: Database, group_id: str, most: int) -> int:
    """Let up to `most` documents follow a group. Returns how many there were; fewer than `most` means all."""
    followed = 0
    while followed < most:
        batch = min(_BATCH, most - followed)
        count = await _follow_some(db, group_id, batch)
        followed += count
        if count < batch:
            break
    return followed


@again_when_moved
async def _follow_some(db: Database, group_id: str, most: int) -> int:
    group = await db.get(groups.at(group_id))
    if group is None or group.deleted:
        found = await _found(db, _of_none(group_id), most)
        changes = [documents.update(document, **placing.parted(document, group_id)) for document in found]
    else:
        found = await _found(db, _elsewhere(group), most)
        changes = [documents.update(document, **placing.moved(document, group.customer_id)) for document in found]
    # It changes nothing of the group, and fails when somebody else has: one that is gone does not come back.
    unchanged = [groups.update(group, customer_id=group.customer_id)] if group and changes else []
    await db.commit(*changes, *unchanged)
    return len(changes)


async def _found(db: Database, queries: list[Query[DocumentRecord]], most: int) -> list[DocumentRecord]:
    parts = await asyncio.gather(*(db.query(query.limit(most)) for query in queries))
    return list({document.id: document for part in parts for document in part}.values())[:most]


def _elsewhere(group: GroupRecord) -> list[Query[DocumentRecord]]:
    """Ask for documents of the group that another Customer has; those that people own are no Customer's."""
    its = documents.under().where("group_id", "==", group.id)
    sides = (its.where("customer_id", "<", group.customer_id), its.where("customer_id", ">", group.customer_id))
    return [side.ordered("customer_id") for side in sides]


def _of_none(group_id: str) -> list[Query[DocumentRecord]]:
    """Ask for documents of a group that is no more, and for those that are only shared with it."""
    principals = [f"group:{group_id}", f"helpers:{group_id}"]
    return [
        documents.under().where("group_id", "==", group_id),
        documents.under().where("readers", "array-contains-any", principals),
    ]
