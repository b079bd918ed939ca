"""What comes by e-mail is the person's to say, in Dokker and from a mail program, but for what the service needs."""

from __future__ import annotations

import asyncio
import re

import pytest

from accounts.outreach.delivery import Ending
from accounts.profiles.records import AccountState, profiles
from accounts.profiles.service import change_state
from core import clock
from core.services.outbox import NoticeKind, notices
from tests.support.api import Answer, Api, Person
from tests.support.telling import deliver, tell

PATH = "/v1/me/notifications"
FORM = "application/x-www-form-urlencoded"
ONE_CLICK = b"List-Unsubscribe=One-Click"
IN_PARTS = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'


async def wants(person: Person) -> bool:
    return (await person.get(PATH))["activityMail"]


async def post(api: Api, path: str, body: bytes = ONE_CLICK, kind: str = FORM) -> Answer:
    return Answer(await api.http.post(path, content=body, headers={"Content-Type": kind}))


async def path_for_one_click(api: Api, person: Person) -> str:
    """What the mail of a comment says to call, below the API's address."""
    await tell(api, NoticeKind.COMMENTED, person)
    letter = await api.mail_to(person.email)
    assert letter.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    found = re.fullmatch(
        r"<https://dokker\.example(/v1/unsubscribe\?token=[\w.-]+)>", letter.header("List-Unsubscribe") or ""
    )
    assert found and person.uid not in found[1]
    return found[1]


class TestPreferences:
    async def test_are_changed_by_who_has_read_them(self, api: Api) -> None:
        kari = await api.person("Kari")
        before = await kari.get(PATH)
        assert before["activityMail"] is True
        assert (await kari.put(PATH, {"activityMail": False})).problem == (428, "if_match_required")
        assert (await kari.put(PATH, {"activityMail": False}, if_match='"old"')).problem == (412, "stale_etag")
        assert (await kari.put(PATH, {}, if_match="*")).pointers == ["/activityMail"]
        assert (await kari.put(PATH, {"activityMail": "no"}, if_match="*")).pointers == ["/activityMail"]
        assert await wants(kari)

        after = await kari.put(PATH, {"activityMail": False}, if_match=before.etag)

        assert (after["activityMail"], await wants(kari)) == (False, False)
        assert (await kari.get(PATH, if_none_match=after.etag)).status == 304
        assert (await kari.put(PATH, {"activityMail": True}, if_match=before.etag)).problem == (412, "stale_etag")
        assert (await kari.put(PATH, {"activityMail": True}, if_match=after.etag))["activityMail"] is True

    async def test_are_the_consent_itself_and_leave_others_alone(self, api: Api) -> None:
        kari = await api.person("Kari")
        profile = await api.db.get(profiles.at(kari.uid))
        assert profile
        await api.db.commit(profiles.update(profile, consents={"analytics": True, "activity_mail": False}))
        assert not await wants(kari)

        await kari.put(PATH, {"activityMail": True}, if_match="*")

        found = await api.db.get(profiles.at(kari.uid))
        assert found and found.consents == {"analytics": True, "activity_mail": True}
        assert found.revision == profile.revision

    async def test_can_be_changed_while_restricted(self, api: Api) -> None:
        kari = await api.person("Kari")
        await change_state(api.db, kari.uid, AccountState.RESTRICTED, clock.now())

        assert (await kari.put(PATH, {"activityMail": False}, if_match="*")).status == 200

    async def test_stop_mail_about_activity_and_nothing_else(self, api: Api) -> None:
        kari = await api.person("Kari")
        await kari.put(PATH, {"activityMail": False}, if_match="*")

        comment = await tell(api, NoticeKind.COMMENTED, kari, lost=True)
        share = await tell(api, NoticeKind.SHARED, kari, lost=True)

        assert (await deliver(api, comment), await deliver(api, share)) == (Ending.UNWANTED, Ending.SENT)
        assert await kari.listed("/v1/me/notices", "kind") == ["shared", "commented"]


class TestOneClick:
    async def test_with_a_token_that_is_none_reads_as_missing(self, api: Api) -> None:
        kari = await api.person("Kari")
        path = await path_for_one_click(api, kari)
        notice_id = path.partition("=")[2].partition(".")[0]
        foreign = await tell(api, NoticeKind.COMMENTED, await api.person("Ola"), lost=True)
        mac = path.rpartition(".")[2]

        for wrong in (
            "x",
            ".",
            notice_id,
            f"{notice_id}.",
            f"{notice_id}.{'x' * 43}",
            f"{foreign}.{mac}",
            f"__a__.{mac}",
            "%C3%A6.%C3%B8",
        ):
            assert (await post(api, f"/v1/unsubscribe?token={wrong}")).problem == (404, "not_found"), wrong
        assert (await post(api, "/v1/unsubscribe")).pointers == ["/query/token"]
        assert await wants(kari)

    async def test_wants_a_mail_programs_form(self, api: Api) -> None:
        kari = await api.person("Kari")
        path = await path_for_one_click(api, kari)

        assert (await api.get(path)).problem == (405, "method_not_allowed")
        assert (await post(api, path, b"List-Unsubscribe=Two-Clicks")).problem == (400, "malformed_request")
        assert (await post(api, path, b"")).problem == (400, "malformed_request")
        assert (await post(api, path, b"x" * 2_001)).problem == (413, "too_large")
        assert (await post(api, path, b"{}", "application/json")).problem == (415, "unsupported_media_type")
        assert await wants(kari)

    @pytest.mark.parametrize(("body", "kind"), [(ONE_CLICK, FORM), (IN_PARTS, "multipart/form-data; boundary=x")])
    async def test_switches_mail_about_activity_off_once_and_for_that_person(
        self, api: Api, body: bytes, kind: str
    ) -> None:
        kari, ola = await api.people("Kari", "Ola")
        path = await path_for_one_click(api, kari)

        answers = await asyncio.gather(*(post(api, path, body, kind) for _ in range(4)))

        assert [answer.status for answer in answers] == [204] * 4
        assert (await wants(kari), await wants(ola)) == (False, True)

    async def test_works_without_an_account_to_sign_in_to(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        for_kari, for_ola = await path_for_one_click(api, kari), await path_for_one_click(api, ola)
        await change_state(api.db, kari.uid, AccountState.RESTRICTED, clock.now())
        await api.db.commit(profiles.remove(profiles.at(ola.uid)))

        assert [(await post(api, path)).status for path in (for_kari, for_ola)] == [204, 204]
        assert not await wants(kari)

        found = await api.db.query(notices.under())
        await api.db.commit(*(notices.remove(notices.key_of(notice)) for notice in found))
        assert (await post(api, for_kari)).problem == (404, "not_found")
