"""Messages of a conversation: written, read, edited and taken back by those who are in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.failures import Conflict, Forbidden, IdempotencyKeyReused, NotFound
from core.paging import PageRequest
from documents.discussion import showing
from documents.discussion.conversing import demand
from documents.discussion.reading import moved_on
from documents.discussion.records import (
    ConversationRecord,
    MessageRecord,
    blocks,
    conversations,
    messages,
    readings,
)
from documents.discussion.showing import Shown

_ACTIVE_FOR: Final = timedelta(minutes=1)
"""How long a conversation counts as active without being written again, so that none becomes a hot document."""


class MessageNotFound(NotFound):
    detail = "The conversation has no such message."


class MessageGone(Conflict):
    detail = "The message that this Idempotency-Key made has been deleted since. Use a new key."


class MessageRefused(Forbidden):
    # Nothing here may tell a block from whatever else could keep two people from writing to each other.
    detail = "Messages cannot be sent in this conversation for the time being."


class NotYourMessage(Forbidden):
    detail = "Only who wrote a message can change or delete it."


@dataclass(frozen=True)
class Wish:
    """A message that somebody is about to write; `id` and `fingerprint` know the request again."""

    id: str
    fingerprint: str
    body: str


async def write(
    db: Database, caller: Caller, conversation_id: str, wish: Wish, now: datetime
) -> tuple[Shown[MessageRecord], bool]:
    """Write a message. Returns it, and whether an earlier request of the same key had written it.

    Raises MessageRefused in a conversation of two whose other side has blocked the caller.
    """
    message, profile, replayed = await _write(db, caller, conversation_id, wish, now)
    (shown,) = await showing.messages(db, [message], profile)
    return shown, replayed


@again_when_moved
async def _write(
    db: Database, caller: Caller, conversation_id: str, wish: Wish, now: datetime
) -> tuple[MessageRecord, ProfileRecord, bool]:
    profile, found = await admit(db, caller, Need.WRITE, conversations.at(conversation_id))
    conversation = demand(found, profile.principals)
    await _refuse_unwanted(db, conversation, caller)
    message = MessageRecord(
        conversation_id=conversation_id,
        id=wish.id,
        author_id=caller.uid,
        body=wish.body,
        fingerprint=wish.fingerprint,
        created_at=now,
    )
    quiet = now - conversation.active_at >= _ACTIVE_FOR
    moved = [conversations.update(conversation, active_at=now)] if quiet else []
    try:
        await db.commit(messages.create(message), *moved)
    except Moved:
        if made := await _made_before(db, message):
            return made, profile, True
        raise
    return message, profile, False


async def _refuse_unwanted(db: Database, conversation: ConversationRecord, caller: Caller) -> None:
    """Raise MessageRefused when the only other one there wants to hear no more of the caller: 1 RPC between two."""
    others = [uid for uid in conversation.people if uid != caller.uid]
    if len(others) == 1 and await db.get(blocks.at(others[0], caller.uid)):
        raise MessageRefused


async def _made_before(db: Database, message: MessageRecord) -> MessageRecord | None:
    """Return what an earlier request of the same key had made. Raises IdempotencyKeyReused, MessageGone."""
    found = await db.get(messages.key_of(message))
    if found is None:
        return None
    if found.author_id != message.author_id:
        raise MessageGone
    if found.fingerprint != message.fingerprint:
        raise IdempotencyKeyReused
    return found


async def listed(
    db: Database, caller: Caller, conversation_id: str, page: PageRequest
) -> tuple[list[Shown[MessageRecord]], str | None]:
    """Return a page of the messages of a conversation that the caller is in, newest first, and the next one's token."""
    profile, found = await admit(db, caller, Need.READ, conversations.at(conversation_id))
    demand(found, profile.principals)
    query = messages.under(conversation_id).ordered("created_at", descending=True)
    page_of, token = await page.of(db, query, lambda message: (message.created_at, message.id))
    return await showing.messages(db, page_of, profile), token


async def one(db: Database, caller: Caller, conversation_id: str, message_id: str) -> Shown[MessageRecord]:
    """Return a message of a conversation that the caller is in. Raises MessageNotFound, for a deleted one, too."""
    profile, found, message = await admit(
        db, caller, Need.READ, conversations.at(conversation_id), messages.at(conversation_id, message_id)
    )
    demand(found, profile.principals)
    (shown,) = await showing.messages(db, [_there(message)], profile)
    return shown


@again_when_moved
async def edit(
    db: Database, caller: Caller, conversation_id: str, message_id: str, text: str, now: datetime
) -> Shown[MessageRecord]:
    """Change the text of a message of one's own. Raises MessageRefused as `write` does."""
    profile, conversation, message = await _own(db, caller, conversation_id, message_id)
    await _refuse_unwanted(db, conversation, caller)
    if message.body != text:
        change = messages.update(message, body=text, edited_at=now)
        await db.commit(change)
        message = change.record
    (shown,) = await showing.messages(db, [message], profile)
    return shown


@again_when_moved
async def remove(db: Database, caller: Caller, conversation_id: str, message_id: str) -> None:
    """Take back a message of one's own: it stays, empty and nobody's."""
    _, _, message = await _own(db, caller, conversation_id, message_id)
    await db.commit(messages.update(message, body="", author_id=None, fingerprint="", edited_at=None, deleted=True))


async def _own(
    db: Database, caller: Caller, conversation_id: str, message_id: str
) -> tuple[ProfileRecord, ConversationRecord, MessageRecord]:
    profile, found, message = await admit(
        db, caller, Need.WRITE, conversations.at(conversation_id), messages.at(conversation_id, message_id)
    )
    conversation = demand(found, profile.principals)
    message = _there(message)
    if message.author_id != caller.uid:
        raise NotYourMessage
    return profile, conversation, message


def _there(found: MessageRecord | None) -> MessageRecord:
    if found is None or found.deleted:
        raise MessageNotFound
    return found


async def mark(db: Database, caller: Caller, conversation_id: str, up_to: str | None, now: datetime) -> None:
    """Note that the caller has read the messages up to one of them, or all there are now. Raises MessageNotFound."""
    keys = conversations.at(conversation_id), readings.at(caller.uid, conversation_id)
    message = None
    if up_to is None:
        profile, found, reading = await admit(db, caller, Need.WRITE, *keys)
    else:
        last = messages.at(conversation_id, up_to)
        profile, found, reading, message = await admit(db, caller, Need.WRITE, *keys, last)
    demand(found, profile.principals)
    if up_to is not None and message is None:
        raise MessageNotFound
    await db.commit(*moved_on(caller.uid, conversation_id, reading, message.created_at if message else now))
