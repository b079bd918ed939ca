"""Memory of the function that looks at files, while archives of growing size pass through it."""

from tests.benchmarks.figures import Section, Target
from tests.benchmarks.memory import megabytes
from tests.benchmarks.servers import Server, Stage
from tests.benchmarks.uploading import Uploading, looking, uploading
from tests.support import large_files
from tests.support.peak_memory import forget_peak, peak_megabytes

_GROWTH = 1.1


def add(section: Section, stage: Stage) -> None:
    """Measure, and add a row for each size, and what has grown from the smallest to the largest."""
    sizes = (1, 8, 64) if stage.quick else (1, 64, 512)
    with uploading(stage, in_files=True) as uploads, looking(uploads.stage) as function:
        _passed(uploads, function, sizes[0])  # for imports and connections
        found = [_passed(uploads, function, size) for size in sizes]
    for size, (held, peak, seconds) in zip(sizes, found, strict=True):
        section.add(
            *(f"memory after {size} MiB", f"{held:.1f} MB", f"worker at most {peak:.1f} MB, {seconds:.1f} s", ""),
            mebibytes=size,
            pss_mb=held,
            peak_mb=peak,
            seconds=seconds,
        )
    for number, what in enumerate(("memory", "the worker's peak")):
        growth = found[-1][number] / found[0][number]
        section.add(
            *(f"growth of {what}, {sizes[0]} to {sizes[-1]} MiB", f"{growth:.3f} times", "", f"{growth:.3f}"),
            judged=growth,
            target=Target(_GROWTH),
            growth=growth,
        )


def _passed(uploads: Uploading, function: Server, mebibytes: int) -> tuple[float, float, float]:
    """Bring one archive. Returns MB (PSS) of master and worker after it, the worker's peak in MB, and seconds."""
    size = sum(map(len, large_files.archive(mebibytes)))
    event = uploads.brought(large_files.archive(mebibytes), size, "application/zip")
    (worker,) = function.workers
    forget_peak(worker)
    seconds = uploads.told(function, event)
    held = sum(megabytes(pid, "Pss") for pid in (function.pid, worker))
    return held, peak_megabytes(worker), seconds
