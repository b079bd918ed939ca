"""A mail server that delivers nothing: it keeps what it is given, decoded, for tests and for people who look.

Needed because Firebase's emulators send no mail, and Dokker's own mails leave by SMTP.
"""

import json
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.local import ports

Mail = dict[str, Any]
"""`{id, to: [address…], from, subject, date, text, html}`; `to` are those it was delivered to, hidden ones included."""


class MailCatcher:
    """An SMTP server on 127.0.0.1 in a thread of its own, listening between `start` and `stop`.

    With a file, mails are also written there, one JSON object a line, and those of earlier starts are still known.
    """

    def __init__(self, port: int = 0, file: Path | None = None) -> None:
        self.port = port
        self.file = file
        self._mails = _kept(file)
        self._controller: Controller | None = None

    @property
    def host(self) -> str:
        return f"{ports.ADDRESS}:{self.port}"

    def start(self) -> None:
        """Listen; `port` and `host` are right from then on. Raises PortTaken."""
        self.port = ports.claim("smtp", self.port)
        self._controller = Controller(self, hostname=ports.ADDRESS, port=self.port, enable_SMTPUTF8=True)
        self._controller.start()

    def stop(self) -> None:
        """Listen no more; the mails stay. Harmless when it does not listen."""
        if self._controller:
            self._controller.stop(no_assert=True)
            self._controller = None

    def mails(self, to: str | None = None) -> list[Mail]:
        """The mails, newest first; those to one address alone when it is given (letter case aside)."""
        wanted = to.casefold() if to else None
        return [mail for mail in reversed(self._mails) if wanted is None or wanted in map(str.casefold, mail["to"])]

    def forget(self) -> None:
        """Forget all mails, in the file too."""
        self._mails.clear()
        if self.file:
            self.file.unlink(missing_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 — aiosmtpd calls it by this name
        """Take a mail in, as aiosmtpd hands it over; what is returned is the reply to the sender."""
        mail = decoded(envelope.original_content or b"", [str(address) for address in envelope.rcpt_tos])
        if self.file:
            _append(self.file, mail)
        self._mails.append(mail)
        return "250 Kept"


def decoded(content: bytes, to: list[str]) -> Mail:
    """A mail as it came over the wire, its headers and text parts decoded; a part that is not there is empty."""
    message = BytesParser(EmailMessage, policy=default).parsebytes(content)
    return {
        "id": uuid4().hex,
        "to": to,
        "from": str(message["From"] or ""),
        "subject": str(message["Subject"] or ""),
        "date": _date(message).isoformat(),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
    }


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:  # not its truth: a message without headers is false
        return ""
    return str(part.get_content()).replace("\r\n", "\n")


def _date(message: EmailMessage) -> datetime:
    try:
        return parsedate_to_datetime(str(message["Date"]))
    except ValueError:  # none, or none that can be read: now
        return datetime.now(UTC)


def _append(file: Path, mail: Mail) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(mail, ensure_ascii=False) + "\n")


def _kept(file: Path | None) -> list[Mail]:
    if file is None or not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
