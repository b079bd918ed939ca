"""Passing a request on: the path percent-encoded as it came, and the headers that Google's front end adds."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

from starlette.datastructures import MutableHeaders
from starlette.types import Scope


def encoded_path(scope: Scope) -> str:
    """Return the path as the client wrote it, so that `%2F` within a segment stays no slash."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("latin-1")


def with_path(scope: Scope, path: str) -> Scope:
    """Return the same request under another percent-encoded path."""
    return {**scope, "raw_path": path.encode("latin-1"), "path": unquote_to_bytes(path).decode("utf-8", "replace")}


def forwarded(scope: Scope) -> Scope:
    """Return the request with `X-Forwarded-*`, as Hosting and Cloud Run add them: For appended, Host and Proto set."""
    headers = MutableHeaders(raw=list(scope["headers"]))
    client = scope["client"][0] if scope.get("client") else "127.0.0.1"
    headers["x-forwarded-for"] = ", ".join(filter(None, [headers.get("x-forwarded-for"), client]))
    headers["x-forwarded-proto"] = scope["scheme"]
    if host := headers.get("host"):
        headers["x-forwarded-host"] = host
    return {**scope, "headers": headers.raw}
