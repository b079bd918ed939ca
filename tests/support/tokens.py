"""People for tests: ID tokens as the Auth emulator makes them, and accounts made through its admin side.

Its tokens are unsigned (`alg: none`), and firebase-admin takes them while FIREBASE_AUTH_EMULATOR_HOST is set. It maps
every API key to one project, so only people of that project can sign in with a password; any project has an admin side.
"""

import base64
import json
import time
from typing import Any

import httpx

from infra.local.auth_accounts import OWNER, accounts_url
from infra.local.places import PROJECT_ID

_HOUR = 3600


def id_token(
    project_id: str,
    uid: str,
    email: str | None = None,
    email_verified: bool = True,
    auth_time: int | None = None,
    iat: int | None = None,
    exp: int | None = None,
    **claims: Any,
) -> str:
    """An ID token that firebase-admin accepts for the project, as after signing in with a password.

    Times are in seconds since 1970. A claim given as None is left out, so that a test can omit any.
    """
    issued = int(time.time()) if iat is None else iat
    identities = {"email": [email]} if email else {}
    payload = {
        "iss": f"https://securetoken.google.com/{project_id}",
        "aud": project_id,
        "sub": uid,
        "user_id": uid,
        "auth_time": issued if auth_time is None else auth_time,
        "iat": issued,
        "exp": issued + _HOUR if exp is None else exp,
        "email": email,
        "email_verified": email_verified if email else None,
        "firebase": {"identities": identities, "sign_in_provider": "password" if email else "anonymous"},
    } | claims
    present = {claim: value for claim, value in payload.items() if value is not None}
    return ".".join((_part({"alg": "none", "typ": "JWT"}), _part(present), ""))


def make_user(host: str, project_id: str, uid: str, email: str, password: str = "correct horse", **more: Any) -> None:
    """Make an account through the Auth emulator's admin side, in any project; `more` as Identity Toolkit names it.

    `make_user(host, project, "kari", "kari@example.com", emailVerified=True, displayName="Kari", disabled=False)`
    """
    account = {"localId": uid, "email": email, "password": password, "emailVerified": True} | more
    answer = httpx.post(accounts_url(f"http://{host}", project_id), json=account, headers=OWNER, timeout=30)
    answer.raise_for_status()


def change_user(host: str, project_id: str, uid: str, **changes: Any) -> None:
    """Change an account: `disableUser=True`, `validSince="1790000000"` (as revoking does), `customAttributes="{}"`."""
    wish = {"localId": uid} | changes
    answer = httpx.post(accounts_url(f"http://{host}", project_id) + ":update", json=wish, headers=OWNER, timeout=30)
    answer.raise_for_status()


def sign_in(host: str, email: str, password: str = "correct horse") -> str:
    """The ID token that a real client gets for e-mail and password. Only for people of the project `PROJECT_ID`."""
    url = f"http://{host}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=any"
    wish = {"email": email, "password": password, "returnSecureToken": True}
    answer = httpx.post(url, json=wish, timeout=30)
    answer.raise_for_status()
    return str(answer.json()["idToken"])


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


__all__ = ["PROJECT_ID", "change_user", "id_token", "make_user", "sign_in"]
