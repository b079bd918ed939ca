"""Abandonment: a conversation that everybody has left is nobody's to read, so it goes, with all its messages."""

from contextlib import suppress
from typing import Final

from core.data import trees
from core.data.database import Database, Moved
from core.services.objects import Objects
from documents.discussion.records import ConversationRecord, conversations

_BATCH: Final = 100


async def sweep(db: Database, objects: Objects) -> int:
    """Delete the conversations that nobody is in any more. Returns how many; killed anywhere, it can be done again."""
    swept = 0
    while found := await db.query(conversations.under().where("readers", "==", []).limit(_BATCH)):
        for conversation in found:
            await _delete(db, objects, conversation)
        swept += len(found)
        if len(found) < _BATCH:
            break
    return swept


async def _delete(db: Database, objects: Objects, conversation: ConversationRecord) -> None:
    await trees.delete_below(db, objects, conversations.key_of(conversation))
    # Somebody may have begun it again meanwhile; then it stays, without what was said before.
    with suppress(Moved):
        await db.commit(conversations.delete(conversation))
