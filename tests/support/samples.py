"""Sample files of every kind that people upload, harmless and hostile, made on the spot.

Positions in them are Oslo's: 59.9139 N, 10.7522 E. `CANARY` stands wherever a file can hold words about a person.
"""

import io
import random
import struct
import subprocess
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import docx
import imageio_ffmpeg
import pillow_heif
from PIL import Image, ImageCms, ImageDraw
from PIL.Image import Exif
from PIL.PngImagePlugin import PngInfo

CANARY = "Kari Nordmann"
LATITUDE, LONGITUDE = "59.9139", "10.7522"
_POSITION = "+59.9139+010.7522/"
_GPS = {1: "N", 2: (59.0, 54.0, 50.04), 3: "E", 4: (10.0, 45.0, 7.92), 27: CANARY.encode()}
_ORIENTATION, _GPS_IFD = 0x0112, 0x8825

XMP = (
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    f'<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    f'exif:GPSLatitude="{LATITUDE}N" exif:GPSLongitude="{LONGITUDE}E" dc:creator="{CANARY}"/></rdf:RDF></x:xmpmeta>'
).encode()

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4"/></svg>'
SVG_WITH_SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"><script>fetch("//x.no")</script></svg>'
SVG_OF_A_BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + ']><svg xmlns="http://www.w3.org/2000/svg"><text>&a9;</text></svg>'
).encode()

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
PDF_WITH_SCRIPT = PDF.replace(b"/Pages 2 0 R", b"/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>")


def exif(orientation: int = 1) -> Exif:
    """What a phone writes: a position, its own name, its owner's, and how it was held."""
    block = Exif()
    block[_ORIENTATION] = orientation
    block[0x010F], block[0x0110], block[0x013B] = "Fabrikant", "Telefon", CANARY
    block[_GPS_IFD] = dict(_GPS)
    return block


@lru_cache
def profile() -> bytes:
    """An ICC profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def scene(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    """A picture with a red upper left corner, on a slope of colours."""
    picture = Image.merge("RGB", [Image.linear_gradient("L").resize((width, height)).rotate(90 * n) for n in range(3)])
    ImageDraw.Draw(picture).rectangle((0, 0, width // 4, height // 4), fill=(255, 0, 0))
    return picture.convert(mode)


def photo(orientation: int = 1, size: tuple[int, int] = (400, 300), **settings: Any) -> bytes:
    """A JPEG as a phone makes it, with a position in EXIF and XMP, a comment, a profile, and bytes after its end."""
    given = {"quality": 90, "comment": CANARY.encode(), "icc_profile": profile(), "xmp": XMP} | settings
    return encoded(scene(*size), "JPEG", exif=exif(orientation), **given) + CANARY.encode()


@lru_cache
def large_photo(megabytes: int = 5) -> bytes:
    """A JPEG of 12 megapixels and about so many MB, with a position."""
    return next(data for data in _ever_sharper() if len(data) >= megabytes * 950_000)


def _ever_sharper() -> Iterator[bytes]:
    grain = Image.effect_noise((4000, 3000), 40)
    picture = Image.blend(
        scene(4000, 3000), Image.merge("RGB", [grain, grain.rotate(90).resize(grain.size), grain]), 0.4
    )
    for quality in range(60, 101, 5):
        yield encoded(picture, "JPEG", quality=quality, exif=exif(6), icc_profile=profile(), xmp=XMP)


def encoded(picture: Image.Image, kind: str, **settings: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **settings)
    return out.getvalue()


def png(**settings: Any) -> bytes:
    """A PNG with transparency and everything that tells of a person."""
    words = PngInfo()
    words.add_text("Author", CANARY)
    words.add_itxt("XML:com.adobe.xmp", XMP.decode())
    return encoded(scene(mode="RGBA"), "PNG", pnginfo=words, exif=exif(), icc_profile=profile(), **settings)


def webp(**settings: Any) -> bytes:
    return encoded(scene(mode="RGBA"), "WEBP", exif=exif(), xmp=XMP, icc_profile=profile(), **settings)


def heic(size: tuple[int, int] = (400, 300)) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(scene(*size)).save(out, exif=exif().tobytes(), xmp=XMP, icc_profile=profile())
    return out.getvalue()


def animation(kind: str = "GIF", frames: int = 5, size: tuple[int, int] = (64, 48), **settings: Any) -> bytes:
    """A moving picture, each frame staying 20 ms longer than the one before."""
    pictures = [Image.new("RGB", size, (50 * number % 256, 30, 200)) for number in range(frames)]
    given = {"duration": [100 + 20 * number for number in range(frames)], "loop": 3} | settings
    return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], **given)


def polyglot() -> bytes:
    """A GIF that is a script too: its width reads as the beginning of a comment, its end as code."""
    gif = bytearray(encoded(Image.new("P", (8, 8)), "GIF"))
    return bytes(gif[:6]) + b"/*" + bytes(gif[8:]) + b"*/=1;alert('" + CANARY.encode() + b"')"


def png_bomb(side: int = 9000) -> bytes:
    """A few KB of PNG that would take hundreds of MB."""
    rows = zlib.compress(b"\0" * ((side // 8 + 1) * side), 9)
    header = struct.pack(">2L5B", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(_png_chunk, (b"IHDR", b"IDAT", b"IEND"), (header, rows, b"")))


def _png_chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))


def word() -> bytes:
    """A Word document."""
    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph("Vi gikk en tur i skogen.")
    document.save(out)
    return out.getvalue()


def office(main: str, **parts: str) -> bytes:
    """An Office Open XML package whose main part is of the type named."""
    types = f'<Override PartName="/main.xml" ContentType="{main}"/>'
    namespace = "http://schemas.openxmlformats.org/package/2006/content-types"
    return archive({"[Content_Types].xml": f'<Types xmlns="{namespace}">{types}</Types>', "main.xml": "<a/>"} | parts)


def open_document(kind: str, **parts: str) -> bytes:
    """An OpenDocument package of the type named."""
    return archive({"mimetype": kind, "content.xml": "<a/>"} | parts, packing=zipfile.ZIP_STORED)


def archive(parts: Mapping[str, bytes | str], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return out.getvalue()


@lru_cache
def zip_bomb(mebibytes: int = 64) -> bytes:
    """Some KB that unpack to so many MiB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package, package.open("a", "w", force_zip64=True) as entry:
        for _ in range(mebibytes):
            entry.write(bytes(1024 * 1024))
    return out.getvalue()


def overlapping_zip(copies: int = 50) -> bytes:
    """An archive whose entries all mean the same bytes."""
    kernel = archive({"a": bytes(1024 * 1024)})
    directory = kernel.index(b"PK\x01\x02")
    end = kernel.index(b"PK\x05\x06")
    entry = kernel[directory:end]
    last = bytearray(kernel[end:])
    struct.pack_into("<HHL", last, 8, copies, copies, copies * len(entry))
    renamed = (entry[:46] + bytes([65 + number]) + entry[47:] for number in range(copies))
    return kernel[:directory] + b"".join(renamed) + bytes(last)


_VIDEO = ("-f", "lavfi", "-i", "testsrc=size=160x120:rate=10:duration=3")
_SOUND = ("-f", "lavfi", "-i", "sine=duration=3")
_RECORDINGS = {
    "mp4": (*_VIDEO, *_SOUND, "-c:v", "libx264", "-c:a", "aac"),
    "mov": (*_VIDEO, *_SOUND, "-c:v", "libx264", "-c:a", "aac", "-movflags", "use_metadata_tags"),
    "webm": (*_VIDEO, *_SOUND, "-c:v", "libvpx-vp9", "-c:a", "libopus"),
    "weba": (*_SOUND, "-c:a", "libopus", "-f", "webm"),
    "m4a": (*_SOUND, "-c:a", "aac"),
    "mp3": _SOUND,
    "wav": _SOUND,
    "ogg": (*_SOUND, "-c:a", "libvorbis"),
}


@lru_cache
def recording(suffix: str, *settings: str) -> bytes:
    """Three seconds of video or sound with a position and a person's name in it; `settings` are ffmpeg's."""
    apple = ("-metadata", f"com.apple.quicktime.location.ISO6709={_POSITION}")
    words = ("-metadata", f"location={_POSITION}", "-metadata", f"artist={CANARY}", "-metadata", f"comment={CANARY}")
    per_stream = ("-metadata:s", f"title={CANARY}", "-metadata:s", f"handler_name={CANARY}")
    told = (*words, *per_stream, *(apple if suffix == "mov" else ()))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"sample.{suffix}")
        ffmpeg(*_RECORDINGS[suffix], *told, *settings, str(file))
        return file.read_bytes()


def ffmpeg(*arguments: str) -> None:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    ran = subprocess.run([program, "-nostdin", "-loglevel", "error", *arguments], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()


def size_of(content: bytes) -> tuple[int, int]:
    """The width and height of a picture."""
    return Image.open(io.BytesIO(content)).size


def noise(length: int) -> bytes:
    """Bytes that mean nothing, the same each time."""
    return random.Random(7).randbytes(length)
