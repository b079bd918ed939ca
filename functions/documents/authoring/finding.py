"""Finding documents: lists in order of change, and search by words.

A list is served in order by one index and goes on to its end. What no index serves in order, a search above all, is a
merge of single-field indexes by equality alone, which Firestore yields in no useful order; so up to 1,000 matches are
read without their text, ranked, and paged from the ranking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.database import Database
from core.data.operations import Filter, Query
from core.failures import Fault, Invalid
from core.paging import PageRequest, Place
from documents import access
from documents.authoring import search, tags
from documents.records import DocumentRecord, Role, documents

MOST_MATCHES: Final = 1_000


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to."""

    q: str | None = None
    tag: str | None = None
    owner: str | None = None
    group_id: str | None = None
    customer_id: str | None = None
    trashed: bool = False
    shared_with_me: bool = False


@dataclass(frozen=True)
class Found:
    """A page of what was found, with the caller's role for each."""

    documents: list[tuple[DocumentRecord, Role]]
    next_token: str | None
    truncated: bool = False


async def find(db: Database, caller: Caller, wanted: Wanted, page: PageRequest, now: datetime) -> Found:
    """Return a page of the documents that the caller can read and that are as wanted, the last changed first.

    With `q`, those that hold all its words, those with most of them in their title first. Raises Invalid for a query
    that cannot be searched for.
    """
    words = _words(wanted.q)
    tag = _tag(wanted.tag)
    profile = await admit(db, caller, Need.READ)
    if words == [] or tag == "":
        return Found([], None)
    principals = profile.principals
    if words is None and (query := _in_order(principals, wanted, tag)):
        found, token = await page.of(db, query, lambda document: (document.updated_at, document.id))
        return Found(_seen(found, principals, now), token)
    return await _ranked(db, principals, wanted, tag, words or [], page, now)


def _words(q: str | None) -> list[str] | None:
    if q is None:
        return None
    try:
        return search.query_terms(q)
    except search.TooManyWords as error:
        raise Invalid(faults=[Fault("/query/q", error.code, str(error))]) from error


def _tag(given: str | None) -> str | None:
    if given is None:
        return None
    try:
        return next(iter(tags.normalise([given])), "")
    except tags.InvalidTag as error:
        raise Invalid(faults=[Fault("/query/tag", error.code, error.detail)]) from error


def _narrowed(wanted: Wanted) -> list[tuple[str, str]]:
    given = (("owner_id", wanted.owner), ("group_id", wanted.group_id), ("customer_id", wanted.customer_id))
    return [(name, value) for name, value in given if value is not None]


def _in_order(principals: Sequence[str], wanted: Wanted, tag: str | None) -> Query[DocumentRecord] | None:
    """Return the query that one index serves in order, or None when there is no such index."""
    narrowed = _narrowed(wanted)
    if len(narrowed) + (tag is not None) + wanted.shared_with_me > 1:
        return None
    query = documents.under()
    if tag is not None:
        marks = [access.tag_mark(principal, tag) for principal in principals]
        query = query.where("tagged", "array-contains-any", marks)
    else:
        query = query.where(
            "shared_with" if wanted.shared_with_me else "readers", "array-contains-any", list(principals)
        )
    for name, value in narrowed:
        query = query.where(name, "==", value)
    return query.where("trashed", "==", wanted.trashed).ordered("updated_at", descending=True)


async def _ranked(
    db: Database,
    principals: Sequence[str],
    wanted: Wanted,
    tag: str | None,
    words: list[str],
    page: PageRequest,
    now: datetime,
) -> Found:
    matches = await db.query(_matching(principals, wanted, tag, words).limit(MOST_MATCHES))
    ranking = sorted((_Ranked.of(document, words) for document in matches), key=lambda found: found.place)
    if wanted.shared_with_me:
        ranking = [found for found in ranking if access.role_of(found.document, principals, now) is not Role.OWNER]
    if page.after is not None:
        ranking = [found for found in ranking if found.place > page.after]
    shown = ranking[: page.size]
    token = page.token(shown[-1].place) if len(ranking) > page.size else None
    return Found(_seen([found.document for found in shown], principals, now), token, len(matches) == MOST_MATCHES)


def _matching(principals: Sequence[str], wanted: Wanted, tag: str | None, words: list[str]) -> Query[DocumentRecord]:
    query = documents.under().any_of(Filter(("can_read", principal), "==", True) for principal in principals)
    for word in words:
        query = query.where(("terms", word), "==", True)
    if tag is not None:
        query = query.where("tags", "array-contains", tag)
    for name, value in _narrowed(wanted):
        query = query.where(name, "==", value)
    return query.where("trashed", "==", wanted.trashed)


@dataclass(frozen=True)
class _Ranked:
    document: DocumentRecord
    place: Place

    @classmethod
    def of(cls, document: DocumentRecord, words: list[str]) -> "_Ranked":
        hits = search.title_hits(document.title, words)
        # Ascending in all its parts, so that a place can be compared: most hits first, then the last changed.
        return cls(document, (-hits, -_microseconds(document.updated_at), document.id))


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def _seen(
    found: Sequence[DocumentRecord], principals: Sequence[str], now: datetime
) -> list[tuple[DocumentRecord, Role]]:
    """Pair each with the caller's role. What changed hands since the index was written stays out."""
    paired = [(document, access.role_of(document, principals, now)) for document in found]
    return [(document, role) for document, role in paired if role and access.sees(document, role)]
