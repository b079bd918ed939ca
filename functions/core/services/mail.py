"""Mail: one message to one address, handed to the relay that the settings name (SMTP, RFC 5321 and 6409)."""

import asyncio
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP as OVER_SMTP
from typing import TYPE_CHECKING, Final

from core.settings import Settings

if TYPE_CHECKING:
    from aiosmtplib import SMTP

DEADLINE: Final = 40
"""Seconds that handing over one message may take, whatever the relay does."""

_STEP_SECONDS: Final = 20
_FAREWELL_SECONDS: Final = 2


class NotSent(Exception):
    """The relay did not take a message.

    When it is `final`, the relay will not take it at another time either (a reply of 5xx to the recipient or to the
    message itself; RFC 5321, section 4.2.1). `status` is that reply's number, 0 without one. What the relay wrote stays
    out, as it likes to repeat the address.
    """

    def __init__(self, status: int = 0, *, final: bool = False) -> None:
        super().__init__(f"status {status}")
        self.status, self.final = status, final


class Mail:
    """The relay. Each message has a connection of its own: an instance sends few, and idle connections are dropped.

    Handing over takes `deadline` seconds at most.
    """

    def __init__(self, settings: Settings, *, deadline: float = DEADLINE) -> None:
        self._settings, self._deadline = settings, deadline

    @property
    def sender(self) -> str:
        """The address that mails come from."""
        return self._settings.mail_from

    @property
    def domain(self) -> str:
        """The sender's domain: what our ids of messages end in, and how we introduce ourselves."""
        return self.sender.rpartition("@")[2]

    async def send(self, message: EmailMessage, to: str) -> None:
        """Hand a message over for one address. Raises NotSent; after any other error it may have been taken or not."""
        from aiosmtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

        if not self._settings.smtp_host:
            raise NotSent
        server = self._server()
        try:
            async with asyncio.timeout(self._deadline):
                await server.connect()
                await server.sendmail(self.sender, to, message.as_bytes(policy=OVER_SMTP))
        except SMTPRecipientsRefused as error:
            raise _refused(error.recipients[0].code) from error
        except SMTPDataError as error:
            raise _refused(error.code) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise NotSent(getattr(error, "code", 0)) from error
        else:
            # The message is the relay's by now, whatever it says to this.
            with suppress(SMTPException, OSError, TimeoutError):
                await server.quit(timeout=_FAREWELL_SECONDS)
        finally:
            server.close()

    def _server(self) -> "SMTP":
        # Imported here: only what delivers mail needs it.
        from aiosmtplib import SMTP

        told = self._settings
        return SMTP(
            hostname=told.smtp_host,
            port=told.smtp_port,
            username=told.smtp_user or None,
            password=told.smtp_password.get_secret_value() or None,
            use_tls=told.smtp_security == "tls",
            start_tls=told.smtp_security == "starttls",
            local_hostname=self.domain,
            timeout=_STEP_SECONDS,
        )


def _refused(status: int) -> NotSent:
    return NotSent(status, final=500 <= status < 600)
