"""Video and sound made clean: copied packet by packet into a new container, without all that is said in the old one.

Whatever holds words, positions or programs beside picture and sound stays behind: tags of every level, chapters,
subtitles (drones write their position there), data (cameras', timecodes'), attached pictures, and the free remarks
inside the streams themselves. Nothing is encoded again.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from core.media import allowed, ffmpeg, vorbis, wave
from core.media.allowed import Family, MediaType
from core.media.ffmpeg import Source
from core.media.rejection import Reason, Rejected

_SECONDS: Final = 480.0
_PROBE_SECONDS: Final = 60.0
_LARGEST_PROBE: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class _Container:
    """ffmpeg's names for reading and writing a type, and the options of writing."""

    demuxer: str
    muxer: str
    options: tuple[str, ...] = ()


# A pipe cannot go back to write the index, so it comes in pieces of at least a second.
_PIECES: Final = (
    *("-movflags", "+frag_keyframe+delay_moov+default_base_moof+disable_chpl", "-min_frag_duration", "1000000"),
    *("-write_tmcd", "0", "-empty_hdlr_name", "1"),
)
_CONTAINERS: Final[Mapping[MediaType, _Container]] = {
    allowed.MP4: _Container("mov", "mp4", _PIECES),
    allowed.MOV: _Container("mov", "mov", _PIECES),
    allowed.M4A: _Container("mov", "ipod", _PIECES),
    allowed.WEBM: _Container("matroska", "webm"),
    allowed.WEBM_SOUND: _Container("matroska", "webm"),
    allowed.OGG: _Container("ogg", "ogg"),
    allowed.MP3: _Container("mp3", "mp3", ("-id3v2_version", "0", "-write_xing", "0")),
}

# Each with the units that hold no picture: supplemental enhancement information of H.264 (7.4.1) and HEVC (7.4.2.2),
# metadata of AV1 (6.2.2). Codecs that mix words into their pictures (Motion JPEG's EXIF, DV's dates) are not here.
_PICTURES: Final[Mapping[str, str | None]] = {
    "h264": "6",
    "hevc": "39|40",
    "av1": "5",
    **dict.fromkeys(("vp8", "vp9", "mpeg4", "h263", "prores")),
}
_SOUNDS: Final = {"aac", "alac", "mp3", "opus", "vorbis", "flac", "speex", "ac3", "eac3", "amr_nb", "amr_wb"}
_PCM: Final = "pcm_"

_KIND: Final = re.compile(rb"^#(media_type|codec_id) (\d): (\w+)$", re.MULTILINE)
_DURATION: Final = re.compile(rb"  Duration: (\d+:\d\d:\d\d\.\d+),")
# ISO 6709 annex H, as cameras write it: degrees of latitude and longitude, metres of height, a reference system.
_PLACE: Final = re.compile(
    rb"^(?:location(?:-\w{3})?|com\.apple\.quicktime\.location\.ISO6709)="
    rb"([+-]\d{1,6}(?:\.\d{1,9})?[+-]\d{1,7}(?:\.\d{1,9})?(?:[+-]\d{1,6}(?:\.\d{1,9})?)?(?:CRS\w{1,20})?/?)$",
    re.MULTILINE,
)


def clean(url: str, media_type: MediaType, out: Callable[[bytes], object], *, keep_location: bool) -> None:
    """Copy the first picture and the first sound of the file behind a URL to `out`, its type kept.

    The URL must allow ranges, as a file's index may stand at its end. MP4, M4A and QuickTime come out in fragments.
    With `keep_location` these three keep the place where they were made; other types know no such thing.

    Raises Rejected (UNREADABLE, METADATA_NOT_REMOVABLE), Unavailable when the file cannot be fetched in time, and
    whatever `out` raises. What went to `out` by then is worthless.
    """
    if media_type is allowed.WAV:
        wave.clean(url, out, seconds=_SECONDS)
        return
    container = _CONTAINERS[media_type]
    source = Source(url, container.demuxer)
    found = _found(source, media_type)
    arguments = [*_mapped(media_type), *_silenced(), *_streams(found, container), *container.options]
    if keep_location and container.demuxer == "mov" and (place := _place(source)):
        arguments += ["-metadata", f"location={place}"]
    if found.duration and container.muxer == "webm":
        # Where the muxer cannot go back to write it, it takes the length from here.
        arguments += ["-metadata:s", f"DURATION={found.duration}"]
    silencer = vorbis.Silencer(out) if container.muxer == "webm" and found.sound == "vorbis" else None
    ffmpeg.run(
        source,
        [*arguments, "-f", container.muxer],
        silencer.write if silencer else out,
        seconds=_SECONDS,
        failed=Reason.METADATA_NOT_REMOVABLE,
    )
    if silencer:
        silencer.close()


def _mapped(media_type: MediaType) -> list[str]:
    """Only the streams that are wanted. V are pictures that move: covers and thumbnails are not."""
    # Where nothing is mapped ffmpeg would choose by itself.
    picture = ["-map", "0:V:0?"] if media_type.family is Family.VIDEO else ["-vn"]
    return [*picture, "-map", "0:a:0?", "-dn", "-sn"]


def _silenced() -> list[str]:
    """Each level by itself, as ffmpeg copies those that are not named; and no word about ffmpeg instead."""
    levels = ("-map_metadata:g", "-1", "-map_metadata:s", "-1", "-map_chapters", "-1")
    return [*levels, "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact"]


def _streams(found: "_Found", container: _Container) -> list[str]:
    arguments = ["-c", "copy"]
    if units := _PICTURES.get(found.picture):
        arguments += ["-bsf:v", f"filter_units=remove_types={units}"]
    if found.picture == "hevc" and container.demuxer == "mov":
        # Apple's players know HEVC by this tag alone.
        arguments += ["-tag:v", "hvc1"]
    return arguments


@dataclass(slots=True)
class _Found:
    """ffmpeg's names of the codecs ("" without that kind of stream), and the length as it writes it, where known."""

    picture: str = ""
    sound: str = ""
    duration: str = ""

    def hear(self, line: bytes) -> None:
        if not self.duration and (length := _DURATION.match(line)):
            self.duration = length[1].decode()


def _found(source: Source, media_type: MediaType) -> _Found:
    """Look for streams. Raises Rejected where there is none, or one that cannot be silenced."""
    found = _Found()
    arguments = [*_mapped(media_type), "-c", "copy", "-t", "0", "-loglevel", "info", "-f", "framehash"]
    kinds: dict[bytes, dict[bytes, bytes]] = {}
    for fact, stream, value in _KIND.findall(_probed(source, arguments, found.hear)):
        kinds.setdefault(stream, {})[fact] = value
    codecs = {facts[b"media_type"]: facts[b"codec_id"].decode() for facts in kinds.values()}
    found.picture, found.sound = codecs.get(b"video", ""), codecs.get(b"audio", "")
    if not (found.picture or found.sound):
        raise Rejected(Reason.UNREADABLE)
    known = found.sound in _SOUNDS or found.sound.startswith(_PCM)
    if (found.picture and found.picture not in _PICTURES) or (found.sound and not known):
        raise Rejected(Reason.METADATA_NOT_REMOVABLE)
    return found


def _place(source: Source) -> str | None:
    found = _PLACE.search(_probed(source, ["-map_chapters", "-1", "-f", "ffmetadata"]))
    return found[1].decode() if found else None


def _probed(source: Source, arguments: list[str], heard: Callable[[bytes], object] | None = None) -> bytes:
    """What ffmpeg shows of a file, its beginning at least."""
    shown = bytearray()

    def take(chunk: bytes) -> None:
        shown.extend(chunk[: _LARGEST_PROBE - len(shown)])

    ffmpeg.run(source, arguments, take, seconds=_PROBE_SECONDS, failed=Reason.UNREADABLE, heard=heard)
    return bytes(shown)
