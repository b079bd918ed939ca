"""A key set of our own: certificates served as Google serves its own, and tokens signed by their keys."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key


@cache
def key(name: str) -> RSAPrivateKey:
    """A key of that name, the same for all tests of a process."""
    assert name
    return generate_private_key(65537, 2048)


def pem(name: str) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key(name).private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


@cache
def certificate(name: str) -> str:
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "securetoken.system.gserviceaccount.com")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(who, who, key(name).public_key(), 1, now - timedelta(1), now + timedelta(1))
    return made.sign(key(name), hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def signed(claims: dict[str, Any], *, by: str = "known", kid: str | None = None, algorithm: str = "RS256") -> str:
    return jwt.encode(claims, pem(by), algorithm=algorithm, headers={"kid": kid or by})


def claims_of(project_id: str, uid: str = "kari", **changes: Any) -> dict[str, Any]:
    """What Firebase says of a person; a change of None leaves a claim out."""
    now = int(time())
    whole = {
        "iss": f"https://securetoken.google.com/{project_id}",
        "aud": project_id,
        "sub": uid,
        "auth_time": now - 5,
        "iat": now - 5,
        "exp": now + 3600,
        "firebase": {"sign_in_provider": "password", "identities": {}},
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


@dataclass
class KeyServer:
    """Where the certificates are fetched; `fetched` counts how often."""

    url: str = ""
    fetched: list[str] = field(default_factory=list[str])
    documents: dict[str, Any] = field(default_factory=dict[str, Any])
    close: Any = None


@contextmanager
def served(documents: dict[str, Any]) -> Iterator[KeyServer]:
    """Serve JSON documents by path, to be kept for an hour as Google's answer says."""
    keys = KeyServer(documents=documents)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.fetched.append(self.path)
            self.send_response(200)
            self.send_header("Cache-Control", "public, max-age=3600")
            self.end_headers()
            self.wfile.write(json.dumps(keys.documents[self.path]).encode())

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    keys.url = f"http://127.0.0.1:{server.server_port}"

    def close() -> None:
        server.shutdown()
        server.server_close()

    keys.close = close
    yield keys
    close()
