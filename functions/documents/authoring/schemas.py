"""What travels of a document."""

from typing import Annotated, Self

from pydantic import Field

from core.web.schemas import Draft, Line, Page, Text, Time, View
from documents.authoring.records import RevisionRecord
from documents.records import DocumentRecord, Language, Role

TITLE_LENGTH = 300

Title = Annotated[Line, Field(max_length=TITLE_LENGTH)]
Body = Annotated[Text, Field(description="Markdown, at most 900 KiB of UTF-8")]
Tags = Annotated[list[Line], Field(max_length=50, description="normalised: trimmed, lower case, once each")]


class DocumentDraft(Draft):
    """A new document. Its language is guessed when left out."""

    title: Title = ""
    body: Body = ""
    tags: Tags = Field(default_factory=list)
    language: Language | None = None


class DocumentChange(Draft):
    """The fields to change; those left out stay as they are."""

    title: Title = ""
    body: Body = ""
    tags: Tags = Field(default_factory=list)
    language: Language = "nb"


class DocumentCard(View):
    """A document without its text, as lists show it."""

    id: str
    title: str
    tags: list[str]
    language: Language
    owner_id: str | None
    customer_id: str | None
    group_id: str | None
    role: Annotated[Role, Field(description="yours")]
    revision: Annotated[int, Field(description="counts every save")]
    created_at: Time
    updated_at: Time
    trashed_at: Time | None
    purge_at: Annotated[Time | None, Field(description="when the trash lets go of it")]

    @classmethod
    def of(cls, document: DocumentRecord, role: Role) -> Self:
        names = [name for name in cls.model_fields if name != "role"]
        return cls(role=role, **{name: getattr(document, name) for name in names})


class DocumentView(DocumentCard):
    """A document whole."""

    body: str


class DocumentPage(Page[DocumentCard]):
    """A page of documents. A search looks at 1,000 matches at most and says when there may be more."""

    truncated: Annotated[bool | None, Field(description="true when further matches were not looked at")] = None


class RevisionCard(View):
    """A revision without its text, as lists show it."""

    revision: int
    author_id: str
    author_name: str
    saved_at: Time
    title: str

    @classmethod
    def of(cls, revision: RevisionRecord, author_name: str) -> Self:
        names = [name for name in cls.model_fields if name != "author_name"]
        return cls(author_name=author_name, **{name: getattr(revision, name) for name in names})


class RevisionView(RevisionCard):
    """A revision whole."""

    tags: list[str]
    language: Language
    body: str


class TrashEmptied(View):
    purged: Annotated[int, Field(description="documents that are gone")]
