"""Security events: what happened to an account, shown to its owner for 90 days."""

from datetime import timedelta

import pytest

from accounts.profiles import service
from accounts.profiles.records import AccountState, SecurityEventKind, security_events
from accounts.profiles.security_events import event
from core import clock
from tests.support.api import Api

EVENTS = "/v1/me/security-events"


class TestSecurityEvents:
    async def test_are_shown_to_their_owner_alone(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await kari.get("/v1/me", x_device_id="kari-sin-telefon")

        assert (await api.get(EVENTS)).problem == (401, "unauthenticated")
        assert await ola.listed(EVENTS) == []
        assert await kari.listed(EVENTS, "deviceId") == ["kari-sin-telefon"]

    @pytest.mark.promise("P28")
    async def test_tell_what_happened_newest_first(self, api: Api) -> None:
        kari = await api.person("Kari")
        api.in_auth(kari)
        await kari.get("/v1/me", x_device_id="kari-sin-telefon")
        api.advance(minutes=1)
        await service.change_state(api.db, kari.uid, AccountState.SUSPENDED, clock.now())
        api.advance(minutes=1)
        await service.change_state(api.db, kari.uid, AccountState.ACTIVE, clock.now())
        api.advance(minutes=1)
        await kari.post("/v1/me/sessions/revoke")

        shown = (await kari.with_token(auth_time=int(clock.wall().timestamp()) + 1).get(EVENTS))["items"]

        assert [(item["kind"], item.get("state"), item.get("deviceId")) for item in shown] == [
            ("sessions_revoked", None, None),
            ("state_changed", "active", None),
            ("state_changed", "suspended", None),
            ("new_device", None, "kari-sin-telefon"),
        ]

    async def test_are_paged_exactly(self, api: Api) -> None:
        kari = await api.person("Kari")
        start = clock.now() - timedelta(days=1)
        made = [
            # Two at each moment: the place of a page's end is one of two equals.
            event(kari.uid, SecurityEventKind.NEW_DEVICE, start + timedelta(seconds=n // 2), device_id=f"enhet-{n}")
            for n in range(26)
        ]
        await api.db.commit(*made)

        pages = [
            await kari.get(EVENTS),
            await kari.get(f"{EVENTS}?pageSize=26"),
            await kari.get(f"{EVENTS}?pageSize=13"),
        ]
        assert [(len(page["items"]), "nextPageToken" in page.json) for page in pages] == [
            (25, True),
            (26, False),
            (13, True),
        ]
        every = await kari.listed(EVENTS, pageSize=5)
        assert len(every) == len(set(every)) == 26
        assert every == [item["id"] for item in pages[1]["items"]]

        foreign = pages[0]["nextPageToken"]
        ola = await api.person("Ola")
        for answer in (
            await ola.get(f"{EVENTS}?pageToken={foreign}"),
            await kari.get(f"/v1/me/devices?pageToken={foreign}"),
        ):
            assert (answer.problem, answer.pointers) == ((400, "malformed_request"), ["/query/pageToken"])

    async def test_are_gone_after_ninety_days(self, api: Api) -> None:
        kari = await api.person("Kari")
        await kari.get("/v1/me", x_device_id="kari-sin-telefon")

        api.advance(days=89, hours=23)
        assert len(await kari.listed(EVENTS)) == 1
        api.advance(hours=2)
        assert await kari.listed(EVENTS) == []

        (stored,) = await api.db.query(security_events.under(kari.uid))
        assert stored.expires_at - stored.at == timedelta(days=90)
