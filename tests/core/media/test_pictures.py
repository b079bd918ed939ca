"""Pictures made clean, seen by Pillow as a browser would see them."""

import io
import random
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops, ImageOps, ImageSequence, ImageStat
from PIL.ImageFile import ImageFile

from core.media import allowed, pictures
from core.media.allowed import MediaType
from core.media.rejection import Reason, Rejected
from tests.support import samples

_GPS = 0x8825

EVERY: list[tuple[MediaType, Callable[[], bytes]]] = [
    (allowed.JPEG, samples.photo),
    (allowed.PNG, samples.png),
    (allowed.WEBP, samples.webp),
    (allowed.HEIC, samples.heic),
    (allowed.GIF, lambda: samples.animation("GIF", comment=samples.CANARY.encode())),
    (allowed.PNG, lambda: samples.animation("PNG", exif=samples.exif())),
    (allowed.WEBP, lambda: samples.animation("WEBP", exif=samples.exif(), xmp=samples.XMP)),
]
STILL = EVERY[:4]


def clean(content: bytes, media_type: MediaType, *, keep_location: bool = False) -> pictures.Cleaned:
    return pictures.clean(content, media_type, keep_location=keep_location)


def opened(content: bytes) -> ImageFile:
    return Image.open(io.BytesIO(content))


def refusal(content: bytes, media_type: MediaType) -> Reason:
    with pytest.raises(Rejected) as refused:
        clean(content, media_type)
    return refused.value.reason


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean distance of two pictures, of 255."""
    assert one.size == other.size
    found = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB")))
    return max(found.mean)


@pytest.mark.parametrize(("media_type", "make"), EVERY)
class TestEveryPicture:
    def test_loses_all_that_is_said_in_it(self, media_type: MediaType, make: Callable[[], bytes]) -> None:
        came = make()
        assert samples.CANARY.encode() in came or b"Exif" in came or b"eXIf" in came or b"EXIF" in came

        cleaned = clean(came, media_type)

        for content in (cleaned.content, *cleaned.thumbnails.values()):
            assert dict(opened(content).getexif()) == {}
            for word in (samples.CANARY, samples.LATITUDE, "xmp", "Exif\0", "eXIf", "EXIF", "Telefon"):
                assert word.encode() not in content

    def test_has_two_thumbnails(self, media_type: MediaType, make: Callable[[], bytes]) -> None:
        cleaned = clean(make(), media_type)

        assert {opened(small).format for small in cleaned.thumbnails.values()} == {"WEBP"}
        assert {side: max(opened(small).size) for side, small in cleaned.thumbnails.items()} == {
            side: min(side, max(cleaned.width, cleaned.height)) for side in (320, 1280)
        }

    def test_is_what_it_says(self, media_type: MediaType, make: Callable[[], bytes]) -> None:
        cleaned = clean(make(), media_type)

        shown = opened(cleaned.content)
        assert shown.get_format_mimetype() in {cleaned.content_type, "image/apng"}
        assert shown.size == (cleaned.width, cleaned.height)
        assert cleaned.suffix == allowed.ALLOWED[cleaned.content_type].suffix

    def test_cut_off_is_refused(self, media_type: MediaType, make: Callable[[], bytes]) -> None:
        came = make()

        assert refusal(came[: len(came) // 2], media_type) is Reason.UNREADABLE
        assert refusal(came[:30], media_type) is Reason.UNREADABLE

    def test_damaged_is_read_or_refused(self, media_type: MediaType, make: Callable[[], bytes]) -> None:
        came, chance = make(), random.Random(1)
        for _ in range(40):
            damaged = bytearray(came)
            for _ in range(3):
                damaged[chance.randrange(len(came))] = chance.randrange(256)
            try:
                clean(bytes(damaged), media_type)
            except Rejected as refused:
                assert refused.reason in {  # noqa: PT017  either end is right
                    Reason.UNREADABLE,
                    Reason.TOO_MANY_PIXELS,
                    Reason.TOO_MANY_FRAMES,
                }


@pytest.mark.parametrize(("media_type", "make"), STILL)
class TestStillPicture:
    def test_looks_the_same(self, media_type: MediaType, make: Callable[[], bytes]) -> None:
        cleaned = clean(make(), media_type)

        assert difference(opened(cleaned.content), samples.scene()) < 6

    def test_keeps_its_profile(self, media_type: MediaType, make: Callable[[], bytes]) -> None:
        assert opened(clean(make(), media_type).content).info["icc_profile"] == samples.profile()

    def test_keeps_its_place_alone_where_that_is_wished(self, media_type: MediaType, make: Callable[[], bytes]) -> None:
        cleaned = clean(make(), media_type, keep_location=True)

        exif = opened(cleaned.content).getexif()
        assert samples.CANARY.encode() not in cleaned.content
        assert dict(exif.get_ifd(_GPS)).items() >= {1: "N", 3: "E"}.items()
        assert [float(part) for part in exif.get_ifd(_GPS)[2]] == [59, 54, 50.04]
        assert set(exif) == {_GPS}


class TestPhoto:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_is_turned_upright(self, orientation: int) -> None:
        came = samples.photo(orientation)

        cleaned = clean(came, allowed.JPEG)

        assert difference(opened(cleaned.content), ImageOps.exif_transpose(opened(came))) < 2

    def test_keeps_its_quality_and_about_its_size(self) -> None:
        came = samples.large_photo(2)

        cleaned = clean(came, allowed.JPEG)

        assert opened(cleaned.content).quantization == opened(came).quantization  # pyright: ignore[reportAttributeAccessIssue]
        assert 0.8 < len(cleaned.content) / len(came) < 1.2

    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    def test_may_have_any_colours(self, mode: str) -> None:
        came = samples.encoded(samples.scene(mode=mode), "JPEG")

        cleaned = clean(came, allowed.JPEG)

        assert opened(cleaned.content).mode == mode
        assert difference(opened(cleaned.thumbnails[1280]), opened(came)) < 12

    def test_with_a_second_picture_keeps_the_first(self) -> None:
        second = Image.new("RGB", (40, 30))
        came = samples.encoded(samples.scene(), "MPO", save_all=True, append_images=[second])

        shown = opened(clean(came, allowed.JPEG).content)

        assert (shown.format, difference(shown, samples.scene()) < 6) == ("JPEG", True)

    def test_with_bad_words_about_it_is_still_a_photo(self) -> None:
        came = samples.encoded(samples.scene(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")

        assert clean(came, allowed.JPEG, keep_location=True).width == 400

    def test_with_endless_passes_is_refused(self) -> None:
        came = samples.encoded(samples.scene(), "JPEG", progressive=True)
        start = came.rindex(b"\xff\xda")

        assert refusal(came[:-2] + came[start:-2] * 300 + came[-2:], allowed.JPEG) is Reason.EXPANDS_TOO_FAR


class TestTransparency:
    @pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
    def test_stays(self, mode: str) -> None:
        picture = samples.scene(mode="RGBA")
        picture.putalpha(Image.linear_gradient("L").resize(picture.size).point([0] * 128 + [255] * 128))
        came = samples.encoded(picture.convert(mode) if mode != "P" else picture.quantize(64), "PNG")

        cleaned = clean(came, allowed.PNG)

        before, after = (opened(content).convert("RGBA") for content in (came, cleaned.content))
        assert ImageChops.difference(before, after).getbbox() is None
        assert opened(cleaned.thumbnails[320]).convert("RGBA").getchannel("A").getextrema() == (0, 255)


class TestSixteenBits:
    def test_of_grey_stay(self) -> None:
        came = samples.encoded(Image.new("I;16", (400, 300), 40_000), "PNG")

        cleaned = clean(came, allowed.PNG)

        assert opened(cleaned.content).getpixel((0, 0)) == 40_000
        assert difference(opened(cleaned.thumbnails[320]), Image.new("L", (320, 240), 40_000 // 256)) < 2


@pytest.mark.parametrize(("media_type", "kind"), [(allowed.GIF, "GIF"), (allowed.PNG, "PNG"), (allowed.WEBP, "WEBP")])
class TestAnimation:
    def test_keeps_frames_and_times(self, media_type: MediaType, kind: str) -> None:
        came = samples.animation(kind)

        before, after = opened(came), opened(clean(came, media_type).content)

        assert moments(after) == moments(before)
        assert after.info["loop"] == before.info["loop"] == 3

    def test_with_holes_plays_as_before(self, media_type: MediaType, kind: str) -> None:
        frames = [Image.new("RGBA", (40, 40), (0, 0, 0, 0)) for _ in range(4)]
        for number, frame in enumerate(frames):
            frame.paste((200, 30, 30, 255), (10 * number, 0, 10 * number + 10, 40))
        came = samples.encoded(frames[0], kind, save_all=True, append_images=frames[1:], disposal=2, lossless=True)

        before, after = opened(came), opened(clean(came, media_type).content)

        for one, other in zip(whole_frames(before), whole_frames(after), strict=True):
            assert one.getchannel("A").tobytes() == other.getchannel("A").tobytes()

    def test_of_too_many_frames_is_refused(self, media_type: MediaType, kind: str) -> None:
        pictures_ = [Image.new("L", (2, 2), number % 2 * 255) for number in range(1_002)]
        came = samples.encoded(pictures_[0], kind, save_all=True, append_images=pictures_[1:], duration=20)

        assert refusal(came, media_type) is Reason.TOO_MANY_FRAMES

    def test_of_too_many_pixels_is_refused(self, media_type: MediaType, kind: str) -> None:
        came = stretched(samples.animation(kind, frames=9), kind)

        assert refusal(came, media_type) is Reason.TOO_MANY_FRAMES


def stretched(content: bytes, kind: str) -> bytes:
    """The same animation on a canvas of 12 megapixels, as its header has it."""
    made = bytearray(content)
    if kind == "GIF":
        struct.pack_into("<HH", made, 6, 4_000, 3_000)
    elif kind == "PNG":
        struct.pack_into(">LL", made, 16, 4_000, 3_000)
        struct.pack_into(">L", made, 29, zlib.crc32(made[12:29]))
    else:
        made[24:30] = (4_000 - 1).to_bytes(3, "little") + (3_000 - 1).to_bytes(3, "little")
    return bytes(made)


def moments(picture: ImageFile) -> list[tuple[float, tuple[int, ...] | float | None]]:
    """The milliseconds and the colour of each frame."""
    found: list[tuple[float, tuple[int, ...] | float | None]] = []
    for frame in ImageSequence.Iterator(picture):
        frame.load()
        shown = frame.convert("RGB").getpixel((5, 5))
        assert isinstance(shown, tuple)
        found.append((frame.info["duration"], tuple(round(value / 50) for value in shown)))
    return found


def whole_frames(picture: ImageFile) -> list[Image.Image]:
    return [frame.convert("RGBA") for frame in ImageSequence.Iterator(picture)]


class TestBomb:
    def test_is_refused_from_its_header(self) -> None:
        bomb = samples.png_bomb()
        assert len(bomb) < 20_000

        assert refusal(bomb, allowed.PNG) is Reason.TOO_MANY_PIXELS
        assert refusal(bomb[:64], allowed.PNG) is Reason.TOO_MANY_PIXELS

    def test_beyond_all_bounds_is_refused_too(self) -> None:
        assert refusal(samples.png_bomb(30_000), allowed.PNG) is Reason.TOO_MANY_PIXELS

    def test_of_one_frame_larger_than_the_canvas_is_refused(self) -> None:
        gif = bytearray(samples.encoded(Image.new("P", (8, 8)), "GIF"))
        frame = gif.index(b"\x2c\0\0\0\0\x08\0\x08\0")
        gif[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"

        assert refusal(bytes(gif), allowed.GIF) is Reason.TOO_MANY_PIXELS

    def test_of_webp_is_refused(self) -> None:
        came = samples.encoded(Image.new("RGB", (16_000, 4_000)), "WEBP", quality=1, method=0)

        assert refusal(came, allowed.WEBP) is Reason.TOO_MANY_PIXELS

    def test_of_bytes_is_refused(self) -> None:
        came = samples.photo() + bytes(41 * 1024 * 1024)

        assert refusal(came, allowed.JPEG) is Reason.TOO_LARGE


class TestPolyglot:
    def test_keeps_the_picture_and_not_the_script(self) -> None:
        came = samples.polyglot()
        assert b"alert" in came

        cleaned = clean(came, allowed.GIF)

        assert b"alert" not in cleaned.content
        assert opened(cleaned.content).format == "GIF"

    def test_of_another_type_is_refused(self) -> None:
        assert refusal(samples.png(), allowed.JPEG) is Reason.UNREADABLE


class TestProfilePicture:
    @pytest.mark.parametrize(("media_type", "make"), EVERY)
    def test_is_a_square_without_words(self, media_type: MediaType, make: Callable[[], bytes]) -> None:
        made = pictures.square(make())

        shown = opened(made)
        assert (shown.format, shown.size) == ("WEBP", (min(shown.size),) * 2)
        assert dict(shown.getexif()) == {}
        assert "icc_profile" not in shown.info

    def test_shows_the_middle(self) -> None:
        picture = Image.new("RGB", (3_000, 1_000), (0, 0, 255))
        picture.paste((255, 0, 0), (1_000, 0, 2_000, 1_000))

        made = opened(pictures.square(samples.encoded(picture, "JPEG", quality=95)))

        assert made.size == (512, 512)
        assert difference(made, Image.new("RGB", (512, 512), (255, 0, 0))) < 4

    def test_is_turned_upright(self) -> None:
        made = opened(pictures.square(samples.photo(6, size=(300, 300))))

        assert made.convert("RGB").getpixel((290, 10))[0] > 230  # pyright: ignore[reportOptionalSubscript, reportIndexIssue]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", Reason.EMPTY),
            (b"Hei", Reason.TYPE_NOT_ALLOWED),
            (samples.SVG_WITH_SCRIPT, Reason.TYPE_NOT_ALLOWED),
            (samples.PDF, Reason.TYPE_NOT_ALLOWED),
            (samples.png_bomb(), Reason.TOO_MANY_PIXELS),
            (samples.photo()[:2_000], Reason.UNREADABLE),
        ],
        ids=["empty", "text", "svg", "pdf", "bomb", "half"],
    )
    def test_is_refused(self, content: bytes, reason: Reason) -> None:
        with pytest.raises(Rejected) as refused:
            pictures.square(content)
        assert refused.value.reason is reason
