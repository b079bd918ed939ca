"""Devices: what a client calls itself, so that its owner sees from where they are signed in."""

import asyncio
from datetime import datetime, timedelta

import pytest

from accounts.profiles.devices import MOST, SeenDevice
from accounts.profiles.records import devices
from tests.support.api import Api

PHONE, TABLET = "kari-sin-telefon", "kari-sitt-nettbrett"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148"
PIXEL = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/131.0.0.0 Mobile Safari/537.36"
GALAXY_TAB = "Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"
IPAD = "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Version/16.6 Mobile/15E148 Safari/604.1"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.1 Safari/605.1.15"
PC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"
CHROMEBOOK = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"
UBUNTU = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"


@pytest.mark.promise("P15")
class TestKindAndSystem:
    @pytest.mark.parametrize(
        ("user_agent", "platform", "mobile", "seen"),
        [
            (IPHONE, "", "", ("phone", "iOS")),
            (IPAD, "", "", ("tablet", "iPadOS")),
            (PIXEL, "", "", ("phone", "Android")),
            (GALAXY_TAB, "", "", ("tablet", "Android")),
            (MAC, "", "", ("computer", "macOS")),
            (PC, "", "", ("computer", "Windows")),
            (CHROMEBOOK, "", "", ("computer", "ChromeOS")),
            (UBUNTU, "", "", ("computer", "Linux")),
            ("Dokker/4.2", "", "", ("other", "")),
            ("", "", "", ("other", "")),
            # What the client says by itself goes before what its user agent looks like.
            (GALAXY_TAB, '"Android"', "?1", ("phone", "Android")),
            (MAC, '"macOS"', "?0", ("computer", "macOS")),
            ("Dokker/4.2", '"Windows"', "?0", ("computer", "Windows")),
            ("Dokker/4.2", '"iOS"', "?1", ("phone", "iOS")),
            ("Dokker/4.2", '"Android"', "?0", ("tablet", "Android")),
            ("Dokker/4.2", '"HarmonyOS"', "?1", ("phone", "HarmonyOS")),
            ("Dokker/4.2", '"HarmonyOS"', "", ("other", "HarmonyOS")),
        ],
    )
    def test_come_from_what_the_client_sends(
        self, user_agent: str, platform: str, mobile: str, seen: tuple[str, str]
    ) -> None:
        device = SeenDevice.of(PHONE, user_agent, platform, mobile)
        assert (device.kind, device.system) == seen


class TestNoting:
    async def test_takes_no_id_but_a_random_one(self, api: Api) -> None:
        kari = await api.person("Kari")
        for wrong in ("", "x" * 129, "kari sin telefon!", "kari/sin/telefon1"):
            answer = await kari.get("/v1/me", x_device_id=wrong)
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/header/X-Device-Id"])
        assert await kari.listed("/v1/me/devices") == []

    async def test_takes_no_id_that_the_database_keeps_for_itself(self, api: Api) -> None:
        kari = await api.person("Kari")
        assert (await kari.get("/v1/me", x_device_id=f"__{'x' * 16}__")).problem == (422, "validation_failed")

    async def test_needs_a_client_that_names_itself(self, api: Api) -> None:
        kari = await api.person("Kari")
        await kari.get("/v1/me", user_agent=PIXEL)
        assert await kari.listed("/v1/me/devices") == []

    async def test_shows_when_a_device_was_seen_to_the_hour(self, api: Api) -> None:
        kari = await api.person("Kari")
        await kari.get("/v1/me", x_device_id=PHONE, user_agent=PIXEL)
        first = (await kari.get("/v1/me/devices"))["items"]

        api.wire.reset()
        await kari.get("/v1/me", x_device_id=PHONE, user_agent=PIXEL)
        assert api.wire.writes == 0
        api.advance(hours=1)
        await kari.get("/v1/me", x_device_id=PHONE, user_agent=IPHONE)
        later = (await kari.get("/v1/me/devices"))["items"]

        seen = datetime.fromisoformat(first[0]["lastSeenAt"])
        assert (seen.minute, seen.second, seen.microsecond) == (0, 0, 0)
        assert first[0] | {"firstSeenAt": "", "lastSeenAt": ""} == {
            "id": PHONE,
            "kind": "phone",
            "system": "Android",
            "firstSeenAt": "",
            "lastSeenAt": "",
        }
        assert [datetime.fromisoformat(later[0][name]) for name in ("firstSeenAt", "lastSeenAt")] == [
            seen,
            seen + timedelta(hours=1),
        ]
        assert later[0]["system"] == "iOS"

    async def test_of_a_new_one_is_a_security_event_once(self, api: Api) -> None:
        kari = await api.person("Kari")

        await asyncio.gather(*(kari.get("/v1/me", x_device_id=PHONE) for _ in range(8)))
        api.advance(minutes=1)
        await kari.get("/v1/me", x_device_id=TABLET)

        assert sorted(await kari.listed("/v1/me/devices")) == [PHONE, TABLET]
        assert await kari.listed("/v1/me/security-events", "deviceId") == [TABLET, PHONE]
        assert set(await kari.listed("/v1/me/security-events", "kind")) == {"new_device"}

    async def test_keeps_fifty_and_forgets_the_one_unseen_for_longest(self, api: Api) -> None:
        kari = await api.person("Kari")
        await kari.get("/v1/me", x_device_id="den-aller-forste-0")
        api.advance(hours=1)
        await asyncio.gather(*(kari.get("/v1/me", x_device_id=f"nettleser-nummer-{n:02}") for n in range(MOST - 1)))
        assert len(await kari.listed("/v1/me/devices")) == MOST

        api.advance(hours=1)
        await kari.get("/v1/me", x_device_id="den-aller-siste-50")

        kept = await kari.listed("/v1/me/devices", pageSize=20)
        assert (len(kept), kept[0]) == (MOST, "den-aller-siste-50")
        assert "den-aller-forste-0" not in kept


class TestForgetting:
    async def test_of_anothers_device_reads_as_missing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await kari.get("/v1/me", x_device_id=PHONE)

        assert (await ola.delete(f"/v1/me/devices/{PHONE}")).problem == (404, "not_found")
        assert await ola.listed("/v1/me/devices") == []
        assert await kari.listed("/v1/me/devices") == [PHONE]

    async def test_of_what_is_no_id_reads_as_missing(self, api: Api) -> None:
        kari = await api.person("Kari")
        for wrong in ("ukjent", "__reservert__", "..%2F..", "a%00b", "%C3%A6", "x" * 129, "a b"):
            assert (await kari.delete(f"/v1/me/devices/{wrong}")).problem == (404, "not_found"), wrong

    async def test_lasts_until_it_comes_back(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await asyncio.gather(*(person.get("/v1/me", x_device_id=PHONE) for person in (kari, ola)))

        assert (await kari.delete(f"/v1/me/devices/{PHONE}")).status == 204
        assert (await kari.delete(f"/v1/me/devices/{PHONE}")).problem == (404, "not_found")
        assert await kari.listed("/v1/me/devices") == []
        assert await ola.listed("/v1/me/devices") == [PHONE]

        await kari.get("/v1/me", x_device_id=PHONE)
        assert await kari.listed("/v1/me/devices") == [PHONE]
        assert await kari.listed("/v1/me/security-events", "kind") == ["new_device"] * 2
        assert await api.db.count(devices.under(kari.uid)) == 1


class TestTelling:
    async def test_says_nothing_of_the_first_device_of_a_new_account(self, api: Api) -> None:
        kari = await api.person("Kari")
        await kari.get("/v1/me", x_device_id=PHONE)
        assert await kari.listed("/v1/me/notices") == []

    async def test_sends_a_mail_about_any_other_once(self, api: Api) -> None:
        kari = await api.person("Kari")
        await kari.get("/v1/me", x_device_id=PHONE, user_agent=PIXEL)

        await asyncio.gather(*(kari.get("/v1/me", x_device_id=TABLET, user_agent=IPAD) for _ in range(4)))

        assert await kari.listed("/v1/me/notices", "deviceId") == [TABLET]
        letter = await api.mail_to(kari.email)
        assert letter.subject == "Ny innlogging på kontoen din"
        assert "et nettbrett (iPadOS)" in letter.text
        assert "https://dokker.example/me/devices" in letter.text

    async def test_of_an_old_account_whose_devices_were_forgotten_says_it_again(self, api: Api) -> None:
        kari = await api.person("Kari")
        await kari.get("/v1/me", x_device_id=PHONE)
        await kari.delete("/v1/me/devices")
        api.advance(days=2)

        await kari.get("/v1/me", x_device_id=TABLET)

        assert await kari.listed("/v1/me/notices", "deviceId") == [TABLET]
