import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from infra.local.mail_catcher import MailCatcher


@pytest.fixture
def catcher() -> Iterator[MailCatcher]:
    catcher = MailCatcher()
    catcher.start()
    yield catcher
    catcher.stop()


def send(catcher: MailCatcher, to: str, subject: str = "Hei", text: str = "", html: str = "", bcc: str = "") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Dokker <post@dokker.example>", to, subject
    mail["Date"] = "Mon, 23 Nov 2026 10:00:00 +0100"
    mail.set_content(text or "Hei\n")
    if html:
        mail.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", catcher.port) as smtp:
        smtp.send_message(mail, to_addrs=[to, bcc] if bcc else [to])


class TestMails:
    def test_are_kept_decoded(self, catcher: MailCatcher) -> None:
        send(catcher, "kari@example.com", "Blåbær på «fjellet»", "Hei på deg\n", "<p>Hei på deg</p>\n")

        (mail,) = catcher.mails()
        identity = mail.pop("id")
        assert identity
        assert mail == {
            "to": ["kari@example.com"],
            "from": "Dokker <post@dokker.example>",
            "subject": "Blåbær på «fjellet»",
            "date": "2026-11-23T10:00:00+01:00",
            "text": "Hei på deg\n",
            "html": "<p>Hei på deg</p>\n",
        }

    def test_of_one_person_come_newest_first(self, catcher: MailCatcher) -> None:
        for to, subject in (("kari@example.com", "1"), ("ola@example.com", "2"), ("kari@example.com", "3")):
            send(catcher, to, subject)

        assert [mail["subject"] for mail in catcher.mails(to="Kari@Example.com")] == ["3", "1"]

    def test_show_hidden_recipients(self, catcher: MailCatcher) -> None:
        send(catcher, "kari@example.com", bcc="ola@example.com")

        assert catcher.mails(to="ola@example.com")[0]["to"] == ["kari@example.com", "ola@example.com"]

    def test_without_headers_are_kept_too(self, catcher: MailCatcher) -> None:
        with smtplib.SMTP("127.0.0.1", catcher.port) as smtp:
            smtp.sendmail("post@dokker.example", ["kari@example.com"], b"\r\nbare text\r\n")

        (mail,) = catcher.mails()
        assert (mail["subject"], mail["from"], mail["text"]) == ("", "", "bare text\n")


class TestFile:
    def test_brings_mails_over_a_restart(self, tmp_path: Path) -> None:
        file = tmp_path / "data" / "mails.jsonl"
        first = MailCatcher(file=file)
        first.start()
        send(first, "kari@example.com", "Blåbær")
        first.stop()

        later = MailCatcher(file=file)

        assert later.mails() == first.mails()
        later.forget()
        assert (later.mails(), file.exists()) == ([], False)
