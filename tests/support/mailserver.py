"""A real SMTP server for tests, on the test's own event loop, that can also refuse, delay and drop.

api.mails.plan(kari.email, "452 4.2.2 Mailbox full", Bad.DROPS)
letter = await api.mail_to(kari.email)
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from enum import Enum
from functools import partial
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.storage import until


class Bad(Enum):
    """What can become of a message besides being taken, or refused by a reply to its recipient."""

    REFUSED = "554 5.6.0 Message refused"
    DROPPED = "the connection ends before the message is taken"
    UNANSWERED = "the message is taken, and the connection ends before that is said"
    SLOW = "the message is taken, and that is said when the test lets it be"


Fate = Bad | str | None
"""A string is the reply to the recipient."""


@dataclass(frozen=True)
class Letter:
    """A message as it came: whom for, and what of it a person sees."""

    to: str
    sender: str
    raw: bytes
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def header(self, name: str) -> str | None:
        found = self.message[name]
        return None if found is None else str(found)

    def _part(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


class MailServer:
    """Listens on 127.0.0.1 while it is entered. `letters` are those that were taken, the oldest first.

    Mail goes to addresses in lower case; those that a test gives may be of any.
    """

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.port = 0
        self.letters: list[Letter] = []
        self.tried: list[str] = []
        """The recipients that somebody tried to send to, one for each time."""
        self.open = asyncio.Event()
        """Whether slow messages are answered; `set` lets them be."""
        self._fates: defaultdict[str, deque[Fate]] = defaultdict(deque)
        self._always: dict[str, Fate] = {}

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        make = partial(SMTP, self, hostname="localhost", loop=loop, enable_SMTPUTF8=False)
        self._server = await loop.create_server(make, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.open.set()
        self._server.close()

    def plan(self, address: str, *fates: Fate) -> None:
        """Let the next messages to an address end so, one after the other; None is one that is taken."""
        self._fates[address.lower()].extend(fates)

    def always(self, address: str, fate: Fate) -> None:
        """Let every message to an address that is not planned end so."""
        self._always[address.lower()] = fate

    def sent_to(self, address: str) -> list[Letter]:
        """What was taken for an address, so far."""
        return [letter for letter in self.letters if letter.to == address.lower()]

    async def to(self, address: str, count: int = 1) -> list[Letter]:
        """Wait for so many messages to an address."""
        await until(lambda: len(self.sent_to(address)) >= count)
        return self.sent_to(address)

    async def tries(self, address: str, count: int = 1) -> None:
        """Wait until somebody has tried to send to an address so many times."""
        await until(lambda: self.tried.count(address.lower()) >= count)

    # aiosmtpd calls these by their names.

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.tried.append(address)
        fate = self._fates[address].popleft() if self._fates[address] else self._always.get(address)
        if isinstance(fate, str):
            return fate
        envelope.rcpt_tos.append(address)
        envelope.fate = fate  # pyright: ignore[reportAttributeAccessIssue]  it has room for a handler's own
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        fate = getattr(envelope, "fate", None)
        if fate is Bad.REFUSED:
            return Bad.REFUSED.value
        if fate is not Bad.DROPPED:
            self._take(envelope)
        if fate is Bad.SLOW:
            await self.open.wait()
        if fate in (Bad.DROPPED, Bad.UNANSWERED):
            transport: Any = server.transport
            transport.abort()
        return "250 Taken"

    def _take(self, envelope: Envelope) -> None:
        raw = envelope.original_content or b""
        message = BytesParser(EmailMessage, policy=default).parsebytes(raw)
        self.letters += [Letter(to, str(envelope.mail_from), raw, message) for to in envelope.rcpt_tos]
