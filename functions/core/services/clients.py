"""Clients of Google's services, and of the mail relay: each made on first use in the worker, once.

functions-framework imports the code before gunicorn forks, and no gRPC channel may exist by then; so nothing is made at
import, and the SDKs themselves are imported by the factory that needs them. Making a client awaits nothing, so on the
worker's one event loop no two calls can make it at once; the lock is for threads.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import RLock
from typing import TYPE_CHECKING, Any, cast

from core.settings import Settings

if TYPE_CHECKING:
    import grpc

    from core.data.database import Database
    from core.services.mail import Mail
    from core.services.objects import Objects
    from core.services.queue import Tasks
    from core.web.identity import Identity


class Clients:
    """The clients of one set of settings. `interceptors` see every Firestore call (tests count with them)."""

    def __init__(self, settings: Settings, *, interceptors: Sequence["grpc.aio.ClientInterceptor"] = ()) -> None:
        self.settings = settings
        self._interceptors = list(interceptors)
        self._lock = RLock()
        self._made: dict[str, Any] = {}

    @property
    def database(self) -> "Database":
        return self._once("database", self._make_database)

    @property
    def identity(self) -> "Identity":
        return self._once("identity", self._make_identity)

    @property
    def tasks(self) -> "Tasks":
        return self._once("tasks", self._make_tasks)

    @property
    def objects(self) -> "Objects":
        return self._once("objects", self._make_objects)

    @property
    def mail(self) -> "Mail":
        return self._once("mail", self._make_mail)

    def _once(self, name: str, make: Any) -> Any:
        if (made := self._made.get(name)) is None:
            with self._lock:
                if (made := self._made.get(name)) is None:
                    made = self._made[name] = make()
        return made

    def _make_database(self) -> "Database":
        from core.data.database import Database

        host = self.settings.firestore_emulator_host
        # The emulator's rules deny everything to clients; this token is its word for a server.
        metadata = (("authorization", "Bearer owner"),) if host else ()
        channel = self._emulated_channel(host) if host else self._google_channel()
        return Database(channel, self.settings.project_id, self.settings.firestore_database, metadata=metadata)

    def _emulated_channel(self, host: str) -> "grpc.aio.Channel":
        from grpc import aio

        return aio.insecure_channel(host, options=_CHANNEL_OPTIONS, interceptors=self._interceptors)

    def _google_channel(self) -> "grpc.aio.Channel":
        # What the client's transport does, without the client (see core.data.messages).
        from google.api_core import grpc_helpers_async

        make = cast("Any", grpc_helpers_async).create_channel
        return make(_FIRESTORE, default_scopes=_FIRESTORE_SCOPES, default_host=_FIRESTORE, options=_CHANNEL_OPTIONS)

    def _make_identity(self) -> "Identity":
        from core.web.identity import Identity

        return Identity(self.settings)

    def _make_tasks(self) -> "Tasks":
        from core.services.queue import Tasks

        return Tasks(self.settings)

    def _make_objects(self) -> "Objects":
        from core.services.objects import Objects

        return Objects(self.settings)

    def _make_mail(self) -> "Mail":
        from core.services.mail import Mail

        return Mail(self.settings)

    async def close(self) -> None:
        """Close the channels. A worker never does; tests do."""
        if database := self._made.get("database"):
            await database.close()
        if tasks := self._made.get("tasks"):
            await tasks.close()


_FIRESTORE = "firestore.googleapis.com"
_FIRESTORE_SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/datastore")

# Documents reach 1 MiB and a page holds 100 of them; gRPC's own bound for a message is 4 MiB.
_CHANNEL_OPTIONS: list[tuple[str, Any]] = [("grpc.max_receive_message_length", -1), ("grpc.keepalive_time_ms", 60_000)]

_using: ContextVar[Clients | None] = ContextVar("clients", default=None)
_of_this_process: Clients | None = None
_lock = RLock()


def current() -> Clients:
    """Return the clients of this request: the process's own, unless `using` has set others."""
    return _using.get() or _of_process()


def _of_process() -> Clients:
    global _of_this_process
    if _of_this_process is None:
        with _lock:
            if _of_this_process is None:
                _of_this_process = Clients(Settings())
    return _of_this_process


def settings_of_process() -> Settings:
    """Return the settings of this process's environment. Raises pydantic's ValidationError when they are unsafe."""
    return _of_process().settings


@contextmanager
def using(clients: Clients) -> Generator[Clients]:
    """Let what runs inside use these clients: how each test has a project of its own."""
    token = _using.set(clients)
    try:
        yield clients
    finally:
        _using.reset(token)
