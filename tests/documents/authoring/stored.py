"""Documents put straight into the database: many at once, or what no route makes yet (shares, groups)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core import clock
from core.data.database import MOST_WRITES, Database
from core.ids import random_id
from documents import access
from documents.authoring import search
from documents.records import DocumentRecord, Role, documents
from tests.support.api import Person


def a_stored_document(
    owner: Person, title: str = "", body: str = "", *, updated_at: datetime | None = None, **fields: Any
) -> DocumentRecord:
    """A document as the product would have stored it; `fields` are those of its record."""
    at = updated_at or clock.now()
    roles: dict[str, Role] = fields.setdefault("roles", {f"user:{owner.uid}": Role.OWNER})
    tags: list[str] = fields.setdefault("tags", [])
    trashed: bool = fields.setdefault("trashed", False)
    derived: dict[str, Any] = {
        "owner_id": owner.uid,
        "trashed_at": at if trashed else None,
        "terms": dict.fromkeys(search.terms(title, tags, body), True),
        **access.lists(roles, tags, trashed=trashed),
    }
    plain: dict[str, Any] = {"language": "nb", "revision": 1, "slot": random_id(), "slots": 1, "fingerprint": ""}
    times: dict[str, Any] = {"slot_opened_at": at, "created_at": at, "updated_at": at}
    known: dict[str, Any] = {"id": random_id(), "author_id": owner.uid, "title": title, "body": body}
    return DocumentRecord(**(known | plain | times | derived | fields))


async def store(db: Database, made: Sequence[DocumentRecord]) -> None:
    for start in range(0, len(made), MOST_WRITES):
        await db.commit(*map(documents.create, made[start : start + MOST_WRITES]))
