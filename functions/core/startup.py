"""What happens once, when a function starts: its log is set up, and settings that would be unsafe stop it."""

from core import logs
from core.services import clients


def begin() -> None:
    """Get ready to serve. Raises pydantic's ValidationError when production is told of an emulator."""
    logs.configure()
    clients.settings_of_process()
