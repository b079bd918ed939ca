"""Leaving what others shared, taking back what one has shared oneself, and seeing who can see a document."""

import pytest

from accounts.memberships import CustomerRole
from accounts.profiles.records import profiles
from accounts.records import MemberRecord, members
from core import clock
from documents.records import Role, documents
from tests.documents.authoring.stored import a_stored_document, store
from tests.documents.sharing.stage import a_customer, a_group, accepts, classmates, invitation_of, shares, stored
from tests.support.api import Api
from tests.support.belonging import joins, leaves


class TestLeave:
    async def test_gives_up_ones_own_share_and_the_invitation_with_it(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document = await kari.writes("Tur")
        await shares(kari, document, ola)
        await kari.post(f"{document.path}/shares", {"email": "ola@a.no", "role": "editor"})
        invitation_id = await invitation_of(api, document)
        await accepts(ola, invitation_id)

        assert (await ola.post(f"{document.path}/leave")).status == 204

        assert (await ola.get(document.path)).problem == (404, "not_found")
        assert (await stored(api, document)).roles == {f"user:{kari.uid}": Role.OWNER}
        profile = await api.db.get(profiles.at(ola.uid), heavy=("invitations",))
        assert profile and profile.invitations == []
        assert f"invitation:{invitation_id}" not in profile.principals
        assert await kari.listed(f"{document.path}/shares") == []

    async def test_is_not_for_owners_nor_for_what_a_group_has(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        document = await kari.writes("Tur")
        await shares(kari, document, "group:klasse-8b")

        refused = [await kari.post(f"{document.path}/leave"), await ola.post(f"{document.path}/leave")]

        assert [answer.problem for answer in refused] == [(409, "conflict")] * 2
        assert "group:klasse-8b" in refused[1].json["detail"]
        await shares(kari, document, ola, "editor")
        assert (await ola.post(f"{document.path}/leave")).status == 204
        assert (await ola.get(document.path))["role"] == "viewer"


class TestWithdraw:
    @pytest.mark.promise("P43")
    async def test_takes_back_all_that_a_customer_was_given_also_after_leaving_it(self, api: Api) -> None:
        kari, lise = await api.people("Kari", "Lise")
        for person in (kari, lise):
            await joins(person, "skolen")
        mine, trashed, other = await kari.writes("Min", tags=["tur"]), await kari.writes("Kastet"), await kari.writes()
        hers = await lise.writes("Hennes")
        await shares(kari, mine, "customer:skolen")
        await shares(kari, trashed, "customer:skolen", "editor")
        await shares(lise, hers, "customer:skolen")
        await kari.delete(trashed.path, if_match="*")
        await leaves(kari, "skolen")
        assert (await lise.get(mine.path))["role"] == "viewer"

        answer = await kari.post("/v1/documents/withdraw", {"principal": "customer:skolen"})

        assert answer.json == {"withdrawn": 2, "more": False}
        await kari.post(f"{trashed.path}/restore")
        assert await lise.listed() == await lise.listed(tag="tur") + [hers.id]
        assert {(await lise.get(one.path)).status for one in (mine, trashed, other)} == {404}
        assert (await stored(api, hers)).roles["customer:skolen"] is Role.VIEWER
        again = await kari.post("/v1/documents/withdraw", {"principal": "customer:skolen"})
        assert again.json == {"withdrawn": 0, "more": False}

    async def test_of_many_goes_on_where_it_stopped(self, api: Api) -> None:
        kari = await api.person("Kari")
        roles = {f"user:{kari.uid}": Role.OWNER, "group:g": Role.VIEWER}
        await store(api.db, [a_stored_document(kari, f"Tur {n}", roles=roles) for n in range(1_050)])

        first, second = [await kari.post("/v1/documents/withdraw", {"principal": "group:g"}) for _ in range(2)]

        assert (first.json, second.json) == ({"withdrawn": 1_000, "more": True}, {"withdrawn": 50, "more": False})
        assert await api.db.count(documents.under().where("readers", "array-contains", "group:g")) == 0

    async def test_is_from_groups_and_customers(self, api: Api) -> None:
        kari = await api.person("Kari")
        for principal in ("user:ola", f"user:{kari.uid}", "invitation:a", "", "customer:"):
            answer = await kari.post("/v1/documents/withdraw", {"principal": principal})
            assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/principal"])


class TestReaders:
    @pytest.mark.promise("P08")
    async def test_are_people_and_through_what_they_see_it(self, api: Api) -> None:
        kari, ola, lise, per = await api.people("Kari", "Ola", "Lise", "Per")
        await a_customer(api, "skolen", name="Ås skole")
        for person in (kari, per):
            await joins(person, "skolen")
            line = MemberRecord(
                customer_id="skolen",
                uid=person.uid,
                membership_id="m",
                role=CustomerRole.MEMBER,
                joined_at=clock.now(),
            )
            await api.db.commit(members.create(line))
        await a_group(api, "klasse-8b", kari, ola, helpers=(lise,), name="8B")
        document = await kari.writes("Tur")
        for who, role in ((ola, "editor"), ("group:klasse-8b", "viewer"), ("customer:skolen", "viewer")):
            await shares(kari, document, who, role)
        await kari.post(f"{document.path}/shares", {"email": "ikke@enna.no", "role": "viewer"})

        path = f"{document.path}/readers"
        answer = await kari.get(path)
        seen = [(one.get("name"), one["role"], one["through"], one.get("throughName")) for one in answer["items"]]

        of_class = sorted((one.uid, one.name) for one in (kari, ola, lise))
        alone = sorted((f"user:{one.uid}", one.name, role) for one, role in ((kari, "owner"), (ola, "editor")))
        assert seen == [
            *((name, role, through, None) for through, name, role in alone),
            *((name, "viewer", "group:klasse-8b", "8B") for _, name in of_class),
            (None, "viewer", "customer:skolen", "Ås skole"),
        ]
        assert answer["items"][-1]["count"] == 2
        assert per.uid not in answer.response.text and "enna.no" not in answer.response.text
        assert await kari.listed(path, "through", pageSize=1) == [one["through"] for one in answer["items"]]
        assert await kari.listed(path, "through", pageSize=4) == [one["through"] for one in answer["items"]]

    async def test_of_a_group_that_one_is_not_in_are_a_number(self, api: Api) -> None:
        kari, ola, lise = await api.people("Kari", "Ola", "Lise")
        await a_group(api, "klasse-8b", kari, ola)
        await a_group(api, "turlaget", kari, lise, name="Turlaget")
        document = await kari.writes("Tur")
        await shares(kari, document, ola, "editor")
        await shares(kari, document, "group:turlaget")

        seen = await ola.get(f"{document.path}/readers")

        assert seen["items"][-1] == {
            "role": "viewer",
            "through": "group:turlaget",
            "throughName": "Turlaget",
            "count": 2,
        }
        assert lise.uid not in seen.response.text
