"""What travels of comments, conversations and blocks."""

from typing import Annotated, Final

from pydantic import Field

from core.web.schemas import AnId, AUid, Draft, Id, Line, Page, Time, Uid, View
from documents.discussion import conversing
from documents.discussion.records import CommentRecord, MessageRecord
from documents.discussion.showing import Shown

LONGEST: Final = 10_000
MOST_PEOPLE: Final = 49

# Text on many lines (as core's), with something in it that can be seen.
_SIGN: Final = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
Words = Annotated[
    str,
    Field(
        max_length=LONGEST,
        pattern=rf"^{_SIGN}*[^\x00-\x20\x7f\x85\xa0]{_SIGN}*$",
        description="a part of Markdown: emphasis, strikethrough, code, quotes, lists, links",
        examples=["Så *fint*, @{ola-nordmann}! Hvor var det?"],
    ),
]
Html = Annotated[str, Field(description="the same, safe to put into a page", examples=["<p>Så <em>fint</em>!</p>\n"])]


class AnchorDraft(Draft):
    quote: Annotated[
        str, Field(min_length=1, max_length=1_000, pattern=rf"^{_SIGN}*$", description="the passage, as it is now")
    ]


class CommentDraft(Draft):
    """A comment, on the whole document or a passage of it, or a reply to another."""

    body: Words
    parent_id: Annotated[
        Id | None, Field(description="the comment replied to; a reply to a reply belongs to the same thread")
    ] = None
    anchor: AnchorDraft | None = None


class WordsChange(Draft):
    """Another text in place of the present one."""

    body: Words


class CommentsRead(Draft):
    """Up to where somebody has read: a comment, or all that there are."""

    comment_id: Id | None = None


class MessagesRead(Draft):
    """Up to where somebody has read: a message, or all that there are."""

    message_id: Id | None = None


class PersonNamed(View):
    """Somebody; without a name when they are gone."""

    uid: AUid
    name: Annotated[str, Field(examples=["Ola Nordmann"])]


class AnchorView(View):
    quote: Annotated[str, Field(description="the passage, as it was then", examples=["mange bær"])]


class CommentView(View):
    """A comment. A deleted one that has replies is there without words and author: its thread holds together."""

    id: AnId
    parent_id: Annotated[AnId | None, Field(description="the head of its thread; absent on heads")]
    author_id: AUid | None
    author_name: Annotated[str | None, Field(examples=["Kari Nordmann"])]
    body: Annotated[str, Field(examples=["Så *fint*, @{ola-nordmann}! Hvor var det?"])]
    body_html: Html
    anchor: AnchorView | None
    mentions: Annotated[list[PersonNamed], Field(description="those whom the text names as @{uid}")]
    resolved_at: Time | None
    resolved_by: AUid | None
    created_at: Time
    edited_at: Time | None
    deleted: bool

    @classmethod
    def of(cls, shown: Shown[CommentRecord]) -> "CommentView":
        record, names = shown.record, shown.names
        return cls.showing(
            record,
            author_name=names[record.author_id] if record.author_id else None,
            body=shown.body,
            body_html=shown.html,
            anchor=AnchorView(quote=record.quote) if record.quote else None,
            mentions=[PersonNamed(uid=uid, name=names[uid]) for uid in record.mentions],
        )


class CommentPage(Page[CommentView]):
    """A page of comments, oldest first; threads are put together by `parentId`."""


class CommentCounts(View):
    total: Annotated[int, Field(examples=[12])]
    unread: Annotated[int, Field(description="of those that others wrote", examples=[3])]


class ConversationDraft(Draft):
    """A conversation in a group, or with people who each share a group or Customer with you."""

    group_id: Id | None = None
    people: Annotated[list[Uid], Field(max_length=MOST_PEOPLE, description="the others, without yourself")] = Field(
        default_factory=list
    )
    title: Annotated[Line, Field(max_length=200)] = ""


class ConversationView(View):
    """A conversation. `people` are those who are in it in person; a group's is for whoever is in the group."""

    id: AnId
    title: Annotated[str, Field(examples=["Turen til Gaustatoppen"])]
    group_id: AnId | None
    people: list[PersonNamed]
    started_by: AUid | None
    created_at: Time
    active_at: Annotated[Time, Field(description="about when something was last written")]
    unread: Annotated[int | None, Field(description="of others' messages; not in lists", examples=[3])]

    @classmethod
    def of(cls, shown: conversing.Shown) -> "ConversationView":
        people = [PersonNamed(uid=uid, name=shown.names[uid]) for uid in shown.record.people]
        return cls.showing(shown.record, people=people, unread=shown.unread)


class ConversationPage(Page[ConversationView]):
    """A page of conversations, those with the last words first."""


class MessageDraft(Draft):
    body: Words


class MessageView(View):
    """A message. A deleted one is there without words and author."""

    id: AnId
    author_id: AUid | None
    author_name: Annotated[str | None, Field(examples=["Kari Nordmann"])]
    body: Annotated[str, Field(examples=["Hvor var det?"])]
    body_html: Html
    created_at: Time
    edited_at: Time | None
    deleted: bool

    @classmethod
    def of(cls, shown: Shown[MessageRecord]) -> "MessageView":
        author = shown.record.author_id
        return cls.showing(
            shown.record, author_name=shown.names[author] if author else None, body=shown.body, body_html=shown.html
        )


class MessagePage(Page[MessageView]):
    """A page of messages, newest first."""


class BlockedView(View):
    uid: AUid
    created_at: Time


class BlockedPage(Page[BlockedView]):
    """A page of people whom you have blocked, the latest first."""
