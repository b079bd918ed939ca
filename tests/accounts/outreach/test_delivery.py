"""Delivery: every notice comes by e-mail, once as a rule, on bad days twice rather than never, and then it ends."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from accounts.outreach.delivery import MOST_ATTEMPTS, Ending, wait_after
from accounts.profiles.records import AccountState, profiles
from accounts.profiles.service import change_state
from accounts.records import InvitationState, invitations
from core import clock, logs
from core.services.outbox import ACTIVITY, NoticeKind, hand_over, notice, notices
from tests.support.api import Api, Person
from tests.support.mailserver import Bad
from tests.support.telling import a_group, comes_to, deliver, invite, put_customer, stored, tell
from tests.system.test_data_map import Walker

OUTREACH = "outreach-schedules"
SERVICE = [kind for kind in NoticeKind if kind not in ACTIVITY and kind is not NoticeKind.INVITATION]


async def changes(person: Person, **fields: Any) -> None:
    profile = await person.api.db.get(profiles.at(person.uid))
    assert profile
    await person.api.db.commit(profiles.update(profile, **fields))


async def sweeps(api: Api) -> dict[str, int]:
    answer = await api.runs("sweep-outbox", OUTREACH)
    await api.tasks.idle()
    return answer.json


class TestWhatIsNotSent:
    """Denied cases first: who gets no mail."""

    async def test_to_somebody_who_is_gone_or_being_erased(self, api: Api) -> None:
        kari = await api.person("Kari")
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)
        await change_state(api.db, kari.uid, AccountState.ERASING, clock.now())

        assert await deliver(api, notice_id) is Ending.UNWANTED
        assert api.mails.tried == []
        assert (await stored(api, notice_id)).due_at is None
        assert await deliver(api, "nothing") is Ending.OVER

    async def test_to_an_address_that_nobody_has_verified(self, api: Api) -> None:
        mallory = await api.person("Mallory", email="kari@example.com", email_verified=False)
        notice_id = await tell(api, NoticeKind.NEW_DEVICE, mallory, lost=True)

        assert await deliver(api, notice_id) is Ending.UNWANTED
        assert await mallory.listed("/v1/me/notices") == [notice_id]

    @pytest.mark.parametrize("kind", sorted(ACTIVITY))
    async def test_of_activity_to_who_said_no_or_is_restricted(self, api: Api, kind: NoticeKind) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await changes(kari, consents={"activity_mail": False})
        await change_state(api.db, ola.uid, AccountState.RESTRICTED, clock.now())

        for person in (kari, ola):
            assert await deliver(api, await tell(api, kind, person, lost=True)) is Ending.UNWANTED
            assert len(await person.listed("/v1/me/notices")) == 1
        assert api.mails.tried == []

    @pytest.mark.promise("P25")
    @pytest.mark.parametrize("kind", SERVICE)
    async def test_but_what_belongs_to_the_service_always_is(self, api: Api, kind: NoticeKind) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await changes(kari, consents={"activity_mail": False})
        await change_state(api.db, ola.uid, AccountState.RESTRICTED, clock.now())

        for person in (kari, ola):
            assert await deliver(api, await tell(api, kind, person, lost=True)) is Ending.SENT
            letter = await api.mail_to(person.email)
            assert letter.header("List-Unsubscribe") is None

    async def test_when_an_invitation_is_no_longer_open(self, api: Api) -> None:
        kari = await api.person("Kari")
        _, revoked, first = await invite(api, kari, "ola@example.com", lost=True)
        found = await api.db.get(invitations.at(revoked))
        assert found
        await api.db.commit(invitations.update(found, state=InvitationState.REVOKED, open_until=None))
        _, _, second = await invite(api, kari, "sara@example.com", lost=True)
        assert await deliver(api, first) is Ending.UNWANTED

        api.advance(days=7, minutes=1)
        assert await deliver(api, second) is Ending.UNWANTED
        assert api.mails.tried == []


class TestDelivery:
    @pytest.mark.parametrize(
        ("language", "subject", "when"),
        [
            ("nb", "Ola Nordmann har delt et dokument med deg", "Åpne dokumentet:"),
            ("en", "Ola Nordmann has shared a document with you", "Open the document:"),
        ],
    )
    async def test_comes_soon_in_the_recipients_language(
        self, api: Api, language: str, subject: str, when: str
    ) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await changes(kari, locale=language)
        await changes(ola, name="Ola Nordmann")

        notice_id = await tell(api, NoticeKind.SHARED, kari, actor=ola.uid, about={"documentId": "tur"})

        letter = await api.mail_to(kari.email)
        assert letter.subject == subject
        assert f"{when}\nhttps://dokker.example/documents/tur\n" in letter.text
        assert letter.header("Message-ID") == f"<{notice_id}@dokker.example>"
        done = await comes_to(api, notice_id, lambda notice: notice.sent_at)
        assert (done.due_at, done.attempts, done.failed_at) == (None, 1, None)

    @pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind is not NoticeKind.INVITATION])
    async def test_of_each_kind_names_what_is_there(self, api: Api, kind: NoticeKind) -> None:
        kari, ola = await api.people("Kari", "Ola")
        customer = await put_customer(api)
        about = {
            "documentId": "tur",
            "customerId": customer,
            "groupId": await a_group(api, customer),
            "deviceId": "ukjent-enhet",
        }

        await tell(api, kind, kari, actor=ola.uid, about=about)

        letter = await api.mail_to(kari.email)
        assert letter.to == kari.email.lower() and letter.sender == "dokker@dokker.example"
        assert letter.text.startswith("Hei, Kari!")

    async def test_names_people_as_they_are_called_when_it_is_sent(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        notice_id = await tell(api, NoticeKind.MENTIONED, kari, actor=ola.uid, lost=True)
        await changes(ola, name="Olav\u202e https://evil.example/a =?utf-8?q?=0d=0aBcc:x?=")

        await deliver(api, notice_id)

        letter = await api.mail_to(kari.email)
        assert letter.subject == "Olav https evil. example a = ?utf-8?q?=0d=0aBcc x?= har nevnt deg"
        assert letter.header("Bcc") is None
        assert "evil.example" not in letter.text + letter.html

    async def test_goes_to_the_ascii_form_of_a_domain_that_only_looks_like_another(self, api: Api) -> None:
        kari = await api.person("Kari", email="Kari@exаmple.com")  # its second a is Cyrillic
        await tell(api, NoticeKind.SHARED, kari)

        letter = await api.mail_to("kari@xn--exmple-4nf.com")
        assert letter.header("To") == "kari@xn--exmple-4nf.com"

    @pytest.mark.parametrize(
        "address", ["=?utf-8?q?=0d=0abcc=3ax?=@example.com", '"a b"@example.com', "kari@localhost"]
    )
    async def test_to_an_address_that_is_none_ends_at_once(self, api: Api, address: str) -> None:
        kari = await api.person("Kari", email=address)
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)

        assert await deliver(api, notice_id) is Ending.FAILED
        assert (await stored(api, notice_id)).failed_at
        assert api.mails.tried == []


class TestInvitation:
    async def test_brings_its_secret_to_somebody_without_an_account(self, api: Api) -> None:
        kari = await api.person("Kari")
        customer = await put_customer(api, "Solberg skole")

        token, _, notice_id = await invite(api, kari, "ola@example.com", customer_id=customer, language="en")

        letter = await api.mail_to("ola@example.com")
        assert letter.subject == "Kari invites you to Solberg skole"
        assert f"https://dokker.example/invitations#{token}\n" in letter.text
        assert "The invitation is for ola@example.com." in letter.text
        assert (await comes_to(api, notice_id, lambda notice: notice.sent_at)).uid is None

    @pytest.mark.promise("P43")
    async def test_leaves_its_secret_in_no_store_and_no_log(self, api: Api) -> None:
        kari, written = await api.person("Kari"), io.StringIO()
        logs.configure(written)
        try:
            token, _, notice_id = await invite(api, kari, "ola@example.com", lost=True)
            api.mails.plan("ola@example.com", "452 4.2.2 ola@example.com: mailbox full")
            assert await deliver(api, notice_id) is Ending.WAITING
            api.advance(minutes=2)
            await sweeps(api)
            letter = await api.mail_to("ola@example.com")
        finally:
            logs.configure()

        assert token in letter.text and token in letter.html
        content = [str(stored.fields) async for stored in Walker(api).everything()]
        assert len(content) >= 3 and token not in "".join(content)
        assert token not in written.getvalue() and "ola@example.com" not in written.getvalue()
        assert "mail_postponed" in written.getvalue()


class TestBadDays:
    async def test_a_task_that_was_lost_is_made_up_for_by_the_sweep(self, api: Api) -> None:
        kari = await api.person("Kari")
        for _ in range(3):
            await tell(api, NoticeKind.SHARED, kari, lost=True)

        assert await sweeps(api) == {"due": 3, "dead": 0}

        assert len(await api.mails.to(kari.email, 3)) == 3
        assert await sweeps(api) == {"due": 0, "dead": 0}

    @pytest.mark.parametrize("fate", ["451 4.3.0 Try again later", Bad.DROPPED])
    async def test_a_relay_that_would_not_now_is_asked_again(self, api: Api, fate: Bad | str) -> None:
        kari = await api.person("Kari")
        api.mails.plan(kari.email, fate, fate)
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)

        assert await deliver(api, notice_id) is Ending.WAITING
        assert await deliver(api, notice_id) is Ending.WAITING, "it is not due"
        assert api.mails.tried == [kari.email.lower()]
        api.advance(minutes=1)
        assert await deliver(api, notice_id) is Ending.WAITING
        api.advance(minutes=2)

        assert await deliver(api, notice_id) is Ending.SENT
        assert (await stored(api, notice_id)).attempts == 3
        assert len(api.mails.sent_to(kari.email)) == 1

    @pytest.mark.promise("P42")
    async def test_a_worker_killed_between_sending_and_noting_sends_the_same_again(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.mails.plan(kari.email, Bad.SLOW)
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)
        worker = asyncio.create_task(deliver(api, notice_id))
        await api.mails.to(kari.email)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        assert (await stored(api, notice_id)).sent_at is None

        api.advance(minutes=2)
        await sweeps(api)

        first, second = await api.mails.to(kari.email, 2)
        assert first.header("Message-ID") == second.header("Message-ID") == f"<{notice_id}@dokker.example>"
        assert (await comes_to(api, notice_id, lambda notice: notice.sent_at)).attempts == 2

    async def test_two_deliveries_at_once_send_one_mail(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.mails.plan(kari.email, Bad.SLOW)
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)
        first = asyncio.create_task(deliver(api, notice_id))
        await api.mails.to(kari.email)

        assert [await deliver(api, notice_id) for _ in range(3)] == [Ending.WAITING] * 3
        api.mails.open.set()

        assert await first is Ending.SENT
        assert await deliver(api, notice_id) is Ending.OVER
        assert len(api.mails.tried) == 1

    async def test_reading_a_notice_while_its_mail_is_under_way_loses_neither(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.mails.plan(kari.email, Bad.SLOW)
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)
        delivery = asyncio.create_task(deliver(api, notice_id))
        await api.mails.to(kari.email)
        assert (await kari.post(f"/v1/me/notices/{notice_id}/read")).status == 204

        api.mails.open.set()

        assert await delivery is Ending.SENT
        done = await stored(api, notice_id)
        assert done.read_at and done.sent_at and done.due_at is None

    async def test_an_erasure_while_a_mail_is_under_way_leaves_nothing(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.mails.plan(kari.email, Bad.SLOW)
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)
        delivery = asyncio.create_task(deliver(api, notice_id))
        await api.mails.to(kari.email)
        await api.db.commit(notices.remove(notices.at(notice_id)))

        api.mails.open.set()

        assert await delivery is Ending.SENT
        assert await api.db.get(notices.at(notice_id)) is None

    async def test_a_refusal_for_good_is_a_dead_letter_that_shows(self, api: Api) -> None:
        kari, written = await api.person("Kari"), io.StringIO()
        api.mails.always(kari.email, "550 5.1.1 No such mailbox")
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)
        logs.configure(written)
        try:
            assert await deliver(api, notice_id) is Ending.FAILED
        finally:
            logs.configure()

        (line,) = [line for line in written.getvalue().splitlines() if "mail_dead" in line]
        assert '"severity": "ERROR"' in line and notice_id in line and kari.uid not in line
        assert (await sweeps(api)) == {"due": 0, "dead": 1}
        assert await deliver(api, notice_id) is Ending.OVER
        assert await kari.listed("/v1/me/notices") == [notice_id]

    async def test_is_given_up_after_about_three_days(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.mails.always(kari.email, "452 4.2.2 Mailbox full")
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)
        begun, endings = clock.now(), list[Ending]()
        for attempt in range(1, MOST_ATTEMPTS + 1):
            endings.append(await deliver(api, notice_id))
            api.advance(seconds=wait_after(attempt).total_seconds())

        assert endings == [Ending.WAITING] * (MOST_ATTEMPTS - 1) + [Ending.FAILED]
        done = await stored(api, notice_id)
        assert done.failed_at and 2.5 < (done.failed_at - begun).total_seconds() / 86_400 < 3.1

    async def test_many_of_one_commit_are_handed_out_by_one_task(self, api: Api) -> None:
        kari = await api.person("Kari")
        written = [notice(NoticeKind.SHARED, clock.now(), to=kari.uid) for _ in range(25)]
        await api.db.commit(*written)

        await hand_over(api.clients.tasks, *written)

        letters = await api.mails.to(kari.email, 25)
        assert len({letter.header("Message-ID") for letter in letters}) == 25


class TestRetention:
    @pytest.mark.promise("P12")
    async def test_keeps_notices_for_ninety_days_and_no_longer(self, api: Api) -> None:
        kari = await api.person("Kari")
        old = await tell(api, NoticeKind.SHARED, kari)
        await api.mail_to(kari.email)
        api.advance(days=45)
        young = await tell(api, NoticeKind.SHARED, kari)
        assert (await api.runs("remove-old-notices", OUTREACH))["removed"] == 0
        assert await kari.listed("/v1/me/notices") == [young, old]

        api.advance(days=45, minutes=1)

        assert (await api.runs("remove-old-notices", OUTREACH))["removed"] == 1
        assert await kari.listed("/v1/me/notices") == [young]
