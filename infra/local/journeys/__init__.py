"""What `make demo` shows: one module a capability, each with a function that takes the stage.

A new capability adds its module and a line to JOURNEYS.
"""

from collections.abc import Callable

from infra.local.journeys import documents, files, school
from infra.local.journeys.stage import Stage

JOURNEYS: dict[str, Callable[[Stage], None]] = {
    "A document's life": documents.journey,
    "A photo of a phone": files.journey,
    "A class": school.journey,
}
