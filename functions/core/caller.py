"""Who acts: a person with a verified token, or one of Google's services."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Caller:
    """A signed-in person, as their verified token describes them.

    `subject_hash` is the keyed hash of the uid, which stands for the person where no identifier may be kept.
    """

    uid: str
    subject_hash: str
    email: str | None
    email_verified: bool
    signed_in_at: datetime
    is_staff: bool = False
    name: str | None = None

    @property
    def principal(self) -> str:
        """The name under which access is given to this person alone."""
        return f"user:{self.uid}"


@dataclass(frozen=True)
class Machine:
    """A caller that is one of Google's services, acting with the account of this address."""

    email: str
