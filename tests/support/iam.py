"""IAM's signBlob on this machine: signs with a key that the caller never has, and counts what it is asked.

Source: https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from google.oauth2.credentials import Credentials

from core.services.signing import IamSigner

ACCOUNT = "fn-files@dokker-test.iam.gserviceaccount.com"


class Iam:
    """`requests` are path, authorization and body of each; `statuses` are answered with first, then 200."""

    def __init__(self, pem: str) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.statuses: list[int] = []
        key = load_pem_private_key(pem.encode(), None)
        assert isinstance(key, RSAPrivateKey)
        iam = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                iam.requests.append((self.path, self.headers["Authorization"], body))
                status = iam.statuses.pop(0) if iam.statuses else 200
                signature = key.sign(base64.b64decode(body["payload"]), PKCS1v15(), SHA256())
                answer = json.dumps({"keyId": "1", "signedBlob": base64.b64encode(signature).decode()}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


class ServiceAccount(Credentials):
    """What the metadata server gives a function: a token, and the account's address."""

    service_account_email = ACCOUNT


def through(iam: Iam) -> IamSigner:
    return IamSigner(ServiceAccount(token="a-token"), iam.url)


@contextmanager
def signing_blobs(pem: str) -> Iterator[Iam]:
    """The server, until the end of the block."""
    made = Iam(pem)
    serving = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        serving.join()
