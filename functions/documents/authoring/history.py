"""The history of a document: its revisions, going back to one, and letting old ones go."""

from datetime import datetime, timedelta
from typing import Final

from accounts.profiles import names
from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.failures import NotFound
from core.paging import PageRequest
from documents import access
from documents.access import Action
from documents.authoring import writing
from documents.authoring.records import RevisionRecord, revisions
from documents.authoring.writing import Content
from documents.records import DocumentRecord, Role, documents

_BATCH: Final = 200
_AT_ONE_SITTING: Final = 400


class RevisionNotFound(NotFound):
    detail = "The history holds no such revision."


async def listed(
    db: Database, caller: Caller, document_id: str, page: PageRequest, now: datetime
) -> tuple[list[tuple[RevisionRecord, str]], str | None]:
    """Return a page of the revisions with their authors' names, newest first, and the token of the next."""
    profile, found = await admit(db, caller, Need.READ, documents.at(document_id))
    access.demand(found, profile.principals, Action.READ, now)
    query = revisions.under(document_id).ordered("revision", descending=True)
    shown, token = await page.of(db, query, lambda revision: (revision.revision, revision.slot))
    authors = await names.of(db, {revision.author_id for revision in shown}, profile)
    return [(revision, authors[revision.author_id]) for revision in shown], token


async def read(
    db: Database, caller: Caller, document_id: str, number: int, now: datetime
) -> tuple[RevisionRecord, str]:
    """Return one revision whole, with its author's name. Raises RevisionNotFound."""
    profile, found = await admit(db, caller, Need.READ, documents.at(document_id))
    access.demand(found, profile.principals, Action.READ, now)
    revision = await _revision(db, document_id, number)
    authors = await names.of(db, {revision.author_id}, profile)
    return revision, authors[revision.author_id]


async def _revision(db: Database, document_id: str, number: int) -> RevisionRecord:
    query = revisions.under(document_id).where("revision", "==", number).limit(1).reading("body")
    if not (found := await db.query(query)):
        raise RevisionNotFound
    return found[0]


@again_when_moved
async def restore(
    db: Database, caller: Caller, document_id: str, number: int, now: datetime
) -> tuple[DocumentRecord, Role]:
    """Make a revision's content the document's again, as a new revision: what was there stays in the history."""
    profile, found = await admit(db, caller, Need.WRITE, documents.at(document_id), heavy=("body",))
    document, role = access.demand(found, profile.principals, Action.EDIT, now)
    content = Content.held_by(await _revision(db, document_id, number))
    # No window: going back must not overwrite what it goes back from.
    return await writing.save(db, document, content, caller.uid, timedelta(), now), role


async def prune(db: Database, newest: int, older_than: datetime) -> int:
    """Let go of revisions that are neither among the newest nor younger than that. Returns how many went."""
    pruned = 0
    long = documents.under().where("slots", ">", newest).ordered("slots").only("id", "slots").limit(_BATCH)
    found = await db.query(long)
    while found:
        for document in found:
            pruned += await _prune_one(db, document, newest, older_than)
        last = found[-1]
        found = await db.query(long.start_after(last.slots, documents.key_of(last)))
    return pruned


async def _prune_one(db: Database, document: DocumentRecord, newest: int, older_than: datetime) -> int:
    excess = min(document.slots - newest, _AT_ONE_SITTING)
    query = revisions.under(document.id).where("saved_at", "<", older_than).ordered("saved_at").limit(excess)
    old = await db.query(query.only("document_id", "slot", "saved_at"))
    if not old:
        return 0
    change = documents.update(document, slots=document.slots - len(old))
    try:
        await db.commit(change, *(revisions.remove(revisions.key_of(revision)) for revision in old))
    except Moved:
        # Somebody is writing; the next night is as good.
        return 0
    return len(old)
