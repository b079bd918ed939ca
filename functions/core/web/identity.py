"""Who is calling: a Firebase ID token becomes a Caller, an OIDC token of Scheduler or Tasks a Machine.

Tokens: https://firebase.google.com/docs/auth/admin/verify-id-tokens
"""

import asyncio
import base64
import hashlib
import json
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from importlib import import_module
from threading import Lock
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core import clock
from core.caller import Caller, Machine
from core.failures import AppCheckFailed, Forbidden, RecentSignInRequired, Unauthenticated, Unavailable
from core.ids import is_uid, keyed_hash
from core.settings import Settings

CLOCK_SKEW: Final = 10
"""Seconds that a token's times may lie ahead of or behind our clock."""

RECENT: Final = timedelta(minutes=5)
"""How long ago the sign-in may be that a sensitive route wants."""

TIMEOUT: Final = 5
"""Seconds that Firebase may take to answer; its library would wait for 120."""

REMEMBERED: Final = 1_000
REMEMBERED_SECONDS: Final = 300


class NotTheMachine(Forbidden):
    detail = "Only the scheduler and the task queue call this."


class Identity:
    """Verifies tokens. A verified one is remembered by its hash, since verifying is the dearest part of a request."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: OrderedDict[bytes, tuple[Caller, float]] = OrderedDict()
        self._app: Any = None
        self._lock = Lock()

    async def check_app(self, token: str | None) -> None:
        """Where the settings ask for it, raise AppCheckFailed unless this App Check token was given to an app of ours.

        Source: https://firebase.google.com/docs/app-check/custom-resource-backend
        """
        if not self._settings.require_app_check:
            return
        if not token:
            raise AppCheckFailed
        await asyncio.to_thread(self._verify_app, token)

    async def caller(self, authorization: str | None) -> Caller:
        """Return who sent this Authorization header. Raises Unauthenticated unless it bears a token that holds now."""
        token = _bearer(authorization)
        digest, now = hashlib.sha256(token.encode()).digest(), clock.wall().timestamp()
        if (known := self._known.get(digest)) and now < known[1]:
            return known[0]
        claims = _claims(_PersonClaims, await asyncio.to_thread(self._verify, token), now)
        caller = _caller(claims, now, self._settings.key)
        self._remember(digest, caller, min(claims.exp, now + REMEMBERED_SECONDS))
        return caller

    async def revoke_sessions(self, uid: str) -> None:
        """End all sessions of a person: no refresh token of before makes a new ID token.

        Somebody whom Firebase does not have any more has no session to end.
        """
        auth, exceptions = _firebase_modules()

        try:
            await asyncio.to_thread(auth.revoke_refresh_tokens, uid, app=self._firebase())
        except auth.UserNotFoundError:
            return
        except exceptions.FirebaseError as error:
            raise Unavailable(retry_after=5) from error

    def demand_recent_sign_in(self, caller: Caller, now: datetime) -> None:
        """Raise RecentSignInRequired unless the person signed in within the last five minutes."""
        if now - caller.signed_in_at > RECENT:
            raise RecentSignInRequired

    async def refuse_if_revoked(self, authorization: str | None) -> None:
        """Ask Firebase whether the person was disabled or the token revoked: 1 call, for sensitive routes.

        Raises Unauthenticated when so.
        """
        await asyncio.to_thread(self._verify, _bearer(authorization), True)

    def machine(self, authorization: str | None, *, audience: str, email: str) -> Machine:
        """Check the claims of a machine's OIDC token.

        IAM has checked the signature before the request came here, and Cloud Run replaces it on the way, so only a
        private function may rely on this. Raises Unauthenticated without a token, NotTheMachine when it is another's.
        Source: https://cloud.google.com/run/docs/authenticating/service-to-service
        """
        given = _unverified_claims(_bearer(authorization))
        claims = _claims(_MachineClaims, given, clock.wall().timestamp())
        if (claims.aud, claims.email, claims.email_verified) != (audience, email, True):
            raise NotTheMachine
        return Machine(email)

    def _remember(self, digest: bytes, caller: Caller, until: float) -> None:
        self._known[digest] = caller, until
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def _verify(self, token: str, check_revoked: bool = False) -> dict[str, Any]:
        auth, exceptions = _firebase_modules()

        try:
            return auth.verify_id_token(
                token, app=self._firebase(), check_revoked=check_revoked, clock_skew_seconds=CLOCK_SKEW
            )
        except auth.CertificateFetchError as error:
            raise Unavailable(retry_after=5) from error
        except (auth.InvalidIdTokenError, auth.UserDisabledError, auth.UserNotFoundError, *_NO_TOKEN) as error:
            raise Unauthenticated from error
        except exceptions.FirebaseError as error:
            raise Unavailable(retry_after=5) from error

    def _verify_app(self, token: str) -> None:
        app_check: Any = import_module("firebase_admin.app_check")
        jwt: Any = import_module("jwt")

        try:
            app_check.verify_token(token, app=self._firebase())
        except jwt.PyJWKClientConnectionError as error:
            raise Unavailable(retry_after=5) from error
        except (ValueError, jwt.PyJWKClientError) as error:
            raise AppCheckFailed from error

    def _firebase(self) -> Any:
        # Called from threads, and Firebase refuses to make an app twice.
        with self._lock:
            return self._app or self._make_app()

    def _make_app(self) -> Any:
        firebase_admin: Any = import_module("firebase_admin")
        project_id = self._settings.project_id
        try:
            self._app = firebase_admin.get_app(project_id)
        except ValueError:
            options = {"projectId": project_id, "httpTimeout": TIMEOUT}
            self._app = firebase_admin.initialize_app(options=options, name=project_id)
        return self._app


def _firebase_modules() -> tuple[Any, Any]:
    # firebase-admin has no types; imported on first use, as a function that verifies nothing need not pay for it.
    return import_module("firebase_admin.auth"), import_module("firebase_admin.exceptions")


# What parsers raise at something that is no token: nesting without end, a list in the place of an object.
_NO_TOKEN: Final = (ValueError, TypeError, AttributeError, RecursionError)


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token or not token.isascii():
        raise Unauthenticated
    return token.strip()


# With a bound on its length pydantic looks into the text, and refuses halves of surrogate pairs.
_Word = Annotated[str, Field(max_length=1_000)]


class _Claims(BaseModel):
    """What every token must claim, in the types that it must have."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)

    exp: float

    def demand_life(self, now: float) -> None:
        """Raise Unauthenticated once the token is over."""
        if self.exp + CLOCK_SKEW < now:
            raise Unauthenticated


class _Provider(BaseModel):
    tenant: str | None = None


class _PersonClaims(_Claims):
    """An ID token's claims. firebase-admin skips the times of the emulator's tokens; here they are always checked."""

    uid: _Word
    auth_time: Annotated[float, Field(ge=0)]
    email: _Word | None = None
    email_verified: bool = False
    staff: bool = False
    name: _Word | None = None
    firebase: _Provider = Field(default_factory=_Provider)


class _MachineClaims(_Claims):
    aud: str
    email: str
    email_verified: bool = False


C = TypeVar("C", bound=_Claims)


def _claims(kind: type[C], given: object, now: float) -> C:
    try:
        claims = kind.model_validate(given)
    except ValidationError as error:
        raise Unauthenticated from error
    claims.demand_life(now)
    return claims


def _caller(claims: _PersonClaims, now: float, secret: bytes) -> Caller:
    # A tenant is another directory of people; its uids are not ours.
    if not is_uid(claims.uid) or claims.firebase.tenant is not None or claims.auth_time > now + CLOCK_SKEW:
        raise Unauthenticated
    return Caller(
        uid=claims.uid,
        subject_hash=keyed_hash(secret, "subject", claims.uid),
        email=claims.email,
        email_verified=claims.email_verified,
        signed_in_at=datetime.fromtimestamp(claims.auth_time, UTC),
        is_staff=claims.staff,
        name=claims.name,
    )


def _unverified_claims(token: str) -> object:
    try:
        payload = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError) as error:
        raise Unauthenticated from error
