"""Finding documents: lists in order of change, and search by words.

A list is served in order by one index and goes on to its end. What no index serves in order, a search above all, is a
merge of single-field indexes by equality alone, which Firestore yields in no useful order; so up to 1,000 matches are
read without their text, ranked, and paged from the ranking. Whoever belongs to more than one query can ask for asks
several, and sees one list.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.profiles.admission import Need, admit
from core.caller import Caller
from core.data.database import Database
from core.data.operations import Filter, Query, in_parts
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
    eyes = _Eyes(frozenset(profile.principals), wanted.shared_with_me, now)
    if words is None and (queries := _in_order(profile.principals, wanted, tag)):
        found, token = await page.of_all(db, queries, lambda document: (document.updated_at, document.id))
        return Found(eyes.seen(found), token)
    queries = _matching(profile.principals, wanted, tag, words or [])
    matches, truncated = await _matches(db, queries)
    return _ranked(eyes.seen(matches), words or [], page, truncated=truncated)


@dataclass(frozen=True)
class _Eyes:
    """What the caller may see of what the queries yield, and in what role.

    What changed hands since the index was written stays out, and so does what was shared for a time that is over.
    """

    principals: frozenset[str]
    shared_with_me: bool
    now: datetime

    def seen(self, found: Sequence[DocumentRecord]) -> list[tuple[DocumentRecord, Role]]:
        """Pair each with the caller's role."""
        paired = [(document, access.role_of(document, self.principals, self.now)) for document in found]
        return [(document, role) for document, role in paired if role and self._wants(document, role)]

    def _wants(self, document: DocumentRecord, role: Role) -> bool:
        # One's own is not shared with oneself, though one of one's groups may read it.
        return access.sees(document, role) and not (self.shared_with_me and role is Role.OWNER)


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


def _in_order(principals: Sequence[str], wanted: Wanted, tag: str | None) -> list[Query[DocumentRecord]]:
    """Return the queries that one index serves in order, or none when there is no such index."""
    narrowed = _narrowed(wanted)
    if len(narrowed) + (tag is not None) + wanted.shared_with_me > 1:
        return []
    query = documents.under().where("trashed", "==", wanted.trashed).ordered("updated_at", descending=True)
    for name, value in narrowed:
        query = query.where(name, "==", value)
    if tag is not None:
        marks = [access.tag_mark(principal, tag) for principal in principals]
        return [query.where("tagged", "array-contains-any", part) for part in in_parts(marks)]
    by = "shared_with" if wanted.shared_with_me else "readers"
    return [query.where(by, "array-contains-any", part) for part in in_parts(principals)]


def _matching(
    principals: Sequence[str], wanted: Wanted, tag: str | None, words: list[str]
) -> list[Query[DocumentRecord]]:
    query = documents.under().where("trashed", "==", wanted.trashed)
    for word in words:
        query = query.where(("terms", word), "==", True)
    if tag is not None:
        query = query.where("tags", "array-contains", tag)
    for name, value in _narrowed(wanted):
        query = query.where(name, "==", value)
    return [query.any_of(Filter(("can_read", one), "==", True) for one in part) for part in in_parts(principals)]


async def _matches(db: Database, queries: Sequence[Query[DocumentRecord]]) -> tuple[list[DocumentRecord], bool]:
    """Return up to 1,000 matches, the same on every page, and whether there may be more.

    Without an order Firestore yields documents by id, so the first of each query hold the first of all.
    """
    parts = await asyncio.gather(*(db.query(query.limit(MOST_MATCHES)) for query in queries))
    found = {document.id: document for part in parts for document in part}
    truncated = len(found) > MOST_MATCHES or any(len(part) == MOST_MATCHES for part in parts)
    return [found[id_] for id_ in sorted(found)[:MOST_MATCHES]], truncated


def _ranked(
    seen: Sequence[tuple[DocumentRecord, Role]], words: list[str], page: PageRequest, *, truncated: bool
) -> Found:
    ranking = sorted((_Ranked.of(document, role, words) for document, role in seen), key=lambda found: found.place)
    if page.after is not None:
        ranking = [found for found in ranking if found.place > page.after]
    shown = ranking[: page.size]
    token = page.token(shown[-1].place) if len(ranking) > page.size else None
    return Found([(found.document, found.role) for found in shown], token, truncated)


@dataclass(frozen=True)
class _Ranked:
    document: DocumentRecord
    role: Role
    place: Place

    @classmethod
    def of(cls, document: DocumentRecord, role: Role, words: list[str]) -> "_Ranked":
        hits = search.title_hits(document.title, words)
        # Ascending in all its parts, so that a place can be compared: most hits first, then the last changed.
        return cls(document, role, (-hits, -_microseconds(document.updated_at), document.id))


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
