"""What mails say, of each kind and in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from html import unescape
from typing import Any, Literal

import pytest

from accounts.outreach import envelopes, letters
from accounts.outreach.facts import Facts
from accounts.outreach.letters import Letter
from accounts.outreach.links import Links
from accounts.outreach.recipients import Recipient
from accounts.profiles.records import DeviceKind
from core.services.outbox import ACTIVITY, NoticeKind, NoticeRecord, notice

SITE = "https://dokker.example"
LINKS = Links(SITE, "https://api.dokker.example", b"k" * 32)
NOW = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
ABOUT = {"documentId": "d1", "commentId": "c1"}
IN_A_GROUP = {"groupId": "g1", "customerId": "k1"}

# What stands in the subject, and where the link leads.
SAID: dict[NoticeKind, tuple[dict[str, str], str, str, str]] = {
    NoticeKind.JOINED: (IN_A_GROUP, "Du er med i gruppen 3B", "You are in the group 3B", "/groups/g1"),
    NoticeKind.REMOVED: (IN_A_GROUP, "Du er ikke lenger med i gruppen 3B", "You are no longer in the group 3B", "/"),
    NoticeKind.GROUP_OFFERED: (
        IN_A_GROUP,
        "Vil dere overta gruppen 3B?",
        "Would you like to take over the group 3B?",
        "/groups/g1",
    ),
    NoticeKind.SHARED: (
        ABOUT,
        "Ola har delt et dokument med deg",
        "Ola has shared a document with you",
        "/documents/d1",
    ),
    NoticeKind.OWNERSHIP_OFFERED: (
        ABOUT,
        "Ola vil gi Solberg skole et dokument",
        "Ola would like to give Solberg skole a document",
        "/documents/d1",
    ),
    NoticeKind.OWNERSHIP_ACCEPTED: (
        ABOUT,
        "Ola har sagt ja til et dokument",
        "Ola has said yes to a document",
        "/documents/d1",
    ),
    NoticeKind.NEW_DEVICE: (
        {"deviceId": "e1"},
        "Ny innlogging på kontoen din",
        "New sign-in to your account",
        "/me/devices",
    ),
    NoticeKind.MENTIONED: (ABOUT, "Ola har nevnt deg", "Ola has mentioned you", "/documents/d1"),
    NoticeKind.COMMENTED: (
        ABOUT,
        "Ola har skrevet en kommentar",
        "Ola has written a comment",
        "/documents/d1",
    ),
}
KNOWN = Facts(actor="Ola", customer="Solberg skole", group="3B", device=DeviceKind.TABLET, system="iPadOS")


def a_notice(kind: NoticeKind, about: dict[str, str]) -> NoticeRecord:
    written = notice(kind, NOW, to="kari", actor="ola", about=about).content
    assert written
    return written


def written(kind: NoticeKind, language: Literal["nb", "en"] = "nb", facts: Facts = KNOWN, **who: Any) -> Letter:
    about = SAID[kind][0] if kind in SAID else {}
    recipient = Recipient(
        **{"address": "kari@example.com", "name": "Kari", "time_zone": "Europe/Oslo"} | who, language=language
    )
    return letters.written(a_notice(kind, about), recipient, facts, LINKS)


def sent(letter: Letter, **more: Any) -> EmailMessage:
    """The letter's message, as it is read after its way over the wire."""
    given: dict[str, Any] = {
        "sender": "dokker@dokker.example",
        "to": "kari@example.com",
        "message_id": "<n1@dokker.example>",
        "now": NOW,
        "unsubscribe": None,
    } | more
    return BytesParser(EmailMessage, policy=default).parsebytes(envelopes.message(letter, **given).as_bytes())


def words_of(html: str) -> list[str]:
    shown = re.sub(r"<title>.*?</title>|<[^>]*>", " ", html, flags=re.DOTALL)
    return unescape(shown).split()


class TestWords:
    @pytest.mark.parametrize("kind", SAID)
    def test_say_what_happened_in_both_languages_and_lead_there(self, kind: NoticeKind) -> None:
        about, norwegian, english, path = SAID[kind]
        for language, subject in (("nb", norwegian), ("en", english)):
            letter = written(kind, language)  # pyright: ignore[reportArgumentType]
            assert (letter.subject, letter.link) == (subject, SITE + path), about
            assert letter.paragraphs and letter.label and letter.why

    @pytest.mark.parametrize("language", ["nb", "en"])
    @pytest.mark.parametrize("kind", NoticeKind)
    def test_stand_when_everything_they_name_is_gone(self, kind: NoticeKind, language: Literal["nb", "en"]) -> None:
        letter = written(kind, language, Facts(), name="")
        assert letter.subject and "  " not in letter.subject
        assert not re.search(r"\bNone\b|\(\)|\s[.,!]", letter.as_text()), letter.as_text()

    @pytest.mark.parametrize(
        ("kind", "facts", "norwegian", "english"),
        [
            (
                NoticeKind.JOINED,
                Facts(actor="Ola", customer="Solberg skole"),
                "Ola er nå med i Solberg skole",
                "Ola has joined Solberg skole",
            ),
            (
                NoticeKind.JOINED,
                Facts(actor="Ola"),
                "Ola har takket ja til invitasjonen din",
                "Ola has accepted your invitation",
            ),
            (
                NoticeKind.OWNERSHIP_OFFERED,
                Facts(actor="Ola"),
                "Ola vil gi deg et dokument",
                "Ola would like to give you a document",
            ),
        ],
    )
    def test_speak_to_a_person_or_for_a_customer(
        self, kind: NoticeKind, facts: Facts, norwegian: str, english: str
    ) -> None:
        assert (written(kind, "nb", facts).subject, written(kind, "en", facts).subject) == (norwegian, english)

    def test_tell_the_day_and_time_where_the_recipient_is(self) -> None:
        here = written(NoticeKind.NEW_DEVICE, "nb")
        there = written(NoticeKind.NEW_DEVICE, "en", time_zone="America/New_York")
        assert "et nettbrett (iPadOS)" in here.as_text()
        assert "fredag 1. januar 2027 kl. 00:30" in here.as_text()
        assert "Thursday, 31 December 2026 at 18:30" in there.as_text()

    def test_say_the_same_as_text_and_as_html(self) -> None:
        for kind in SAID:
            letter = written(kind, facts=Facts(actor="<b>Ola</b> & «Åse»", customer="Skole", group="3B"))
            text, html = letter.as_text(), words_of(letter.as_html())
            in_text = [word for word in text.split() if not word.startswith(SITE) and word != "--"]
            said = [word for word in html if not word.startswith(SITE)]
            assert [word.removesuffix(":") for word in in_text] == [word.removesuffix(":") for word in said]


class TestHtml:
    def test_holds_no_markup_of_a_name(self) -> None:
        letter = written(NoticeKind.SHARED, facts=Facts(actor='<img src="//evil.example/p.gif"> {{ 7 * 7 }} &amp;'))
        assert "<img" not in letter.as_html() and "&lt;img" in letter.as_html()
        assert "{{ 7 * 7 }}" in letter.as_text()

    @pytest.mark.promise("P02")
    @pytest.mark.parametrize("kind", SAID)
    def test_fetches_nothing_and_leads_nowhere_but_to_the_site(self, kind: NoticeKind) -> None:
        html = written(kind).as_html()
        assert not re.search(r"<(img|script|link|iframe|object)|src=|url\(|@import", html)
        assert set(re.findall(r'href="([^"]*)"', html)) <= {
            SITE,
            SITE + SAID[kind][3],
            *([f"{SITE}/me/notifications"] if kind in ACTIVITY else []),
        }


class TestEnvelope:
    def test_says_what_it_is_and_who_is_written_to(self) -> None:
        mail = sent(written(NoticeKind.SHARED))
        assert str(mail["From"]) == "Dokker <dokker@dokker.example>"
        assert str(mail["To"]) == "kari@example.com"
        assert (mail["Auto-Submitted"], mail["Message-ID"], mail["Content-Language"]) == (
            "auto-generated",
            "<n1@dokker.example>",
            "nb",
        )
        assert mail["Date"].datetime == NOW
        assert mail["Reply-To"] is None and mail["List-Unsubscribe"] is None

    @pytest.mark.parametrize("name", ["Ola\r\nBcc: all@example.com", "Ola\n\n<h1>", "Ола =?utf-8?q?=0d=0aBcc:x?="])
    def test_has_no_header_that_a_name_wrote(self, name: str) -> None:
        mail = sent(written(NoticeKind.SHARED, facts=Facts(actor=name)))
        assert mail["Bcc"] is None
        assert set(mail) == set(sent(written(NoticeKind.SHARED)))

    def test_keeps_the_address_for_one_click_whole(self) -> None:
        address = LINKS.unsubscribe("n" * 22)
        raw = envelopes.message(
            written(NoticeKind.COMMENTED),
            sender="dokker@dokker.example",
            to="kari@example.com",
            message_id="<n1@dokker.example>",
            now=NOW,
            unsubscribe=address,
        ).as_bytes()
        assert f"\r\nList-Unsubscribe: <{address}>\r\n".encode() in raw
        assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
        assert max(len(line) for line in raw.split(b"\r\n")) <= 998

    def test_takes_the_longest_address(self) -> None:
        to = f"{'a' * 64}@{'b' * 60}.{'c' * 60}.{'d' * 60}.no"
        assert str(sent(written(NoticeKind.SHARED), to=to)["To"]) == to
