"""Virus scanning, against a real server that speaks clamd's protocol, and against clamd itself where there is one."""

from __future__ import annotations

import io
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.failures import Unavailable
from core.media.examination import Declared, Examined, examine
from core.media.rejection import Reason, Rejected
from core.media.scanning import Clamd, Scanner
from tests.support.clamd import EICAR, needs_clamd, scanning


def read(connection: socket.socket) -> bytes:
    """One INSTREAM command, unpacked."""
    stream = connection.makefile("rb")
    assert stream.read(10) == b"zINSTREAM\0"
    content = b""
    while length := struct.unpack("!L", stream.read(4))[0]:
        content += stream.read(length)
    return content


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server of one connection at a time. Yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        answer(connection)
            except OSError:
                pass

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def saying(word: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        read(connection)
        connection.sendall(word)

    return answer


def scanned(content: bytes, scanner: Scanner) -> Examined:
    return examine(io.BytesIO(content), Declared("text/plain", len(content)), scanner)


class TestClamd:
    def test_that_finds_nothing_lets_the_file_stay(self) -> None:
        with serving(saying(b"stream: OK\0")) as port:
            assert scanned(b"Hei", Clamd("127.0.0.1", port)).size == 3

    def test_sees_the_whole_file(self) -> None:
        seen: list[bytes] = []

        def answer(connection: socket.socket) -> None:
            seen.append(read(connection))
            connection.sendall(b"stream: OK\0")

        content = b"Vi gikk en tur.\n" * 200_000
        with serving(answer) as port:
            scanned(content, Clamd("127.0.0.1", port))

        assert seen == [content]

    @pytest.mark.parametrize(
        ("word", "reason"),
        [
            (b"stream: Eicar-Signature FOUND\0", Reason.MALWARE),
            (b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0", Reason.NOT_SCANNABLE),
            (b"INSTREAM size limit exceeded. ERROR\0", Reason.NOT_SCANNABLE),
        ],
    )
    def test_decides(self, word: bytes, reason: Reason) -> None:
        with serving(saying(word)) as port, pytest.raises(Rejected) as refused:
            scanned(b"Hei", Clamd("127.0.0.1", port))
        assert refused.value.reason is reason

    @pytest.mark.parametrize("word", [b"", b"stream: O", b"Can't allocate memory ERROR\0", b"UNKNOWN COMMAND\0", b"\0"])
    def test_that_does_not_say_ok_has_not_said_that_it_is_clean(self, word: bytes) -> None:
        with serving(saying(word)) as port, pytest.raises(Unavailable):
            scanned(b"Hei", Clamd("127.0.0.1", port))

    def test_that_hangs_is_waited_for_no_longer_than_said(self) -> None:
        done = threading.Event()
        begun = time.monotonic()
        with serving(lambda _: (done.wait(30), None)[1]) as port, pytest.raises(Unavailable):
            scanned(b"Hei", Clamd("127.0.0.1", port, deadline=0.3))
        done.set()
        assert time.monotonic() - begun < 15

    def test_that_reads_nothing_is_waited_for_no_longer_than_said(self) -> None:
        done = threading.Event()
        with serving(lambda _: (done.wait(30), None)[1]) as port, pytest.raises(Unavailable):
            scanned(b"a" * 50_000_000, Clamd("127.0.0.1", port, deadline=0.5))
        done.set()

    def test_that_is_not_there_is_unavailable(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with pytest.raises(Unavailable):
            scanned(b"Hei", Clamd("127.0.0.1", port))

    def test_that_hangs_up_on_a_long_file_is_heard(self) -> None:
        def answer(connection: socket.socket) -> None:
            connection.recv(1_000_000)
            connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(1_000_000):
                pass

        with serving(answer) as port, pytest.raises(Rejected) as refused:
            scanned(b"a" * 20_000_000, Clamd("127.0.0.1", port))
        assert refused.value.reason is Reason.NOT_SCANNABLE

    def test_is_not_asked_about_what_is_refused_anyway(self) -> None:
        with serving(saying(b"stream: OK\0")) as port, pytest.raises(Rejected) as refused:
            scanned(b"\xff\xfe", Clamd("127.0.0.1", port))
        assert refused.value.reason is Reason.NOT_UTF8


@needs_clamd
class TestRealClamd:
    @pytest.fixture
    def clamd(self, tmp_path: Path) -> Iterator[Clamd]:
        with scanning(tmp_path) as port:
            yield Clamd("127.0.0.1", port)

    def test_knows_a_virus_from_a_letter(self, clamd: Clamd) -> None:
        assert scanned(b"Hei", clamd).size == 3
        with pytest.raises(Rejected) as refused:
            scanned(EICAR, clamd)
        assert refused.value.reason is Reason.MALWARE
