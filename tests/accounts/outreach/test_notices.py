"""Notices in the app: listed for whom they are for, and marked as read."""

from __future__ import annotations

from accounts.profiles.names import REMEMBERED_SECONDS
from core.services.outbox import NoticeKind
from tests.support.api import Api
from tests.support.telling import invite, tell

LIST = "/v1/me/notices"


class TestList:
    async def test_shows_nobody_elses(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await tell(api, NoticeKind.SHARED, kari, lost=True)
        await invite(api, kari, ola.email, lost=True)

        assert await ola.listed(LIST) == []

    async def test_says_what_happened_by_ids_and_by_whose_doing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        about = {"documentId": "tur", "commentId": "k1"}
        notice_id = await tell(api, NoticeKind.COMMENTED, kari, actor=ola.uid, about=about, lost=True)

        (shown,) = (await kari.get(LIST))["items"]

        assert shown.pop("createdAt")
        assert shown == {
            "id": notice_id,
            "kind": "commented",
            "actorId": ola.uid,
            "actorName": "Ola",
            "documentId": "tur",
            "commentId": "k1",
        }

    async def test_comes_newest_first_in_pages_and_unread_alone_if_wished(self, api: Api) -> None:
        kari = await api.person("Kari")
        ids: list[str] = []
        for _ in range(5):
            ids.insert(0, await tell(api, NoticeKind.SHARED, kari, lost=True))
            api.advance(minutes=1)
        await kari.post(f"{LIST}/{ids[1]}/read")

        assert await kari.listed(LIST, pageSize=2) == ids
        assert await kari.listed(LIST, pageSize=2, unread="true") == [ids[0], *ids[2:]]

    async def test_costs_two_rpcs_and_one_for_names_within_a_minute(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        for _ in range(3):
            await tell(api, NoticeKind.SHARED, kari, actor=ola.uid, lost=True)
        api.wire.reset()
        await kari.get(LIST)
        assert api.wire.cost == (3, 1 + 3 + 1, 0)

        api.wire.reset()
        await kari.get(LIST)
        assert REMEMBERED_SECONDS >= 60 and api.wire.cost == (2, 1 + 3, 0)


class TestReading:
    async def test_of_anothers_reads_as_missing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)
        _, _, invitation = await invite(api, kari, ola.email, lost=True)

        for wrong in (notice_id, invitation, "ukjent", "__reservert__"):
            assert (await ola.post(f"{LIST}/{wrong}/read")).problem == (404, "not_found")
        assert await kari.listed(LIST, unread="true") == [notice_id]

    async def test_counts_from_the_first_time(self, api: Api) -> None:
        kari = await api.person("Kari")
        notice_id = await tell(api, NoticeKind.SHARED, kari, lost=True)
        await kari.post(f"{LIST}/{notice_id}/read")
        first = await kari.listed(LIST, "readAt")
        api.advance(minutes=1)

        assert (await kari.post(f"{LIST}/{notice_id}/read")).status == 204
        assert await kari.listed(LIST, "readAt") == first

    async def test_of_all_leaves_what_is_read_and_what_is_others(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        for person in (kari, kari, kari, ola):
            await tell(api, NoticeKind.SHARED, person, lost=True)

        assert (await kari.post(f"{LIST}/read"))["read"] == 3
        assert (await kari.post(f"{LIST}/read"))["read"] == 0
        assert await kari.listed(LIST, unread="true") == []
        assert len(await ola.listed(LIST, unread="true")) == 1
