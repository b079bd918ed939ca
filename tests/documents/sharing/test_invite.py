"""Sharing by e-mail: an invitation in any case, which shows the address until somebody has accepted."""

import asyncio
from datetime import timedelta

import pytest

from accounts.profiles.rates import INVITATIONS
from accounts.profiles.records import RateRecord, rates
from accounts.records import InvitationState, invitations
from core import clock
from core.services.outbox import NoticeKind
from documents.records import Role
from tests.documents.sharing.stage import accepts, invitation_of, stored
from tests.support.api import Answer, Api, Document, Person
from tests.support.belonging import told


async def invites(giver: Person, document: Document, email: str, role: str = "viewer", **more: str) -> Answer:
    return await giver.post(f"{document.path}/shares", {"email": email, "role": role, **more})


class TestInvite:
    @pytest.mark.promise("P43")
    async def test_answers_alike_whether_or_not_the_address_has_an_account(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Tur")

        known, unknown = await invites(kari, document, ola.email), await invites(kari, document, "ny@example.com")

        assert known.json.keys() == unknown.json.keys()
        assert (known["email"], known["invitation"]) == (ola.email.lower(), "pending")
        assert "principal" not in known.json and "name" not in known.json
        assert (await ola.get(document.path)).problem == (404, "not_found")
        assert await ola.listed() == []

    @pytest.mark.promise("P08")
    async def test_opens_the_document_to_whoever_accepts_and_then_names_them(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Tur")
        share = await invites(kari, document, " OLA@Bücher.example ", "editor")
        assert share["email"] == "ola@xn--bcher-kva.example"
        invitation = await api.db.get(invitations.at(await invitation_of(api, document)))
        assert invitation and invitation.inviter_id == kari.uid
        assert (invitation.opens, invitation.language, invitation.role) == (document.path, "nb", None)
        (notice,) = await told(api)
        assert (notice.kind, notice.invitation_id) == (NoticeKind.INVITATION, invitation.id)

        await accepts(ola, invitation.id)

        assert (await ola.get(document.path))["role"] == "editor"
        for seen in ((await kari.get(f"{document.path}/shares")), (await ola.get(f"{document.path}/shares"))):
            (item,) = seen["items"]
            assert (item["id"], item["principal"], item["name"]) == (share["id"], f"user:{ola.uid}", "Ola")
            assert item["invitation"] == "accepted" and "email" not in item
        changed = await kari.patch(f"{document.path}/shares/{share['id']}", {"role": "viewer"})
        assert (changed["name"], (await ola.get(document.path))["role"]) == ("Ola", "viewer")

    async def test_to_the_same_address_again_changes_the_one_share(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Tur")

        answers = await asyncio.gather(*(invites(kari, document, email) for email in ("ola@a.no", "OLA@a.no") * 2))
        assert {answer.status for answer in answers} == {201}
        assert len({answer["id"] for answer in answers}) == len(await told(api)) == 1

        await accepts(ola, await invitation_of(api, document))
        again = await invites(kari, document, "ola@a.no", "commenter")
        assert (again["id"], again["principal"]) == (answers[0]["id"], f"user:{ola.uid}")
        assert (await ola.get(document.path))["role"] == "commenter"

    async def test_to_an_address_whose_invitation_is_over_invites_anew(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Tur")
        first = await invites(kari, document, "ola@a.no")
        api.advance(days=8)
        (over,) = (await kari.get(f"{document.path}/shares"))["items"]
        assert over["invitation"] == "expired"

        second = await invites(kari, document, "ola@a.no", "editor")

        assert second["invitation"] == "pending" and second["id"] != first["id"]
        assert await kari.listed(f"{document.path}/shares") == [second["id"]]
        await accepts(ola, await invitation_of(api, document))
        assert (await ola.get(document.path))["role"] == "editor"

    async def test_to_oneself_is_refused(self, api: Api) -> None:
        kari = await api.person("Kari", email="Kari.Nordmann@Example.com")
        document = await kari.writes("Tur")
        answer = await invites(kari, document, "kari.nordmann@example.COM")
        assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/email"])

    @pytest.mark.promise("P28")
    async def test_too_often_is_refused_until_tomorrow(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        now = clock.now()
        used = {"used": INVITATIONS.most - 1, "since": now, "expires_at": now + INVITATIONS.period}
        await api.db.commit(rates.put(RateRecord(uid=kari.uid, name=INVITATIONS.name, **used)))

        assert (await invites(kari, document, "a@example.com")).status == 201
        refused = await invites(kari, document, "b@example.com")
        assert refused.problem == (429, "rate_limited")
        assert 86_000 < int(refused.response.headers["retry-after"]) <= 86_400
        assert (await invites(kari, document, "a@example.com", "editor")).status == 201
        api.advance(days=1)
        assert (await invites(kari, document, "b@example.com")).status == 201

    async def test_that_is_revoked_can_no_longer_be_accepted(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        share = await invites(kari, document, "ola@a.no")
        invitation_id = await invitation_of(api, document)

        assert (await kari.delete(f"{document.path}/shares/{share['id']}")).status == 204

        invitation = await api.db.get(invitations.at(invitation_id))
        assert invitation and (invitation.state, invitation.open_until) == (InvitationState.REVOKED, None)
        assert await kari.listed(f"{document.path}/shares") == []

    async def test_and_its_acceptance_and_revoking_at_once_end_in_no_access(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Tur")
        share = await invites(kari, document, "ola@a.no")
        invitation_id = await invitation_of(api, document)

        revoked, _ = await asyncio.gather(
            kari.delete(f"{document.path}/shares/{share['id']}"), accepts(ola, invitation_id), return_exceptions=True
        )

        assert isinstance(revoked, Answer) and revoked.status == 204
        assert (await ola.get(document.path)).problem == (404, "not_found")
        assert (await stored(api, document)).roles == {f"user:{kari.uid}": Role.OWNER}


class TestExpiry:
    @pytest.mark.promise("P43")
    async def test_ends_access_on_the_minute_and_is_tidied_within_the_hour(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document, later = await kari.writes("Tur", tags=["tur"]), await kari.writes("Senere")
        day = clock.now() + timedelta(days=1)
        for email, who in (("ola@a.no", ola), ("per@a.no", None)):
            await invites(kari, document, email, "editor", expiresAt=day.isoformat())
            if who:
                await accepts(who, await invitation_of(api, document))
        await invites(kari, document, "sara@a.no")
        await invites(kari, later, "ola@a.no", expiresAt=(day + timedelta(days=1)).isoformat())
        api.advance(hours=23, minutes=59)
        assert (await ola.get(document.path))["role"] == "editor"
        assert (await api.runs("expire-shares", "sharing-schedules"))["documents"] == 0

        api.advance(minutes=1)

        assert (await ola.get(document.path)).problem == (404, "not_found")
        assert await ola.listed() == await ola.listed(q="tur") == await ola.listed(tag="tur") == []
        assert [item["email"] for item in (await kari.get(f"{document.path}/shares"))["items"]] == ["sara@a.no"]
        assert len((await stored(api, document)).roles) == 4
        assert (await api.runs("expire-shares", "sharing-schedules"))["documents"] == 1
        assert (await api.runs("expire-shares", "sharing-schedules"))["documents"] == 0
        found = await stored(api, document)
        assert len(found.roles) == len(found.readers) == len(found.can_read) == 2
        assert (found.expires, found.next_expiry) == ({}, None)
        states = sorted(one.state for one in await api.db.query(invitations.under()))
        assert states == ["accepted", "pending", "pending", "revoked"]

    async def test_moved_away_in_time_does_not_come(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        end = clock.now() + timedelta(hours=1)
        share = await invites(kari, document, "ola@a.no", expiresAt=end.isoformat())
        path = f"{document.path}/shares/{share['id']}"
        moved = await kari.patch(path, {"expiresAt": (end + timedelta(hours=5)).isoformat()})
        assert moved["expiresAt"] > share["expiresAt"]
        api.advance(hours=2)
        assert (await api.runs("expire-shares", "sharing-schedules"))["documents"] == 0
        assert (await kari.patch(path, {"expiresAt": None})).status == 200
        api.advance(days=2)
        assert (await api.runs("expire-shares", "sharing-schedules"))["documents"] == 0
        assert (await kari.patch(path, {"expiresAt": "2020-01-01T00:00:00Z"})).pointers == ["/expiresAt"]
