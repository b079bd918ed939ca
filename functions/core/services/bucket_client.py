"""Google's Storage client for the buckets of one project, with our own deadlines on every call. Used in threads."""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from threading import RLock
from typing import Any, Final

from core.data.buckets import Bucket
from core.data.objects import ObjectKey
from core.services.storage_errors import ObjectMissing, in_our_words
from core.settings import Settings

DEADLINE: Final = 10.0
"""Seconds that a call is tried again for; the library's own are 120."""

TIMEOUT: Final = (3.0, 10.0)
"""Seconds that one try may take to connect, and to answer."""

_MOVING: Final = 6
"""How many times as long Cloud Storage may take where it moves content: a minute, as the library's own calls."""


class BucketClient:
    """Blobs of the declared buckets. The SDK is imported, and its client made, when the first one is asked for."""

    def __init__(self, settings: Settings, deadline: float = DEADLINE) -> None:
        self._settings, self._deadline = settings, deadline
        self._lock = RLock()

    def blob(self, key: ObjectKey, generation: int | None = None) -> Any:
        """Return the library's handle on an object; no call."""
        return self._client.bucket(self._real(key.bucket)).blob(key.name, generation=generation)

    def described(
        self,
        key: ObjectKey,
        content_type: str | None,
        disposition: str | None,
        cache_control: str | None,
        metadata: Mapping[str, str] | None,
    ) -> Any:
        """Return the handle on an object that is to be stored so; no call."""
        blob = self.blob(key)
        if content_type:
            blob.content_type = content_type
        blob.content_disposition, blob.cache_control = disposition, cache_control
        blob.metadata = dict(metadata or {})
        return blob

    def listed(self, bucket: Bucket, beginning: str, **more: Any) -> Iterator[Any]:
        """Yield the objects whose names begin so: 1 call for each 1,000."""
        return self._client.list_blobs(self._real(bucket), prefix=beginning, **more, **self.calls)

    def delete(self, bucket: Bucket, beginning: str, wanted: Callable[[str], bool]) -> None:
        """Delete every generation of the objects whose names begin so and are wanted: 1 call and 1 for each."""
        for blob in self.listed(bucket, beginning, versions=True):
            if wanted(blob.name):
                try:
                    with in_our_words():
                        blob.delete(**self.calls)
                except ObjectMissing:
                    continue  # another was quicker

    @cached_property
    def calls(self) -> dict[str, Any]:
        """How long a call may take and be repeated.

        Each is safe to repeat: it reads, names a generation, or wants that none is there.
        Source: https://cloud.google.com/storage/docs/retry-strategy
        """
        return _bounded(TIMEOUT, self._deadline)

    @cached_property
    def moving(self) -> dict[str, Any]:
        """The same for a call in which Cloud Storage itself moves content, and answers once much of it is there.

        Given up too soon, it would be asked to do all of it again beside what it is doing still.
        """
        return _bounded((TIMEOUT[0], _MOVING * TIMEOUT[1]), 2 * _MOVING * self._deadline)

    def _real(self, bucket: Bucket) -> str:
        return bucket.named_in(self._settings.project_id)

    @property
    def _client(self) -> Any:
        # Threads ask for it, and two of them must not make it at once.
        with self._lock, in_our_words():
            return self._made

    @cached_property
    def _made(self) -> Any:
        from google.cloud.storage import Client  # pyright: ignore[reportMissingTypeStubs]

        project, url = self._settings.project_id, self._settings.storage_url
        if not url:
            return Client(project=project)
        from google.auth.credentials import AnonymousCredentials

        return Client(project=project, credentials=AnonymousCredentials(), client_options={"api_endpoint": url})


def _bounded(timeout: tuple[float, float], deadline: float) -> dict[str, Any]:
    from google.cloud.storage.retry import DEFAULT_RETRY  # pyright: ignore[reportMissingTypeStubs]

    retry: Any = DEFAULT_RETRY
    return {
        "timeout": timeout,
        "retry": retry.with_timeout(deadline).with_delay(initial=0.1, maximum=2.0, multiplier=2.0),
    }
