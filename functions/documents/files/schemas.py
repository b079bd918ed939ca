"""What travels of a file."""

import re
from typing import Annotated, Literal

from pydantic import Field

from core.media import allowed
from core.web.schemas import WHOLE, AnId, AUid, Draft, Line, Page, Time, View
from documents.files.records import FileState

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="of the content, in hexadecimal")]


class FileDraft(Draft):
    """A file that a client is about to upload."""

    name: Annotated[Line, Field(min_length=1, max_length=255)]
    content_type: Annotated[
        str,
        Field(
            max_length=255,
            examples=["image/jpeg"],
            description="its media type, one of those that are taken; parameters are passed over",
            json_schema_extra={"pattern": rf"^({'|'.join(map(re.escape, allowed.ALLOWED))})( *;[ -~]*)?$"},
        ),
    ]
    size: Annotated[int, Field(ge=1, le=2**50, description="in bytes"), WHOLE]
    sha256: Annotated[Sha256 | None, Field(description="compared with what arrives, when given")] = None


class FileView(View):
    """A file. Until it is ready, type, size and hash are those that were declared; then they are those of what is
    served, which is cleaned of what tells where and by what it was made.
    """

    id: AnId
    name: Annotated[str, Field(examples=["Bærtur.jpg"])]
    content_type: Annotated[str, Field(examples=["image/jpeg"])]
    size: Annotated[int, Field(examples=[2_483_112])]
    sha256: Annotated[str | None, Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])]
    state: Annotated[Literal[FileState.PENDING, FileState.READY, FileState.REJECTED], Field(examples=["ready"])]
    reason: Annotated[
        str | None, Field(description="why it was rejected: a stable code to show in words", examples=["wrong_type"])
    ]
    thumbnails: Annotated[list[int], Field(description="sizes in which a picture can be had", examples=[[320, 1280]])]
    uploader_id: AUid
    created_at: Time


class UploadView(View):
    """Where the bytes go: send them by this method to this address, with these headers and no others of meaning."""

    method: Annotated[str, Field(examples=["PUT"])]
    url: Annotated[str, Field(examples=["https://storage.googleapis.com/dokker-uploads/uploads/…"])]
    headers: Annotated[dict[str, str], Field(examples=[{"Content-Type": "image/jpeg"}])]
    resumable: Annotated[
        bool, Field(description="whether it is a session that takes the bytes in parts", examples=[False])
    ]
    expires_at: Time


class Issued(View):
    """The file to come, and its upload (absent when an earlier request of the same key has been answered by one)."""

    file: FileView
    upload: UploadView | None = None


class FilePage(Page[FileView]):
    """A page of files, newest first."""
