"""The vocabulary in which stored data says what it is and what becomes of it.

A field is classified with `Subject`, `Personal` or `NotPersonal`; a collection says purpose, basis, retention and what
erasure does for each role. The right to be informed, to access and to erasure (GDPR articles 13-17, 30) is carried out
by reading these declarations, never by searching for personal data.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Category(StrEnum):
    """The kinds of information that the policy names."""

    ACCOUNT = "account"
    CONTENT = "content"
    USAGE = "usage"
    BILLING = "billing"
    LOG = "log"
    DEVICE = "device"
    LOCATION = "location"
    INTEGRATION = "integration"
    THIRD_PARTY = "third_party"
    COMMUNICATION = "communication"


class Purpose(StrEnum):
    """What data is kept for."""

    PROVIDE_SERVICE = "provide_service"
    SECURITY = "security"
    SUPPORT = "support"
    BILLING = "billing"
    LEGAL_DUTY = "legal_duty"


class Basis(StrEnum):
    """The lawful bases of GDPR article 6(1) that Dokker relies on."""

    CONTRACT = "contract"
    CONSENT = "consent"
    LEGAL_OBLIGATION = "legal_obligation"
    LEGITIMATE_INTEREST = "legitimate_interest"


@dataclass(frozen=True)
class Subject:
    """The field names a person, in this role.

    `by` says how: `uid`; `email`, the keyed hash of an address; `principal`, where `user:{uid}` and `member:{id}`, by
    the id of a membership on their profile, name a person, and other principals do not. The field holds one name, a
    list of them, or a map whose keys they are (beside which a list stands, so that it can be queried).
    """

    role: str
    by: Literal["uid", "email", "principal"] = "uid"


@dataclass(frozen=True)
class Personal:
    """The field is data about the record's subjects."""

    category: Category


@dataclass(frozen=True)
class _NotPersonal:
    pass


NotPersonal = _NotPersonal()
"""The field says nothing about anybody: stated on purpose, not by omission."""

Classification = Subject | Personal | _NotPersonal


@dataclass(frozen=True)
class Delete:
    """Erasure deletes the document and all below it."""


@dataclass(frozen=True)
class Blank:
    """Erasure empties content and name; the node stays so that others' threads hold together."""


@dataclass(frozen=True)
class Anonymise:
    """Erasure puts a label in the person's place that is random for each document; the rest stays."""


@dataclass(frozen=True)
class Transfer:
    """Erasure leaves the document with the Customer that owns it, and anonymises authorship."""


@dataclass(frozen=True)
class Retain:
    """Erasure must keep the record, as a law says, until the period has run out."""

    until: str
    ground: str


Effect = Delete | Blank | Anonymise | Transfer | Retain


@dataclass(frozen=True)
class Retention:
    """How long a record is kept; `besides` says in words what the rule leaves out, or why it is so."""

    kept: Literal["with_parent", "with_account", "forever", "period"]
    period: str | None = None
    runs_from: str | None = None
    besides: str | None = None

    @classmethod
    def with_parent(cls, *, besides: str | None = None) -> "Retention":
        """Keep it as long as the document above it."""
        return cls("with_parent", besides=besides)

    @classmethod
    def with_account(cls, *, besides: str | None = None) -> "Retention":
        """Keep it as long as its owner's account."""
        return cls("with_account", besides=besides)

    @classmethod
    def forever(cls, *, besides: str) -> "Retention":
        """Keep it without an end, for the reason that `besides` gives (GDPR article 5(1)(e) wants one)."""
        return cls("forever", besides=besides)

    @classmethod
    def of(cls, period: str, *, runs_from: str, besides: str | None = None) -> "Retention":
        """Keep it for `period` (ISO 8601, such as `P90D`) from the time in the field `runs_from`."""
        return cls("period", period, runs_from, besides)
