"""All that is declared of what is stored: for whoever deletes, counts or hands out what others have stored.

A function imports its own capability alone, so the records of all others are missing here until they are asked for.
"""

from functools import cache
from importlib import import_module
from pathlib import Path

_ROOT = Path(__file__).parents[2]


@cache
def load() -> None:
    """Import every capability's `records` module, and what core stores by itself; none of them imports an SDK."""
    import_module("core.services.outbox")
    import_module("core.data.processors")
    for path in sorted(_ROOT.glob("*/**/records.py")):
        wing, *rest = path.relative_to(_ROOT).with_suffix("").parts
        if wing != "core":
            import_module(".".join((wing, *rest)))
