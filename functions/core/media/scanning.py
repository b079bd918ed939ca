"""Virus scanning while a file passes by. A scanner that does not answer has not said that the file is clean."""

import socket
import struct
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from core.failures import Unavailable
from core.media.rejection import Reason, Rejected


class Scan(Protocol):
    """One file on its way through a scanner."""

    def feed(self, chunk: bytes) -> None:
        """Pass on what comes next. Raises as `conclude` where the scanner has made up its mind."""
        ...

    def conclude(self) -> None:
        """Return when the whole file is clean. Raises Rejected (MALWARE, NOT_SCANNABLE), Unavailable."""
        ...


class Scanner(Protocol):
    def scan(self) -> AbstractContextManager[Scan]:
        """Begin with a file. Raises Unavailable."""
        ...


_PIECE: Final = 256 * 1024
_LONGEST_ANSWER: Final = 4096
# Found nothing, but did not look at all of it: clamd with AlertExceedsMax says so as if it were a virus.
_LIMIT: Final = b"Heuristics.Limits.Exceeded"


@dataclass(frozen=True, slots=True)
class Clamd:
    """ClamAV's daemon over TCP (INSTREAM, https://docs.clamav.net/manual/Usage/Scanning.html#clamd).

    `deadline` is the seconds that one file may take, its download included. Files above clamd's StreamMaxLength are
    refused as NOT_SCANNABLE: set that to the largest upload.
    """

    host: str
    port: int = 3310
    deadline: float = 300.0

    @contextmanager
    def scan(self) -> Generator[Scan]:
        """Open a connection for one file."""
        until = time.monotonic() + self.deadline
        try:
            connection = socket.create_connection((self.host, self.port), timeout=min(self.deadline, 10.0))
        except OSError as error:
            raise _unavailable() from error
        with connection:
            stream = _Instream(connection, until)
            stream.begin()
            yield stream


class _Instream:
    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until

    def begin(self) -> None:
        self._send(b"zINSTREAM\0")

    def feed(self, chunk: bytes) -> None:
        for start in range(0, len(chunk), _PIECE):
            piece = chunk[start : start + _PIECE]
            self._send(struct.pack("!L", len(piece)) + piece)

    def conclude(self) -> None:
        self._send(struct.pack("!L", 0))
        _judge(self._answer())

    def _send(self, data: bytes) -> None:
        try:
            self._connection.settimeout(self._left())
            self._connection.sendall(data)
        except TimeoutError as error:
            raise _unavailable() from error
        except OSError:
            # It hung up, having said why: most likely that the file is too long for it.
            _judge(self._answer())
            raise _unavailable() from None

    def _answer(self) -> bytes:
        answer = b""
        try:
            while not answer.endswith(b"\0") and len(answer) < _LONGEST_ANSWER:
                self._connection.settimeout(self._left())
                piece = self._connection.recv(_LONGEST_ANSWER)
                if not piece:
                    break
                answer += piece
        except OSError as error:
            if not answer:
                raise _unavailable() from error
        return answer.rstrip(b"\0\n")

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def _judge(answer: bytes) -> None:
    """Read clamd's answer: `stream: OK`, `stream: NAME FOUND`, or words that end in ERROR."""
    if answer == b"stream: OK":
        return
    if _LIMIT in answer or answer.startswith(b"INSTREAM size limit exceeded"):
        raise Rejected(Reason.NOT_SCANNABLE)
    if answer.endswith(b" FOUND"):
        raise Rejected(Reason.MALWARE)
    raise _unavailable()


def _unavailable() -> Unavailable:
    return Unavailable("The virus scanner does not answer.", retry_after=60)
