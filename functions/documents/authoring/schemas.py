"""What travels of a document."""

from typing import Annotated

from pydantic import Field

from core.web.schemas import AnId, AUid, Draft, Id, Line, Page, Text, Time, View
from documents.authoring import tags
from documents.records import Language, Role

TITLE_LENGTH = 300

Title = Annotated[Line, Field(max_length=TITLE_LENGTH)]
Body = Annotated[Text, Field(description="Markdown, at most 900 KiB of UTF-8")]
Tag = Annotated[Line, Field(max_length=tags.LONGEST)]
Tags = Annotated[list[Tag], Field(max_length=50, description="normalised: trimmed, lower case, once each")]


IN_CUSTOMER = "a Customer of yours that it is to belong to; left out, it is yours"
IN_GROUP = "a group of yours that it is to belong to, and with it to the group's Customer"


class DocumentDraft(Draft):
    """A new document. Its language is guessed when left out."""

    title: Title = ""
    body: Body = ""
    tags: Tags = Field(default_factory=list)
    language: Language | None = None
    customer_id: Annotated[Id | None, Field(description=IN_CUSTOMER)] = None
    group_id: Annotated[Id | None, Field(description=IN_GROUP)] = None


class DocumentChange(Draft):
    """The fields to change; those left out stay as they are."""

    title: Title = ""
    body: Body = ""
    tags: Tags = Field(default_factory=list)
    language: Language = "nb"


class DocumentCard(View):
    """A document without its text, as lists show it."""

    id: AnId
    title: Annotated[str, Field(examples=["Blåbærtur"])]
    tags: Annotated[list[str], Field(examples=[["tur", "mat"]])]
    language: Language
    owner_id: AUid | None
    customer_id: AnId | None
    group_id: AnId | None
    role: Annotated[Role, Field(description="yours")]
    revision: Annotated[int, Field(description="counts every save", examples=[3])]
    created_at: Time
    updated_at: Time
    trashed_at: Time | None
    purge_at: Annotated[Time | None, Field(description="when the trash lets go of it")]


class DocumentView(DocumentCard):
    """A document whole."""

    body: Annotated[str, Field(examples=["Vi fant *mange* bær."])]


class DocumentPage(Page[DocumentCard]):
    """A page of documents. A search looks at 1,000 matches at most and says when there may be more."""

    truncated: Annotated[bool | None, Field(description="true when further matches were not looked at")] = None


class RevisionCard(View):
    """A revision without its text, as lists show it."""

    revision: Annotated[int, Field(examples=[3])]
    author_id: AUid
    author_name: Annotated[str, Field(examples=["Kari Nordmann"])]
    saved_at: Time
    title: Annotated[str, Field(examples=["Blåbærtur"])]


class RevisionPage(Page[RevisionCard]):
    """A page of revisions, newest first."""


class RevisionView(RevisionCard):
    """A revision whole."""

    tags: Annotated[list[str], Field(examples=[["tur", "mat"]])]
    language: Language
    body: Annotated[str, Field(examples=["Vi fant *mange* bær."])]


class TrashEmptied(View):
    purged: Annotated[int, Field(description="documents that are gone", examples=[2])]
