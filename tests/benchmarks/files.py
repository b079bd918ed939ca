"""Files: how soon a photo is ready, what announcing one costs, and that memory does not grow with what arrives."""

from tests.benchmarks import announcing, photos, streaming
from tests.benchmarks.figures import Section
from tests.benchmarks.servers import Stage


def measure(stage: Stage) -> Section:
    stage = stage.project("files")
    section = Section(
        "files",
        "Files",
        ("what", "figure", "beside it", "ratio"),
        "A photo of 5 MB and 12 megapixels, from the event until its file is ready, beside Pillow alone on the same "
        "bytes: decode, turn, encode with the same tables, two thumbnails in WebP. Announcing and signing are counted "
        "and timed one at a time. Memory is that of master and worker (PSS) after a ZIP archive of each size, and the "
        "most that the worker took meanwhile (its peak resident set).",
    )
    photos.add(section, stage)
    announcing.add(section, stage)
    streaming.add(section, stage)
    return section
