"""From a photo's event until it is ready, against Pillow alone on the same bytes, turn by turn."""

import io
from time import perf_counter

from PIL import Image, ImageOps
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from tests.benchmarks.figures import Section, Spread, Target
from tests.benchmarks.servers import Stage
from tests.benchmarks.uploading import looking, uploading
from tests.support import samples

_MOST = 1.5
_SIDES = (1280, 320)


def add(section: Section, stage: Stage) -> None:
    """Measure, and add the row."""
    photo = samples.large_photo()
    functions, bare = list[float](), list[float]()
    with uploading(stage) as uploads, looking(uploads.stage) as function:
        # The first round is for imports and connections.
        for number in range(-1, 3 if stage.quick else 15):
            event = uploads.brought([photo], len(photo), "image/jpeg")
            pair = uploads.told(function, event), _alone(photo)
            if number >= 0:
                functions.append(pair[0])
                bare.append(pair[1])
    ours, theirs = Spread.of(functions), Spread.of(bare)
    ratio = ours.median / theirs.median
    section.add(
        f"event to ready, photo of {len(photo) / 1e6:.1f} MB",
        *(f"{_ms(ours)} ms", f"{_ms(theirs)} ms, Pillow alone", f"{ratio:.2f}"),
        judged=ratio,
        target=Target(_MOST),
        ready_s=ours.data,
        pillow_s=theirs.data,
        ratio=ratio,
    )


def _alone(content: bytes) -> float:
    """Do with Pillow what has to be done with every photo. Returns seconds."""
    began = perf_counter()
    came = Image.open(io.BytesIO(content))
    assert isinstance(came, JpegImageFile)
    tables, sampling, profile = came.quantization, get_sampling(came), came.info.get("icc_profile")
    upright = ImageOps.exif_transpose(came)
    upright.save(io.BytesIO(), "JPEG", qtables=tables, subsampling=sampling, icc_profile=profile, exif=b"")
    for side in _SIDES:
        # Smaller in place, so that the second is made from the first.
        upright.thumbnail((side, side))
        upright.save(io.BytesIO(), "WEBP", quality=80, method=2)
    return perf_counter() - began


def _ms(spread: Spread) -> str:
    return Spread(spread.median * 1e3, spread.low * 1e3, spread.high * 1e3).shown(".0f")
