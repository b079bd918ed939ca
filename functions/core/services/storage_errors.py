"""What the Storage client raises, turned into what this house speaks of."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final

from core.failures import Unavailable

RETRY_AFTER: Final = 5


class ObjectMissing(LookupError):
    """There is no such object, or not in the generation that was asked for."""


class ObjectExists(Exception):
    """There is an object of that name already, and it stays as it is."""


@contextmanager
def in_our_words() -> Generator[None]:
    """Raise ObjectMissing, ObjectExists or Unavailable where Google's libraries raise what they do."""
    from google.api_core.exceptions import GoogleAPICallError, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse  # pyright: ignore[reportMissingTypeStubs]
    from requests import RequestException

    try:
        yield
    except GoogleAPICallError as error:
        raise _meaning(error.code) from error
    except InvalidResponse as error:
        answer: Any = error.response  # pyright: ignore[reportUnknownMemberType]
        raise _meaning(answer.status_code) from error
    except (RetryError, GoogleAuthError, DataCorruption, RequestException, ConnectionError) as error:
        raise Unavailable(retry_after=RETRY_AFTER) from error


def _meaning(status: int | None) -> Exception:
    if status == 412:
        return ObjectExists()
    return ObjectMissing() if status in (404, 410) else Unavailable(retry_after=RETRY_AFTER)
