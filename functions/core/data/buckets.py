"""The buckets of Cloud Storage: declared once, for Terraform, the embedded stack, and whoever puts something there."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

_FETCHED: Final = ("Content-Type", "Content-Length", "Content-Range", "ETag", "Range")
_SENT: Final = (*_FETCHED, "Location", "X-Goog-Generation", "X-Goog-Content-Length-Range", "X-Goog-If-Generation-Match")


@dataclass(frozen=True)
class Bucket:
    """One bucket. Access is uniform and public access prevented, for each of them.

    `cors_methods` are what a web client of an allowed origin may do, and `cors_headers` those that it may send and see:
    Cloud Storage has one list for both. Objects are deleted `kept` after their creation, where it is given. A deleted
    object can be brought back for `recoverable` (0: gone at once); with `generations` what is overwritten stays beside
    what is new.
    Source: https://cloud.google.com/storage/docs/json_api/v1/buckets and /storage/docs/cross-origin
    """

    name: str
    about: str
    cors_methods: tuple[str, ...] = ()
    cors_headers: tuple[str, ...] = _FETCHED
    kept: timedelta | None = None
    recoverable: timedelta = timedelta()
    generations: bool = False

    declared: ClassVar[dict[str, "Bucket"]] = {}

    def __post_init__(self) -> None:
        if self.name in self.declared:
            raise TypeError(f"the bucket {self.name} is declared already")
        self.declared[self.name] = self

    def named_in(self, project_id: str) -> str:
        """Return the bucket's real name, as names are shared by the whole world."""
        return f"{project_id}-{self.name}"


UPLOADS: Final = Bucket(
    "uploads",
    "what a client has sent and nobody has looked at yet",
    cors_methods=("PUT",),
    cors_headers=_SENT,
    kept=timedelta(days=8),
)
"""A resumable upload may take 7 days; what is still there a day later belongs to nobody."""

FILES: Final = Bucket(
    "files",
    "files and pictures that were checked and cleaned",
    cors_methods=("GET", "HEAD"),
    recoverable=timedelta(days=7),
)

EXPORTS: Final = Bucket(
    "exports",
    "copies of a person's data that they have asked for",
    cors_methods=("GET", "HEAD"),
    kept=timedelta(days=8),
)
