"""What an account's state opens: a valid token opens no more than that."""

from datetime import timedelta

import pytest

from accounts.profiles import service
from accounts.profiles.records import AccountState, profiles
from core import clock
from tests.support.api import Answer, Api, Document, Person

READS = [
    ("GET", "/v1/me"),
    ("GET", "/v1/me/devices"),
    ("GET", "/v1/me/security-events"),
    ("GET", "/v1/people/{uid}"),
    ("GET", "/v1/documents"),
    ("GET", "/v1/documents?q=blåbær"),
    ("GET", "/v1/documents/{id}"),
    ("GET", "/v1/documents/{id}/revisions"),
    ("GET", "/v1/documents/{id}/revisions/1"),
    ("GET", "/v1/documents/{id}/export"),
]
WRITES = [
    ("PATCH", "/v1/me"),
    ("DELETE", "/v1/me/devices/kari-sin-telefon"),
    ("POST", "/v1/me/sessions/revoke"),
    ("POST", "/v1/documents"),
    ("PATCH", "/v1/documents/{id}"),
    ("DELETE", "/v1/documents/{id}"),
    ("POST", "/v1/documents/{id}/duplicate"),
    ("POST", "/v1/documents/{id}/restore"),
    ("POST", "/v1/documents/{id}/purge"),
    ("POST", "/v1/documents/{id}/revisions/1/restore"),
    ("POST", "/v1/documents/empty-trash"),
    ("POST", "/v1/documents/import"),
]


@pytest.mark.promise("P28")
class TestState:
    @pytest.mark.parametrize("state", [AccountState.RESTRICTED, AccountState.SUSPENDED])
    async def test_that_only_reads_refuses_every_write(self, api: Api, state: AccountState) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Blåbærtur")
        await kari.get("/v1/me", x_device_id="kari-sin-telefon")
        await _moves(api, kari, state)
        api.wire.reset()

        writes = {route: (await _calls(kari, document, *route)).problem for route in WRITES}
        assert writes == dict.fromkeys(WRITES, (403, f"account_{state}"))
        assert api.wire.writes == 0
        reads = {route: (await _calls(kari, document, *route)).status for route in READS}
        assert reads == dict.fromkeys(READS, 200)
        assert (await kari.get("/v1/me"))["state"] == state

    async def test_of_erasure_opens_nothing(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Blåbærtur")
        await _moves(api, kari, AccountState.ERASING)
        api.wire.reset()

        answers = {route: (await _calls(kari, document, *route)).problem for route in READS + WRITES}

        assert answers == dict.fromkeys(READS + WRITES, (403, "account_erasing"))
        assert api.wire.writes == 0

    async def test_of_restriction_has_nothing_noted(self, api: Api) -> None:
        """GDPR article 18: nothing but what the person asks for is done with their data."""
        kari = await api.person("Kari")
        await _moves(api, kari, AccountState.RESTRICTED)
        api.wire.reset()

        me = await kari.with_token(email="kari@ny.example").get("/v1/me", x_device_id="kari-sin-telefon")

        assert (me.status, me["state"], me["email"]) == (200, "restricted", kari.email)
        assert api.wire.writes == 0
        assert await kari.listed("/v1/me/devices") == []

    async def test_that_is_lifted_opens_all_again(self, api: Api) -> None:
        kari = await api.person("Kari")
        etag = (await kari.get("/v1/me")).etag
        await _moves(api, kari, AccountState.SUSPENDED)
        assert (await kari.patch("/v1/me", {"name": "Kari N"}, if_match=etag)).problem == (403, "account_suspended")

        await _moves(api, kari, AccountState.ACTIVE)

        assert (await kari.patch("/v1/me", {"name": "Kari N"}, if_match=etag)).problem == (412, "stale_etag")
        assert (await kari.patch("/v1/me", {"name": "Kari N"}, if_match="*")).status == 200
        assert await kari.listed("/v1/me/security-events", "state") == ["active", "suspended"]

    async def test_that_stays_is_no_event(self, api: Api) -> None:
        kari = await api.person("Kari")
        before = await kari.get("/v1/me")
        await _moves(api, kari, AccountState.ACTIVE)
        assert (await kari.get("/v1/me")).etag == before.etag
        assert await kari.listed("/v1/me/security-events") == []

    async def test_of_nobody_cannot_be_changed(self, api: Api) -> None:
        with pytest.raises(service.PersonNotFound):
            await service.change_state(api.db, "ingen", AccountState.SUSPENDED, clock.now())
        assert await api.db.get(profiles.at("ingen")) is None


async def _moves(api: Api, person: Person, state: AccountState) -> None:
    await service.change_state(api.db, person.uid, state, clock.now() + timedelta(milliseconds=1))


async def _calls(person: Person, document: Document, method: str, path: str) -> Answer:
    """Call a route with what it needs, so that nothing but the state can refuse it."""
    path = path.format(id=document.id, uid=person.uid)
    if path.endswith("/import"):
        headers = {**person.headers, "Content-Type": "text/markdown"}
        return Answer(await person.http.post(path, content=b"# Tur", headers=headers))
    condition = {"if_match": "*"} if method in ("PATCH", "DELETE") and "devices" not in path else {}
    body = {} if method == "PATCH" or (path == "/v1/documents" and method == "POST") else None
    return await person.send(method, path, body, **condition)
