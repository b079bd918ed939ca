"""A letter as a message of e-mail: headers that say what it is, and nothing in them that a name could have written."""

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import Any, Final

from accounts.outreach.letters import Letter

_SENDER: Final = "Dokker"


class _WholeUrls(EmailPolicy):
    """The policy for SMTP, but a header that holds a URL stays as it is: folded, it would be encoded and lost.

    RFC 5322, section 2.1.1: a line may have 998 characters.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        return (
            f"{name}: {value}\r\n".encode("ascii") if name == "List-Unsubscribe" else super().fold_binary(name, value)
        )


_POLICY: Final = _WholeUrls(linesep=SMTP.linesep, max_line_length=SMTP.max_line_length)


def message(
    letter: Letter, *, sender: str, to: str, message_id: str, now: datetime, unsubscribe: str | None
) -> EmailMessage:
    """Return the message of a letter: text and HTML, without pictures, pixels or anything that is fetched.

    `message_id` is the same each time that a notice is sent, so that a second copy is known for one. `unsubscribe` is
    the address for one click (RFC 8058), for mails that can be switched off.
    """
    mail = EmailMessage(_POLICY)
    mail["From"] = Address(_SENDER, addr_spec=sender)
    mail["To"] = Address(addr_spec=to)
    # The library decodes encoded words (RFC 2047) in what it is given, line ends in them too, and then writes those.
    mail["Subject"] = letter.subject.replace("=?", "= ?")
    mail["Date"] = now
    mail["Message-ID"] = message_id
    # RFC 3834: whoever answers by themselves does not answer this.
    mail["Auto-Submitted"] = "auto-generated"
    if unsubscribe:
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(letter.as_text(), cte="quoted-printable")
    mail.add_alternative(letter.as_html(), subtype="html", cte="quoted-printable")
    mail["Content-Language"] = letter.language
    return mail
