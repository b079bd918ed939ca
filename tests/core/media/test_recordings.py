"""Video and sound made clean, read from a real server by a real ffmpeg, and looked at by another."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import imageio_ffmpeg
import pytest

from core.failures import Unavailable
from core.media import allowed, ffmpeg, recordings
from core.media.allowed import MediaType
from core.media.ffmpeg import Source
from core.media.rejection import Reason, Rejected
from infra.local.places import ROOT
from tests.core.media.conftest import Shelf
from tests.support import samples

EVERY = [
    *(allowed.MP4, allowed.MOV, allowed.WEBM, allowed.WEBM_SOUND),
    *(allowed.M4A, allowed.MP3, allowed.WAV, allowed.OGG),
]
IN_BOXES = [allowed.MP4, allowed.MOV, allowed.M4A]
VIDEO = [allowed.MP4, allowed.MOV, allowed.WEBM]


def clean(shelf: Shelf, content: bytes, media_type: MediaType, *, keep_location: bool = False) -> bytes:
    out = bytearray()
    recordings.clean(shelf.url(content), media_type, out.extend, keep_location=keep_location)
    return bytes(out)


def refusal(shelf: Shelf, content: bytes, media_type: MediaType) -> Reason:
    with pytest.raises(Rejected) as refused:
        clean(shelf, content, media_type)
    return refused.value.reason


def told(content: bytes) -> str:
    """All that ffmpeg finds said in a file: tags of every level, chapters, streams, side data."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-export_all", "1", "-i", file.name]
        if content.startswith(b"\x1a\x45") or content[4:8] != b"ftyp":
            del command[2:4]
        return subprocess.run(command, capture_output=True, check=False).stderr.decode(errors="replace")


def packets(content: bytes, kind: str) -> list[str]:
    """The hashes of all packets of the first stream of a kind (V or a)."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        mapped = ["-i", file.name, "-map", f"0:{kind}:0", "-c", "copy", "-f", "framehash", "-"]
        program = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *mapped]
        shown = subprocess.run(program, capture_output=True, check=True).stdout.decode()
    return [line.split(",")[5].strip() for line in shown.splitlines() if line and not line.startswith("#")]


def seconds(content: bytes) -> float:
    found = re.search(r"Duration: (\d+):(\d+):([\d.]+)", told(content))
    assert found, told(content)
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


@pytest.mark.parametrize("media_type", EVERY, ids=lambda kind: kind.suffix)
class TestEveryRecording:
    def test_loses_all_that_is_said_in_it(self, shelf: Shelf, media_type: MediaType) -> None:
        came = samples.recording(media_type.suffix)
        assert samples.CANARY in told(came)
        assert samples.LATITUDE in told(came) or media_type is allowed.WAV

        cleaned = clean(shelf, came, media_type)

        for word in (samples.CANARY, samples.LATITUDE, "location", "comment", "creation_time"):
            assert word not in told(cleaned)
            assert word.encode() not in cleaned
        assert not {b"loci", b"\xa9xyz", b"ID3", b"LIST"} & {cleaned[at : at + 4] for at in range(len(cleaned))}

    def test_sounds_the_same(self, shelf: Shelf, media_type: MediaType) -> None:
        came = samples.recording(media_type.suffix)

        assert packets(clean(shelf, came, media_type), "a") == packets(came, "a")

    def test_is_as_long_as_it_was(self, shelf: Shelf, media_type: MediaType) -> None:
        came = samples.recording(media_type.suffix)

        assert seconds(clean(shelf, came, media_type)) == pytest.approx(seconds(came), abs=0.1)

    def test_can_be_cleaned_again(self, shelf: Shelf, media_type: MediaType) -> None:
        once = clean(shelf, samples.recording(media_type.suffix), media_type)

        assert packets(clean(shelf, once, media_type), "a") == packets(once, "a")

    def test_that_is_none_is_refused(self, shelf: Shelf, media_type: MediaType) -> None:
        assert refusal(shelf, samples.noise(50_000), media_type) is Reason.UNREADABLE
        assert refusal(shelf, samples.recording(media_type.suffix)[:40], media_type) is Reason.UNREADABLE

    def test_that_cannot_be_fetched_is_no_ones_fault(self, shelf: Shelf, media_type: MediaType) -> None:
        url = shelf.url(samples.recording(media_type.suffix))
        with pytest.raises(Unavailable):
            recordings.clean(url.replace("/0?", "/none?"), media_type, bytearray().extend, keep_location=False)

    def test_that_breaks_off_on_its_way_is_no_ones_fault(self, shelf: Shelf, media_type: MediaType) -> None:
        came = samples.recording(media_type.suffix)
        shelf.breaks_off_at = len(came) * 3 // 4

        with pytest.raises(Unavailable):
            clean(shelf, came, media_type)


@pytest.mark.parametrize("media_type", VIDEO, ids=lambda kind: kind.suffix)
class TestVideo:
    def test_begins_with_picture_and_sound_together(self, shelf: Shelf, media_type: MediaType) -> None:
        cleaned = clean(shelf, samples.recording(media_type.suffix), media_type)

        assert "start: 0.000000" in told(cleaned) or "start: -0.0" in told(cleaned)
        assert len(packets(cleaned, "V")) == 30

    def test_may_be_silent(self, shelf: Shelf, media_type: MediaType) -> None:
        cleaned = clean(shelf, samples.recording(media_type.suffix, "-an"), media_type)

        assert ("Video:" in told(cleaned), "Audio:" in told(cleaned)) == (True, False)


@pytest.mark.parametrize("media_type", IN_BOXES, ids=lambda kind: kind.suffix)
class TestPlace:
    def test_stays_alone_where_that_is_wished(self, shelf: Shelf, media_type: MediaType) -> None:
        came = samples.recording(media_type.suffix)

        cleaned = clean(shelf, came, media_type, keep_location=True)

        assert "+59.9139+010.7522/" in told(cleaned)
        assert samples.CANARY not in told(cleaned)

    def test_that_is_none_stays_none(self, shelf: Shelf, media_type: MediaType) -> None:
        came = remade(samples.recording(media_type.suffix), media_type.suffix, "-map_metadata", "-1")

        assert "location" not in told(clean(shelf, came, media_type, keep_location=True))


class TestPhonesVideo:
    def test_with_its_index_at_the_end_is_read_by_ranges(self, shelf: Shelf) -> None:
        came = samples.recording("mp4", "-b:v", "4M", "-minrate", "4M", "-x264-params", "nal-hrd=cbr:filler=1")
        assert came.index(b"mdat") < came.index(b"moov")

        clean(shelf, came, allowed.MP4)

        assert any(wanted and wanted != "bytes=0-" for wanted in shelf.asked)

    @pytest.mark.parametrize("media_type", [allowed.MP4, allowed.MOV], ids=lambda kind: kind.suffix)
    def test_stays_turned(self, shelf: Shelf, media_type: MediaType) -> None:
        came = turned(samples.recording(media_type.suffix), media_type.suffix)
        assert "rotation of" in told(came)

        assert rotation(clean(shelf, came, media_type)) == rotation(came)

    def test_in_hevc_plays_on_apples_players(self, shelf: Shelf) -> None:
        came = samples.recording("mp4", "-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hev1")

        assert "hvc1" in told(clean(shelf, came, allowed.MP4))

    def test_loses_what_is_said_inside_the_stream(self, shelf: Shelf) -> None:
        remark = "086f3693-b7b3-4f2c-9653-21492feee5b8+Kari Nordmann"
        came = samples.recording("mp4", "-bsf:v", f"h264_metadata=sei_user_data='{remark}'")
        assert samples.CANARY.encode() in came

        assert samples.CANARY.encode() not in clean(shelf, came, allowed.MP4)

    def test_loses_chapters_subtitles_and_timecodes(self, shelf: Shelf, tmp_path: Path) -> None:
        came = with_everything(tmp_path)
        assert {"Subtitle", "Data", "Chapter"} <= set(re.findall(r"Subtitle|Data|Chapter", told(came)))

        cleaned = clean(shelf, came, allowed.MOV)

        assert not re.findall(r"Subtitle|Data|Chapter|timecode", told(cleaned))
        assert b"59.9139" not in cleaned


def turned(content: bytes, suffix: str) -> bytes:
    return remade(content, suffix, before=["-display_rotation", "90"])


def remade(content: bytes, suffix: str, *more: str, before: list[str] | None = None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, f"a.{suffix}"), Path(folder, f"b.{suffix}")
        source.write_bytes(content)
        samples.ffmpeg(*(before or []), "-i", str(source), "-c", "copy", *more, str(target))
        return target.read_bytes()


def rotation(content: bytes) -> str:
    found = re.search(r"rotation of (\S+)", told(content))
    return found[1] if found else ""


def with_everything(folder: Path) -> bytes:
    """A QuickTime file with a chapter, a subtitle that tells a position, as drones write it, and a timecode track."""
    Path(folder, "a.mov").write_bytes(samples.recording("mov"))
    Path(folder, "a.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nGPS 59.9139 10.7522\n")
    Path(folder, "a.txt").write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=2\ntitle=Kari Nordmann\n")
    inputs = [argument for name in ("a.mov", "a.srt", "a.txt") for argument in ("-i", str(folder / name))]
    mapped = ["-map", "0:v", "-map", "0:a", "-map", "1", "-map_chapters", "2", "-c", "copy", "-c:s", "mov_text"]
    samples.ffmpeg(*inputs, *mapped, "-timecode", "01:02:03:04", str(folder / "b.mov"))
    return Path(folder, "b.mov").read_bytes()


class TestSound:
    @pytest.mark.parametrize("media_type", [allowed.MP3, allowed.M4A], ids=lambda kind: kind.suffix)
    def test_loses_its_cover(self, shelf: Shelf, tmp_path: Path, media_type: MediaType) -> None:
        suffix = media_type.suffix
        Path(tmp_path, f"a.{suffix}").write_bytes(samples.recording(suffix))
        Path(tmp_path, "a.jpg").write_bytes(samples.photo())
        inputs = ["-i", str(tmp_path / f"a.{suffix}"), "-i", str(tmp_path / "a.jpg"), "-map", "0", "-map", "1"]
        samples.ffmpeg(*inputs, "-c", "copy", "-disposition:v", "attached_pic", str(tmp_path / f"b.{suffix}"))
        came = Path(tmp_path, f"b.{suffix}").read_bytes()
        assert "attached pic" in told(came)

        assert "Video" not in told(clean(shelf, came, media_type))

    def test_in_vorbis_in_webm_loses_the_words_of_its_codec(self, shelf: Shelf) -> None:
        came = vorbis_in_webm()
        assert samples.CANARY.encode() in came

        cleaned = clean(shelf, came, allowed.WEBM_SOUND)

        assert samples.CANARY.encode() not in cleaned
        assert packets(cleaned, "a") == packets(came, "a")

    def test_of_a_video_is_taken_alone(self, shelf: Shelf) -> None:
        cleaned = clean(shelf, samples.recording("mp4"), allowed.M4A)

        assert ("Video:" in told(cleaned), "Audio:" in told(cleaned)) == (False, True)


def vorbis_in_webm() -> bytes:
    """Vorbis whose own header tells of a person, as the sound was taken over from elsewhere."""
    made = remade(samples.recording("weba", "-c:a", "libvorbis"), "weba", "-f", "webm")
    vendor = made.index(b"\x03vorbis") + 11
    return made[:vendor] + samples.CANARY.encode() + made[vendor + len(samples.CANARY) :]


class TestWave:
    def test_whose_recorder_never_wrote_its_length_gets_one(self, shelf: Shelf) -> None:
        came = bytearray(samples.recording("wav"))
        samples_begin = came.index(b"data")
        came[samples_begin + 4 : samples_begin + 8] = b"\xff\xff\xff\xff"

        cleaned = clean(shelf, bytes(came), allowed.WAV)

        assert seconds(cleaned) == pytest.approx(3, abs=0.1)
        assert int.from_bytes(cleaned[4:8], "little") == len(cleaned) - 8

    def test_of_a_format_that_could_hide_words_is_refused(self, shelf: Shelf) -> None:
        came = bytearray(samples.recording("wav"))
        came[20:22] = b"\x55\0"  # MP3 in a WAV

        assert refusal(shelf, bytes(came), allowed.WAV) is Reason.METADATA_NOT_REMOVABLE


class TestUncleanable:
    def test_is_refused(self, shelf: Shelf) -> None:
        came = samples.recording("mov", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p")

        assert refusal(shelf, came, allowed.MOV) is Reason.METADATA_NOT_REMOVABLE

    def test_without_picture_and_sound_is_refused(self, shelf: Shelf) -> None:
        assert refusal(shelf, samples.recording("mp4", "-vn"), allowed.WEBM) is Reason.UNREADABLE
        assert refusal(shelf, samples.recording("mp4", "-an"), allowed.M4A) is Reason.UNREADABLE


class TestProgram:
    def test_reads_nothing_but_its_url(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret.wav"
        secret.write_bytes(samples.recording("wav"))
        for url in (f"file://{secret}", str(secret), f"concat:{secret}", "ftp://127.0.0.1/a", "data:,x"):
            with pytest.raises(ValueError, match="only http"):
                recordings.clean(url, allowed.WAV, bytearray().extend, keep_location=False)

    def test_is_not_led_to_files_by_a_playlist(self, shelf: Shelf, tmp_path: Path) -> None:
        secret = tmp_path / "secret.mp4"
        secret.write_bytes(samples.recording("mp4"))
        playlist = f"#EXTM3U\n#EXTINF:3,\nfile://{secret}\n#EXT-X-ENDLIST\n".encode()

        assert refusal(shelf, playlist, allowed.MP4) is Reason.UNREADABLE
        assert run_fails(Source(shelf.url(playlist), "hls"))

    def test_ends_when_its_time_is_up(self, shelf: Shelf) -> None:
        shelf.silence, shelf.breaks_off_at = threading.Event(), 2_000
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            ffmpeg.run(
                Source(shelf.url(samples.recording("wav")), "wav"),
                ["-f", "wav"],
                bytearray().extend,
                seconds=0.5,
                failed=Reason.UNREADABLE,
            )
        shelf.silence.set()
        assert time.monotonic() - begun < 20

    def test_ends_with_its_caller(self, shelf: Shelf) -> None:
        def stop(_chunk: bytes) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            recordings.clean(shelf.url(samples.recording("mp4")), allowed.MP4, stop, keep_location=False)

    @pytest.mark.skipif(sys.platform != "linux", reason="looks for processes as Linux shows them")
    def test_ends_with_its_callers_process(self, shelf: Shelf) -> None:
        url = shelf.url(samples.recording("mp4", "-b:v", "4M", "-x264-params", "nal-hrd=cbr:filler=1"))
        program = (
            "import sys, time; from core.media import allowed, recordings; "
            f"recordings.clean({url!r}, allowed.MP4, lambda _: (print('on', flush=True), time.sleep(60)), "
            "keep_location=False)"
        )
        environment = {"PYTHONPATH": str(ROOT / "functions")}
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment) as caller:
            assert caller.stdout and caller.stdout.readline() == b"on\n"
            caller.kill()
        until = time.monotonic() + 20
        while running(url):
            assert time.monotonic() < until
            time.sleep(0.05)


def running(url: str) -> bool:
    """Tell whether any program was started for a URL."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = process.read_bytes().split(b"\0")
        except OSError:
            continue
        if url.encode() in arguments:
            return True
    return False


def run_fails(source: Source) -> bool:
    with pytest.raises((Rejected, Unavailable)):
        ffmpeg.run(source, ["-c", "copy", "-f", "nut"], bytearray().extend, seconds=20, failed=Reason.UNREADABLE)
    return True
