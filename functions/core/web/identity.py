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
from typing import Any, Final

from core import clock
from core.caller import Caller, Machine
from core.failures import AppCheckFailed, Forbidden, RecentSignInRequired, Unauthenticated, Unavailable
from core.ids import is_storable, keyed_hash
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
        claims = await asyncio.to_thread(self._verify, token)
        caller = _caller(claims, now, self._settings.key)
        self._remember(digest, caller, min(float(claims["exp"]), now + REMEMBERED_SECONDS))
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
        claims = _unverified_claims(_bearer(authorization))
        now = clock.wall().timestamp()
        if not isinstance(claims.get("exp"), (int, float)) or claims["exp"] + CLOCK_SKEW < now:
            raise Unauthenticated
        if claims.get("aud") != audience or claims.get("email") != email or claims.get("email_verified") is not True:
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


def _caller(claims: dict[str, Any], now: float, secret: bytes) -> Caller:
    uid, expires, signed_in = claims.get("uid"), claims.get("exp"), claims.get("auth_time")
    # firebase-admin skips the times of the emulator's tokens; they are checked here for every token.
    if not isinstance(expires, (int, float)) or expires + CLOCK_SKEW < now:
        raise Unauthenticated
    if not isinstance(signed_in, (int, float)) or not 0 <= signed_in <= now + CLOCK_SKEW:
        raise Unauthenticated
    if not isinstance(uid, str) or not is_storable(uid):
        raise Unauthenticated
    # A tenant is another directory of people; its uids are not ours.
    firebase: Any = claims.get("firebase", {})
    if not isinstance(firebase, dict) or firebase.get("tenant") is not None:  # pyright: ignore[reportUnknownMemberType]
        raise Unauthenticated
    return Caller(
        uid=uid,
        subject_hash=keyed_hash(secret, "subject", uid),
        email=claims.get("email"),
        email_verified=claims.get("email_verified") is True,
        signed_in_at=datetime.fromtimestamp(signed_in, UTC),
        is_staff=claims.get("staff") is True,
        name=claims.get("name"),
    )


def _unverified_claims(token: str) -> dict[str, Any]:
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError) as error:
        raise Unauthenticated from error
    if not isinstance(claims, dict):
        raise Unauthenticated
    return claims  # pyright: ignore[reportUnknownVariableType]  claims are whatever the token says
