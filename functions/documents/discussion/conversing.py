"""Conversations: who may begin one with whom, who sees it, and leaving it.

A conversation's `readers` are principals, as a document's are: a group's whole, or people in person. Whoever leaves the
group is out of its conversations with the next request.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.profiles import names
from accounts.profiles.acquaintance import acquainted
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord, profiles
from core.caller import Caller
from core.data.collections import Key
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.data.operations import Query, in_parts
from core.failures import Conflict, Fault, IdempotencyKeyReused, Invalid, NotFound
from core.ids import derived_id
from core.paging import PageRequest
from documents.discussion.reading import count_new
from documents.discussion.records import ConversationRecord, blocks, conversations, messages, readings


class ConversationNotFound(NotFound):
    detail = "There is no such conversation, or you do not take part in it."


class ConversationGone(Conflict):
    detail = "You are no longer in the conversation that this Idempotency-Key made. Use a new key."


class GroupsConversation(Conflict):
    detail = "This conversation is its group's. It ends for you when you leave the group."


@dataclass(frozen=True)
class Wish:
    """A conversation that somebody wants to begin, with a group or with people; `id` and `fingerprint` know it again.

    Two people have one conversation, whose id `secret` derives from theirs.
    """

    id: str
    fingerprint: str
    secret: bytes
    group_id: str | None
    people: Sequence[str]
    title: str


@dataclass(frozen=True)
class Shown:
    """A conversation, the names of the people in it, and how many of others' messages are new, where that was asked."""

    record: ConversationRecord
    names: dict[str, str]
    unread: int | None = None


async def start(db: Database, caller: Caller, wish: Wish, now: datetime) -> tuple[Shown, bool]:
    """Begin a conversation. Returns it, and whether it was there before.

    Raises Invalid for a group that the caller is not in, and for people who share no group or Customer with them, who
    have blocked them, or who are not there: one and the same answer.
    """
    if (wish.group_id is None) == (not wish.people):
        raise Invalid(faults=[Fault("", "group_or_people", "Name either a group or people.")])
    profile = await admit(db, caller, Need.WRITE)
    if wish.group_id is not None:
        if f"group:{wish.group_id}" not in profile.principals:
            raise _out_of_reach("/groupId")
        record = _new(caller, wish, [f"group:{wish.group_id}"], now)
        found, before = await _create(db, record, profile)
        return Shown(found, {}), before
    others = await _reached(db, profile, list(dict.fromkeys(wish.people)))
    both = sorted([profile.uid, *(other.uid for other in others)])
    record = _new(caller, wish, [f"user:{uid}" for uid in both], now)
    if len(both) == 2:
        record = record.model_copy(update={"id": derived_id(wish.secret, "between", *both)})
        found, before = await _between(db, record)
    else:
        found, before = await _create(db, record, profile)
    return await _shown(db, found, profile, *others), before


def _new(caller: Caller, wish: Wish, readers: list[str], now: datetime) -> ConversationRecord:
    return ConversationRecord(
        id=wish.id,
        title=wish.title,
        group_id=wish.group_id,
        readers=readers,
        started_by=caller.uid,
        fingerprint=wish.fingerprint,
        created_at=now,
        active_at=now,
    )


async def _reached(db: Database, profile: ProfileRecord, uids: Sequence[str]) -> list[ProfileRecord]:
    """Return the people if the caller may write to each of them: 1 RPC, two reads for each."""
    keys: list[Key[Any]] = [profiles.at(uid) for uid in uids]
    keys += [blocks.at(uid, profile.uid) for uid in uids]
    found = await db.get_all(*keys)
    others: list[ProfileRecord | None] = list(found[: len(uids)])
    blocked = any(found[len(uids) :])
    reached = [other for other in others if other and other.uid != profile.uid and acquainted(profile, other)]
    if blocked or len(reached) < len(uids):
        raise _out_of_reach("/people")
    return reached


def _out_of_reach(pointer: str) -> Invalid:
    detail = "You can begin a conversation with your groups, and with people of your groups and Customers."
    return Invalid(faults=[Fault(pointer, "out_of_reach", detail)])


async def _create(db: Database, record: ConversationRecord, profile: ProfileRecord) -> tuple[ConversationRecord, bool]:
    try:
        await db.commit(conversations.create(record))
    except Moved:
        found = await db.get(conversations.key_of(record))
        if found is None or found.started_by != profile.uid or not takes_part(found, profile.principals):
            raise ConversationGone from None
        if found.fingerprint != record.fingerprint:
            raise IdempotencyKeyReused from None
        return found, True
    return record, False


@again_when_moved
async def _between(db: Database, record: ConversationRecord) -> tuple[ConversationRecord, bool]:
    """Return the one conversation of two people, made if need be, and with whoever has left it back in it."""
    found = await db.get(conversations.key_of(record))
    if found is None:
        await db.commit(conversations.create(record))
        return record, False
    if found.readers != record.readers:
        change = conversations.update(found, readers=record.readers)
        await db.commit(change)
        found = change.record
    return found, True


def takes_part(conversation: ConversationRecord, principals: Collection[str]) -> bool:
    """Tell whether somebody with these principals is in a conversation."""
    return not set(conversation.readers).isdisjoint(principals)


def demand(conversation: ConversationRecord | None, principals: Collection[str]) -> ConversationRecord:
    """Return the conversation if the caller is in it. Raises ConversationNotFound."""
    if conversation is None or not takes_part(conversation, principals):
        raise ConversationNotFound
    return conversation


async def listed(
    db: Database, caller: Caller, group_id: str | None, page: PageRequest
) -> tuple[list[Shown], str | None]:
    """Return a page of the conversations that the caller is in, or of one group's, those with the last words first."""
    profile = await admit(db, caller, Need.READ)
    wanted = [one for one in profile.principals if one.startswith(("user:", "group:"))]
    if group_id is not None:
        wanted = [one for one in wanted if one == f"group:{group_id}"]
    queries = [_of(part) for part in in_parts(wanted)]
    found, token = await page.of_all(db, queries, lambda one: (one.active_at, one.id))
    known = await names.of(db, {uid for one in found for uid in one.people}, profile)
    return [Shown(one, known) for one in found], token


def _of(principals: Sequence[str]) -> Query[ConversationRecord]:
    query = conversations.under().where("readers", "array-contains-any", list(principals))
    return query.ordered("active_at", descending=True)


async def read(db: Database, caller: Caller, conversation_id: str) -> Shown:
    """Return a conversation that the caller is in, and how many of its messages are new to them."""
    profile, found, reading = await admit(
        db, caller, Need.READ, conversations.at(conversation_id), readings.at(caller.uid, conversation_id)
    )
    conversation = demand(found, profile.principals)
    every = messages.under(conversation_id).where("deleted", "==", False)
    own = messages.under(conversation_id).where("author_id", "==", caller.uid)
    new = await count_new(db, every, own, reading)
    return await _shown(db, conversation, profile, unread=new)


async def _shown(
    db: Database, conversation: ConversationRecord, *at_hand: ProfileRecord, unread: int | None = None
) -> Shown:
    return Shown(conversation, await names.of(db, conversation.people, *at_hand), unread)


@again_when_moved
async def leave(db: Database, caller: Caller, conversation_id: str) -> None:
    """Leave a conversation of people. Raises GroupsConversation for one of a group."""
    profile, found = await admit(db, caller, Need.WRITE, conversations.at(conversation_id))
    conversation = demand(found, profile.principals)
    if conversation.group_id is not None:
        raise GroupsConversation
    left = [reader for reader in conversation.readers if reader != caller.principal]
    await db.commit(conversations.update(conversation, readers=left))
