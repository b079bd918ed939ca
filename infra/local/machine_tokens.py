"""The tokens by which Cloud Tasks and Cloud Scheduler show who calls, as a Cloud Run container sees them.

Google signs an OIDC token for the service account; Cloud Run checks it and strips the signature before the container
gets it: https://cloud.google.com/run/docs/authenticating/service-to-service and
https://cloud.google.com/docs/authentication/token-types#id
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

SIGNATURE = "SIGNATURE_REMOVED_BY_GOOGLE"
ISSUER = "https://accounts.google.com"
LIFETIME = timedelta(hours=1)


def machine_token(email: str, audience: str, now: datetime) -> str:
    """A JWT of the service account for the audience, valid for an hour, with its signature stripped."""
    account = _account_id(email)
    issued = int(now.timestamp())
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "azp": account,
        "sub": account,
        "email": email,
        "email_verified": True,
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
    }
    return f"{_segment({'alg': 'RS256', 'kid': 'local', 'typ': 'JWT'})}.{_segment(claims)}.{SIGNATURE}"


def mint_by(now: Callable[[], datetime]) -> Callable[[str, str], str]:
    """A mint that goes by that clock: `mint(email, audience)` is a token."""
    return lambda email, audience: machine_token(email, audience, now())


def _account_id(email: str) -> str:
    """The account's number: 21 digits, always the same for an address."""
    return str(int(hashlib.sha256(email.encode()).hexdigest(), 16))[:21]


def _segment(content: Mapping[str, object]) -> str:
    packed = json.dumps(content, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
