"""ffmpeg, run as a program of its own (imageio-ffmpeg's wheel brings it) on a file behind a URL.

It can reach that URL's scheme and nothing else, has no environment, no files, no input, a bound on time and memory, and
ends with its caller: killed where that gives up, by its broken pipe where that is gone. What it says may hold names and
signed addresses, so it is looked through and never kept.
"""

import errno
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Final
from urllib.parse import urlsplit

from core.failures import Unavailable
from core.media.rejection import Reason, Rejected

_CHUNK: Final = 256 * 1024
_MEMORY: Final = 1024 * 1024 * 1024
_STALLED: Final = 30 * 1_000_000  # microseconds

_PROTOCOLS: Final = {"https": "https,tls,tcp", "http": "http,tcp"}
_ALONE: Final = ("-nostdin", "-hide_banner", "-loglevel", "error", "-xerror")

# ffmpeg ends with the low byte of its error: minus errno, or minus a tag of four letters (libavutil/error.h).
_INVALID_DATA: Final = 256 - ord("I")
_END_OF_FILE: Final = 256 - ord("E")
_HTTP_ERROR: Final = 256 - 0xF8
_NETWORK: Final = (errno.EIO, errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT, errno.EPIPE, errno.EHOSTUNREACH)
_UNAVAILABLE: Final = {_HTTP_ERROR, *(256 - number for number in _NETWORK)}
_BROKEN_OFF: Final = b"Stream ends prematurely"  # libavformat/http.c, when the answer is shorter than it promised


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read: an http or https URL that allows ranges, and ffmpeg's name of its format, never guessed."""

    url: str
    demuxer: str

    def arguments(self) -> list[str]:
        """Return the options that open it. Raises ValueError for another scheme."""
        scheme = urlsplit(self.url).scheme
        if scheme not in _PROTOCOLS:
            raise ValueError("only http and https are read")
        return [
            *("-protocol_whitelist", _PROTOCOLS[scheme], "-rw_timeout", str(_STALLED), "-max_redirects", "0"),
            *(("-tls_verify", "1", "-ca_file", _authorities()) if scheme == "https" else ()),
            *("-f", self.demuxer, "-i", self.url),
        ]


def run(
    source: Source,
    arguments: Sequence[str],
    take: Callable[[bytes], object],
    *,
    seconds: float,
    failed: Reason,
    heard: Callable[[bytes], object] | None = None,
) -> None:
    """Hand what ffmpeg makes of the source to `take`, as it comes, and what it says line by line to `heard`.

    Raises Rejected (UNREADABLE, or `failed` where the content is sound but this cannot be done with it), Unavailable
    when the file cannot be fetched or time is up, and whatever `take` raises.
    """
    command = [_program(), *_ALONE, *source.arguments(), *arguments, "pipe:1"]
    with _started(command) as process, _Deadline(process, seconds) as deadline:
        assert process.stdout and process.stderr
        words = _Words(process.stderr, heard)
        while chunk := process.stdout.read(_CHUNK):
            take(chunk)
        code = process.wait()
        broken_off = words.broken_off()
    if code != 0 or broken_off:
        raise _verdict(code, failed, is_passing=broken_off or deadline.passed)


@contextmanager
def _started(command: Sequence[str]) -> Generator["subprocess.Popen[bytes]"]:
    """Run a program that never outlives the block."""
    pipe = subprocess.PIPE
    # The program is our own wheel's, and no argument is a shell's.
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env={}) as process:  # noqa: S603
        try:
            _bound(process.pid)
            yield process
        finally:
            process.kill()


def _bound(pid: int) -> None:
    """Bound memory, which a hostile index could take all of; where the system cannot, the container's bound remains."""
    if sys.platform == "linux":
        import resource

        resource.prlimit(pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))


class _Deadline:
    """Kills a program when its time is up."""

    def __init__(self, process: "subprocess.Popen[bytes]", seconds: float) -> None:
        self.passed = False
        self._process = process
        self._timer = threading.Timer(seconds, self._pass)

    def __enter__(self) -> "_Deadline":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _pass(self) -> None:
        self.passed = True
        self._process.kill()


class _Words:
    """Listens, so that ffmpeg need not wait to be heard, and remembers only whether the file broke off."""

    def __init__(self, stream: IO[bytes], heard: Callable[[bytes], object] | None) -> None:
        self._stream = stream
        self._heard = heard
        self._broken_off = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def broken_off(self) -> bool:
        """Tell, once the program has ended."""
        self._thread.join()
        return self._broken_off

    def _listen(self) -> None:
        while line := self._stream.readline(4096):
            self._broken_off = self._broken_off or _BROKEN_OFF in line
            if self._heard:
                self._heard(line)


def _verdict(code: int, failed: Reason, *, is_passing: bool) -> Exception:
    if is_passing or code in _UNAVAILABLE:
        return Unavailable("The file cannot be fetched at the moment.", retry_after=60)
    return Rejected(Reason.UNREADABLE if code < 0 or code in {_INVALID_DATA, _END_OF_FILE} else failed)


def _program() -> str:
    # It has no type information.
    import imageio_ffmpeg  # pyright: ignore[reportMissingTypeStubs]

    return imageio_ffmpeg.get_ffmpeg_exe()


def _authorities() -> str:
    """The certificate authorities; those of the machine are unknown to a program that was built elsewhere."""
    import certifi

    return certifi.where()
