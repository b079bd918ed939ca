"""What happens once, when a function starts."""

import gc
from collections.abc import Generator
from contextlib import contextmanager

from core import logs
from core.services import clients


@contextmanager
def starting() -> Generator[None]:
    """Set up the log, refuse unsafe settings, and keep the collector off what is imported inside.

    What is imported stays for good: frozen, it is not walked at every collection, and the worker that gunicorn forks
    shares its pages. Raises pydantic's ValidationError when production is told of an emulator.
    """
    logs.configure()
    clients.settings_of_process()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(10_000, 20, 20)
