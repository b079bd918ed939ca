"""Comments and messages as they are shown: with names in the place of uids, and as HTML beside the text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from accounts.profiles import names
from accounts.profiles.records import ProfileRecord
from core.data.database import Database
from documents.discussion import mentions, rendering
from documents.discussion.records import CommentRecord, MessageRecord

R = TypeVar("R", CommentRecord, MessageRecord)


@dataclass(frozen=True)
class Shown(Generic[R]):
    """A comment or message, its text as it was written and as HTML, and the names of all whom it speaks of."""

    record: R
    body: str
    html: str
    names: dict[str, str]


async def comments(db: Database, found: Sequence[CommentRecord], *at_hand: ProfileRecord) -> list[Shown[CommentRecord]]:
    """Show comments. At most 1 RPC for the names that are not at hand."""
    spoken_of = {uid for one in found for uid in (one.author_id, one.resolved_by, *one.mentions) if uid}
    known = await names.of(db, spoken_of, *at_hand)
    texts = [(one.body, [known[uid] for uid in one.mentions]) for one in found]
    pages = await rendering.rendered(texts)
    return [
        Shown(one, mentions.put_together(one.body, one.mentions), html, known)
        for one, html in zip(found, pages, strict=True)
    ]


async def messages(db: Database, found: Sequence[MessageRecord], *at_hand: ProfileRecord) -> list[Shown[MessageRecord]]:
    """Show messages. At most 1 RPC for the names that are not at hand."""
    known = await names.of(db, {one.author_id for one in found if one.author_id}, *at_hand)
    pages = await rendering.rendered([(one.body, ()) for one in found])
    return [Shown(one, one.body, html, known) for one, html in zip(found, pages, strict=True)]
