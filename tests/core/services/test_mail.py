"""The relay, as a real server on this machine that also refuses, drops and keeps silent."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.services.mail import DEADLINE, Mail, NotSent
from core.settings import Settings
from infra.local.ports import free_port
from tests.support.mailserver import Bad, Fate, MailServer

KARI = "kari@example.com"


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with MailServer() as made:
        yield made


def mail_to(server: MailServer, deadline: float = DEADLINE, **more: Any) -> Mail:
    told: dict[str, Any] = {"smtp_host": server.host, "smtp_port": server.port, "smtp_security": "none"} | more
    return Mail(Settings(environment="local", **told), deadline=deadline)


def a_message() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "dokker@dokker.example", KARI, "Blåbær"
    message.set_content("Hei\n")
    return message


class TestSending:
    async def test_hands_the_message_over_to_the_one_address(self, server: MailServer) -> None:
        await mail_to(server).send(a_message(), KARI)
        (letter,) = server.letters
        assert (letter.to, letter.sender, letter.subject, letter.text) == (
            KARI,
            "dokker@dokker.example",
            "Blåbær",
            "Hei\n",
        )

    @pytest.mark.parametrize(
        ("fate", "status", "final"),
        [
            ("550 5.1.1 No such mailbox", 550, True),
            ("452 4.2.2 Mailbox full", 452, False),
            (Bad.REFUSED, 554, True),
            (Bad.DROPPED, 0, False),
            (Bad.UNANSWERED, 0, False),
        ],
    )
    async def test_says_whether_what_failed_may_go_well_later(
        self, server: MailServer, fate: Fate, status: int, *, final: bool
    ) -> None:
        server.plan(KARI, fate)
        with pytest.raises(NotSent) as caught:
            await mail_to(server).send(a_message(), KARI)
        assert (caught.value.final, caught.value.status in (status, 421)) == (final, True)
        assert KARI not in str(caught.value)

    async def test_to_no_server_may_go_well_later(self, server: MailServer) -> None:
        for nowhere in (mail_to(server, smtp_port=free_port()), mail_to(server, smtp_host="")):
            with pytest.raises(NotSent) as caught:
                await nowhere.send(a_message(), KARI)
            assert not caught.value.final

    async def test_ends_when_the_server_keeps_silent(self, server: MailServer) -> None:
        server.plan(KARI, Bad.SLOW)
        with pytest.raises(NotSent) as caught:
            await mail_to(server, deadline=0.2).send(a_message(), KARI)
        assert not caught.value.final


@pytest.mark.promise("P43")
class TestSecurity:
    async def test_sends_nothing_to_a_server_that_offers_no_tls(self, server: MailServer) -> None:
        for security in ("starttls", "tls"):
            with pytest.raises(NotSent) as caught:
                await mail_to(server, smtp_security=security).send(a_message(), KARI)
            assert not caught.value.final
        assert server.tried == []

    async def test_sends_nothing_to_a_server_that_cannot_show_who_it_is(self, tmp_path: Path) -> None:
        behind = MailServer()
        loop = asyncio.get_running_loop()
        context = _self_signed(tmp_path)
        listening = await loop.create_server(
            lambda: SMTP(behind, hostname="localhost", loop=loop, tls_context=context), "127.0.0.1", 0
        )
        behind.port = listening.sockets[0].getsockname()[1]
        with pytest.raises(NotSent):
            await mail_to(behind, smtp_security="starttls", smtp_user="u", smtp_password="p").send(a_message(), KARI)
        assert behind.tried == []
        listening.close()


def _self_signed(folder: Path) -> ssl.SSLContext:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
