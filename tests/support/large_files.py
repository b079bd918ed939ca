"""Files too large to be held: made and read piece by piece."""

from __future__ import annotations

import random
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from tests.support.samples import ffmpeg

MIB = 1024 * 1024


class _Pieces:
    """What a writer has written since it was last asked; nobody can seek in it."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._held.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def taken(self) -> Iterator[bytes]:
        held, self._held = self._held, []
        yield from held


def archive(mebibytes: int) -> Iterator[bytes]:
    """The pieces of a ZIP archive with one entry of so many MiB, stored as it is and not to be packed."""
    block, out = random.Random(7).randbytes(MIB), _Pieces()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as package,
        package.open("opptak.bin", "w", force_zip64=True) as entry,
    ):
        for _ in range(mebibytes):
            entry.write(block)
            yield from out.taken()
    yield from out.taken()


def film(folder: Path, mebibytes: int) -> Path:
    """An MP4 of about so many MiB, whose index stands at its end."""
    once, whole = folder / "once.mp4", folder / "whole.mp4"
    # Noise packs badly, so few frames make many bytes.
    noise = ("-f", "lavfi", "-i", "color=gray:size=1280x720:rate=25,noise=alls=100:allf=t")
    ffmpeg(*noise, "-frames:v", "25", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "8", str(once))
    ffmpeg("-stream_loop", "-1", "-i", str(once), "-c", "copy", "-fs", str(mebibytes * MIB), str(whole))
    return whole


def pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(MIB):
            yield piece


async def sent(content: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same, as an asynchronous client sends it."""
    for piece in content:
        yield piece
