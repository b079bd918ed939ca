"""Writing: a document comes into being, and each save makes a revision in the same commit."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord
from core.caller import Caller
from core.conditions import IfMatch
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.failures import Conflict, Fault, IdempotencyKeyReused, Invalid, TooLarge
from core.ids import random_id
from documents import access
from documents.access import Action
from documents.authoring import language, placing, search, tags
from documents.authoring.placing import Home, Placed
from documents.authoring.records import RevisionRecord, revisions
from documents.records import DocumentRecord, Language, Role, documents

MOST_BYTES: Final = 900 * 1024
"""Bytes of UTF-8 in a body: with search terms and the rest it stays below Firestore's 1 MiB for a document."""

_INLINE: Final = 64 * 1024
"""Characters whose words are taken on the event loop; longer text goes to a thread, and others are served meanwhile."""


class BodyTooLarge(TooLarge):
    detail = "The body may hold 900 KiB of UTF-8."

    def __init__(self) -> None:
        super().__init__(faults=[Fault("/body", "too_large", self.detail)])


class BeingPurged(Conflict):
    detail = "What this Idempotency-Key made is no longer yours to read, or just being purged. Use a new key."


@dataclass(frozen=True)
class Content:
    """What a person writes, checked and normalised."""

    title: str
    body: str
    tags: list[str]
    language: Language

    @classmethod
    def of(cls, title: str, body: str, given_tags: list[str], given_language: Language | None) -> "Content":
        """Raises BodyTooLarge, and Invalid with a pointer to a tag that is none."""
        if len(body.encode()) > MOST_BYTES:
            raise BodyTooLarge
        return cls(title, body, _normalised(given_tags), given_language or language.guess(f"{title}\n{body}"))

    @classmethod
    def held_by(cls, holder: "DocumentRecord | RevisionRecord") -> "Content":
        """The content of a document or a revision as it stands."""
        return cls(holder.title, holder.body, holder.tags, holder.language)


def _normalised(given: list[str]) -> list[str]:
    try:
        return tags.normalise(given)
    except tags.InvalidTag as error:
        raise Invalid(faults=[Fault(f"/tags/{error.index}", error.code, error.detail)]) from error


@dataclass(frozen=True)
class Origin:
    """What makes a creating request known when it comes again: the id it leads to, and its payload's fingerprint."""

    id: str
    fingerprint: str


@dataclass(frozen=True)
class Made:
    """A document, its maker's role, and whether an earlier request of the same key had made it."""

    document: DocumentRecord
    role: Role
    replayed: bool = False


async def create(db: Database, caller: Caller, content: Content, origin: Origin, home: Home, now: datetime) -> Made:
    """Create a document of the caller's, or of a Customer or group that they belong to.

    Raises IdempotencyKeyReused when an earlier request of the same key was another one, and Invalid for a home that is
    none of theirs.
    """
    profile = await admit(db, caller, Need.WRITE, heavy=home.heavy)
    return await add(db, profile, content, origin, placing.placed(home, profile), now)


async def add(
    db: Database,
    maker: ProfileRecord,
    content: Content,
    origin: Origin,
    placed: Placed,
    now: datetime,
    *,
    files_from: str | None = None,
) -> Made:
    """Do as `create` does for somebody who has been let in already: 1 RPC, 2 writes.

    `files_from` is the document whose files are to be copied to the new one.
    """
    document = (await _new(maker.uid, content, origin, placed, now)).model_copy(update={"files_from": files_from})
    try:
        await db.commit(documents.create(document), revisions.create(_revision(document)))
    except Moved:
        return await _made_before(db, maker, origin, now)
    return Made(document, placed.role)


async def _new(uid: str, content: Content, origin: Origin, placed: Placed, now: datetime) -> DocumentRecord:
    derived: dict[str, Any] = access.lists(placed.roles, content.tags, trashed=False)
    return DocumentRecord(
        id=origin.id,
        fingerprint=origin.fingerprint,
        owner_id=placed.owner_id,
        customer_id=placed.customer_id,
        group_id=placed.group_id,
        author_id=uid,
        title=content.title,
        body=content.body,
        tags=content.tags,
        language=content.language,
        roles=dict(placed.roles),
        terms=await _terms(content.title, content.tags, content.body),
        revision=1,
        slot=random_id(),
        slot_opened_at=now,
        slots=1,
        created_at=now,
        updated_at=now,
        **derived,
    )


async def _made_before(db: Database, maker: ProfileRecord, origin: Origin, now: datetime) -> Made:
    found = await db.get(documents.at(origin.id), heavy=("body",))
    role = access.role_of(found, maker.principals, now) if found else None
    # A key opens no document that its maker may not read by now; a marked one belongs to nobody.
    if found is None or role is None or not access.sees(found, role):
        raise BeingPurged
    if found.fingerprint != origin.fingerprint:
        raise IdempotencyKeyReused
    return Made(found, role, replayed=True)


@again_when_moved
async def revise(
    db: Database,
    caller: Caller,
    document_id: str,
    changes: Mapping[str, Any],
    condition: IfMatch,
    window: timedelta,
    now: datetime,
) -> tuple[DocumentRecord, Role]:
    """Change the named parts of a document and keep the result as a revision.

    Raises StaleEtag when the document is no longer as the caller read it. When only something beside the content moved,
    the ETag still holds and the change is tried again.
    """
    profile, found = await admit(db, caller, Need.WRITE, documents.at(document_id), heavy=("body",))
    document, role = access.demand(found, profile.principals, Action.EDIT, now)
    condition.check(document.etag(role))
    return await save(db, document, _with(document, changes), caller.uid, window, now), role


def _with(document: DocumentRecord, changes: Mapping[str, Any]) -> Content:
    whole = {name: getattr(document, name) for name in ("title", "body", "tags", "language")} | dict(changes)
    return Content.of(whole["title"], whole["body"], whole["tags"], whole["language"])


async def save(
    db: Database, document: DocumentRecord, content: Content, author: str, window: timedelta, now: datetime
) -> DocumentRecord:
    """Commit new content with its revision: 1 RPC, 2 writes; none when nothing is new.

    Raises Moved when the document is no longer as read. An author's saves within `window` of the first of them share
    one slot of the history, which keeps the last.
    """
    if content == Content.held_by(document):
        return document
    goes_on = document.author_id == author and now - document.slot_opened_at < window
    derived = access.lists(document.roles, content.tags, trashed=document.trashed)
    change = documents.update(
        document,
        title=content.title,
        body=content.body,
        tags=content.tags,
        language=content.language,
        tagged=derived["tagged"],
        terms=await _terms(content.title, content.tags, content.body),
        revision=document.revision + 1,
        slot=document.slot if goes_on else random_id(),
        slot_opened_at=document.slot_opened_at if goes_on else now,
        slots=document.slots if goes_on else document.slots + 1,
        author_id=author,
        updated_at=max(now, document.updated_at),
    )
    await db.commit(change, revisions.put(_revision(change.record)))
    return change.record


def _revision(document: DocumentRecord) -> RevisionRecord:
    return RevisionRecord(
        document_id=document.id,
        slot=document.slot,
        revision=document.revision,
        author_id=document.author_id,
        title=document.title,
        body=document.body,
        tags=document.tags,
        language=document.language,
        saved_at=document.updated_at,
    )


async def _terms(title: str, given_tags: list[str], body: str) -> dict[str, bool]:
    take = search.terms
    words = (
        take(title, given_tags, body) if len(body) < _INLINE else await asyncio.to_thread(take, title, given_tags, body)
    )
    return dict.fromkeys(words, True)
