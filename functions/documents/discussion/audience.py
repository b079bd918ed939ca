"""Whom a comment concerns: who of them can read the document, and who is told of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from accounts.profiles.rates import MENTIONS
from accounts.profiles.records import AccountState, ProfileRecord, RateRecord, profiles
from core.data.collections import Key
from core.data.database import Database
from core.data.operations import Write
from core.services.outbox import NoticeKind, NoticeRecord, notice
from documents import access
from documents.discussion import mentions
from documents.discussion.records import CommentRecord, blocks, comments
from documents.records import DocumentRecord

MOST_TOLD: Final = 20
"""People who hear of a comment without being mentioned in it."""

_LATEST: Final = 50


@dataclass(frozen=True)
class Audience:
    """People as a comment finds them.

    `readers` are those of them who can read the document; `deaf` have blocked its author. `rate` is how often the
    author has mentioned others lately.
    """

    readers: tuple[ProfileRecord, ...] = ()
    deaf: frozenset[str] = frozenset()
    rate: RateRecord | None = None

    def demand(self, named: Iterable[str]) -> None:
        """Raise Invalid unless all who are named can read the document."""
        if not set(named) <= {reader.uid for reader in self.readers}:
            raise mentions.cannot_be_mentioned()

    def notices(
        self, comment: CommentRecord, named: Sequence[str], concerned: Sequence[str], author_id: str, now: datetime
    ) -> list[Write[NoticeRecord]]:
        """Return what tells those who are named, and up to twenty of the others whom it concerns, each of them once."""
        hearing = {reader.uid for reader in self.readers} - self.deaf - {author_id}
        others = [uid for uid in dict.fromkeys(concerned) if uid in hearing and uid not in named][:MOST_TOLD]
        about = {"documentId": comment.document_id, "commentId": comment.id}
        return [
            notice(kind, now, to=uid, actor=author_id, about=about)
            for kind, uids in ((NoticeKind.MENTIONED, named), (NoticeKind.COMMENTED, others))
            for uid in uids
            if uid in hearing
        ]

    def counted(self, named: Sequence[str], author_id: str, now: datetime) -> list[Write[RateRecord]]:
        """Return what counts these mentions of others. Raises RateLimited."""
        others = len(set(named) - {author_id})
        return [MENTIONS.count(author_id, self.rate, now, others)] if others else []


async def of(db: Database, document: DocumentRecord, author_id: str, uids: Iterable[str], now: datetime) -> Audience:
    """Look at these people: 1 RPC, two reads for each and one more; none when there are none."""
    people = list(dict.fromkeys(uids))
    if not people:
        return Audience()
    keys: list[Key[Any]] = [MENTIONS.key(author_id)]
    keys += [profiles.at(uid) for uid in people]
    keys += [blocks.at(uid, author_id) for uid in people]
    rate, *found = await db.get_all(*keys)
    known: list[ProfileRecord | None] = found[: len(people)]
    blocked = [uid for uid, block in zip(people, found[len(people) :], strict=True) if block]
    readers = [one for one in known if one and _can_read(document, one, now)]
    return Audience(tuple(readers), frozenset(blocked), rate)


def _can_read(document: DocumentRecord, person: ProfileRecord, now: datetime) -> bool:
    role = access.role_of(document, person.principals, now)
    return person.state is not AccountState.ERASING and access.sees(document, role)


async def concerned(db: Database, document: DocumentRecord, head: CommentRecord | None) -> list[str]:
    """Return the document's owner, and who began a thread or wrote one of its latest replies; 1 RPC for a thread."""
    found = [document.owner_id]
    if head:
        replies = comments.under(document.id).where("parent_id", "==", head.id).ordered("created_at", descending=True)
        latest = await db.query(replies.limit(_LATEST).only("author_id")) if head.replies else []
        found += [head.author_id, *(reply.author_id for reply in latest)]
    return [uid for uid in dict.fromkeys(found) if uid]
