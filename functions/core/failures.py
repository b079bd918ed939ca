"""The ways in which a use case can fail, each with a stable code; `core.web.problems` has what HTTP makes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with the input: where (JSON Pointer, RFC 6901), a stable code, a sentence."""

    pointer: str
    code: str
    detail: str


class Failure(Exception):
    """Base of all failures that a caller is told about.

    `detail` is a sentence for a person, free of personal data and of anything that the caller may not see.
    """

    code: ClassVar[str]
    title: ClassVar[str]
    detail: ClassVar[str]

    def __init__(
        self, detail: str | None = None, *, faults: Sequence[Fault] = (), retry_after: int | None = None
    ) -> None:
        super().__init__(detail or type(self).detail)
        self.explanation = detail or type(self).detail
        self.faults = tuple(faults)
        self.retry_after = retry_after


class Malformed(Failure):
    code = "malformed_request"
    title = "The request cannot be read"
    detail = "The request is not what HTTP or JSON demand."


class Unauthenticated(Failure):
    code = "unauthenticated"
    title = "Sign-in needed"
    detail = "Send a valid Firebase ID token as 'Authorization: Bearer <token>'."


class AppCheckFailed(Unauthenticated):
    code = "app_check_failed"
    title = "App Check failed"
    detail = "Send a valid App Check token of a Dokker app as X-Firebase-AppCheck."


class Forbidden(Failure):
    code = "forbidden"
    title = "Not allowed"
    detail = "You can see this, but may not do that with it."


class RecentSignInRequired(Forbidden):
    code = "recent_sign_in_required"
    title = "Recent sign-in needed"
    detail = "Sign in again: this wants a sign-in of the last five minutes."


class NotFound(Failure):
    code = "not_found"
    title = "Not found"
    detail = "There is nothing here that you can see."


class MethodNotAllowed(Failure):
    code = "method_not_allowed"
    title = "Method not allowed"
    detail = "This address does not answer that method; the Allow header names those that it does."


class NotAcceptable(Failure):
    code = "not_acceptable"
    title = "Not acceptable"
    detail = "None of the types that Accept names can be produced."


class Conflict(Failure):
    code = "conflict"
    title = "Conflict"
    detail = "The present state does not allow that."


class Gone(Failure):
    code = "gone"
    title = "Gone"
    detail = "This was here and is no more."


class PreconditionFailed(Failure):
    code = "precondition_failed"
    title = "Precondition failed"
    detail = "A condition that the request made does not hold."


class StaleEtag(PreconditionFailed):
    code = "stale_etag"
    title = "Changed since you read it"
    detail = "If-Match names an older version. Read it again, merge, and send your change with the new ETag."


class TooLarge(Failure):
    code = "too_large"
    title = "Too large"
    detail = "The request is larger than what is taken here."


class UnsupportedMediaType(Failure):
    code = "unsupported_media_type"
    title = "Unsupported media type"
    detail = "The Content-Type is not one that this address reads."


class Invalid(Failure):
    code = "validation_failed"
    title = "Invalid input"
    detail = "Some of the input is not valid; 'errors' says what and where."


class IdempotencyKeyReused(Invalid):
    code = "idempotency_key_reused"
    title = "Idempotency-Key used before"
    detail = "This Idempotency-Key came before with another payload. Use a new key for a new request."


class IfMatchRequired(Failure):
    code = "if_match_required"
    title = "If-Match needed"
    detail = "Send the ETag that you last read as If-Match, so that nobody's change is lost."


class RateLimited(Failure):
    code = "rate_limited"
    title = "Too many requests"
    detail = "You have done this too often. Try again after the time that Retry-After gives."


class QuotaExceeded(Failure):
    code = "quota_exceeded"
    title = "Quota exceeded"
    detail = "There is no room left for this."


class Unavailable(Failure):
    code = "unavailable"
    title = "Unavailable for the moment"
    detail = "A part that this needs does not answer. Nothing is lost; try again after the time that Retry-After gives."


class Internal(Failure):
    code = "internal"
    title = "Our fault"
    detail = "Something went wrong on our side. It is logged under the request id that came with this answer."
