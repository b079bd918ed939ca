"""Who signs URLs: IAM in production, where no key ever leaves Google; a key of its own in the embedded stack.

Source: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
"""

import base64
from pathlib import Path
from threading import Lock
from typing import Any, Final, cast

from google.auth.credentials import Signing

from core.failures import Unavailable
from core.settings import Settings

IAM: Final = "https://iamcredentials.googleapis.com"
TIMEOUT: Final = 5
_TRIES: Final = 3
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


class Signer(Signing):
    """What Google's Storage client signs with: an e-mail address, and bytes to a signature (RSA-SHA256)."""

    @property
    def signer(self) -> Any:
        return self

    @property
    def signer_email(self) -> str:
        raise NotImplementedError

    def sign_bytes(self, message: bytes) -> bytes:
        raise NotImplementedError


class LocalSigner(Signer):
    """Signs with a private key (PEM) on this machine, without a call."""

    def __init__(self, pem: str, email: str) -> None:
        from google.auth.crypt import RSASigner

        self._email, self._key = email, cast("Any", RSASigner).from_string(pem)

    @property
    def signer_email(self) -> str:
        return self._email

    def sign_bytes(self, message: bytes) -> bytes:
        return self._key.sign(message)


class IamSigner(Signer):
    """Signs as the service account that the function runs as: one call a signature, from a thread.

    `credentials` are google-auth's; the account needs the role Service Account Token Creator on itself. Every method
    raises Unavailable when IAM cannot be reached or refuses.
    """

    def __init__(self, credentials: Any, url: str = IAM) -> None:
        from google.auth.transport.requests import AuthorizedSession

        self._credentials, self._url, self._lock = credentials, url, Lock()
        self._session: Any = AuthorizedSession(credentials)

    @property
    def signer_email(self) -> str:
        """The account's address, which the metadata server tells with the first token."""
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request

        with self._lock:
            try:
                if not self._credentials.valid:
                    self._credentials.refresh(Request())
            except GoogleAuthError as error:
                raise Unavailable(retry_after=5) from error
        return self._credentials.service_account_email

    def sign_bytes(self, message: bytes) -> bytes:
        body = {"payload": base64.b64encode(message).decode()}
        address = f"{self._url}/v1/projects/-/serviceAccounts/{self.signer_email}:signBlob"
        for _ in range(_TRIES):
            answer = self._post(address, body)
            if answer is not None and answer.status_code == 200:
                return base64.b64decode(answer.json()["signedBlob"])
            if answer is not None and answer.status_code < 500:
                break
        raise Unavailable(retry_after=5)

    def _post(self, address: str, body: dict[str, str]) -> Any:
        """Return the answer, or None when there is none to be had now."""
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        try:
            return self._session.post(address, json=body, timeout=TIMEOUT)
        except (GoogleAuthError, RequestException):
            return None


def signer_for(settings: Settings) -> Signer:
    """Return who signs in this environment. Raises Unavailable when production has no credentials."""
    if key := settings.signing_key.get_secret_value():
        pem = key if key.startswith("-----BEGIN") else Path(key).read_text(encoding="utf-8")
        return LocalSigner(pem, settings.account("local-signer"))
    if settings.environment == "local":
        raise LookupError("DOKKER_SIGNING_KEY names no key: the embedded stack makes one when it starts")
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        credentials, _ = cast("Any", google.auth).default(scopes=[_SCOPE])
    except GoogleAuthError as error:
        raise Unavailable(retry_after=5) from error
    return IamSigner(credentials)
