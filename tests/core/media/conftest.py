"""A server that holds files in memory and hands out ranges of them, as Cloud Storage does."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest


@dataclass
class Shelf:
    """Files by path; `url(content)` puts one there. What is asked for is written down."""

    server: ThreadingHTTPServer
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)
    breaks_off_at: int | None = None
    silence: threading.Event | None = None

    def url(self, content: bytes) -> str:
        path = f"/{len(self.files)}"
        self.files[path] = content
        return f"http://127.0.0.1:{self.server.server_port}{path}?signature=x"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shelf: ClassVar[Shelf]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as it is named above
        pass

    def do_GET(self) -> None:
        shelf = self.shelf
        wanted = self.headers.get("Range")
        shelf.asked.append(wanted)
        content = shelf.files.get(self.path.partition("?")[0])
        if content is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        start, end = _range(wanted, len(content))
        if start >= len(content):
            self.send_error(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            return
        self.send_response(HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK)
        self.send_header("Content-Length", str(end - start))
        self.send_header("Accept-Ranges", "bytes")
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(content)}")
        self.end_headers()
        self._write(content, start, end)

    def _write(self, content: bytes, start: int, end: int) -> None:
        breaks_off_at = self.shelf.breaks_off_at
        try:
            self.wfile.write(content[start : end if breaks_off_at is None else min(end, breaks_off_at)])
            if self.shelf.silence:
                self.wfile.flush()
                self.shelf.silence.wait(60)
        except OSError:
            pass
        self.close_connection = self.close_connection or breaks_off_at is not None


def _range(wanted: str | None, length: int) -> tuple[int, int]:
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
    if not asked:
        return 0, length
    return int(asked[1]), min(length, int(asked[2]) + 1) if asked[2] else length


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        handler.shelf = Shelf(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield handler.shelf
        server.shutdown()
