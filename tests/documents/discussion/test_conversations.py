"""Conversations: who may begin one, who knows of it, messages, reading, leaving and blocking."""

from __future__ import annotations

import asyncio

import pytest

from core import clock
from documents.discussion.records import ConversationRecord, conversations, messages
from tests.documents.discussion.conftest import between, classmates, said
from tests.support.api import Answer, Api, Person
from tests.support.belonging import CLASS, enters, joins, leaves


async def texts(person: Person, conversation: str) -> list[str]:
    return await person.listed(f"{conversation}/messages", "body")


class TestStart:
    async def test_is_for_those_who_share_something_and_tells_nothing_of_others(self, api: Api) -> None:
        kari, ola, sara, nils = await api.people("Kari", "Ola", "Sara", "Nils")
        await enters(kari, CLASS)
        await enters(sara, CLASS)
        await nils.put(f"/v1/me/blocked/{kari.uid}")
        await enters(nils, CLASS)
        wishes: list[list[str]] = [[ola.uid], ["ukjent"], [nils.uid], [kari.uid], [sara.uid, ola.uid]]

        answers = [await kari.post("/v1/conversations", {"people": uids}) for uids in wishes]

        for answer in answers:
            assert answer.problem == (422, "validation_failed")
            assert answer.json["errors"] == answers[0].json["errors"]
        assert await kari.listed("/v1/conversations") == []

    @pytest.mark.parametrize(
        ("draft", "pointer"),
        [
            ({}, ""),
            ({"people": []}, ""),
            ({"people": ["ola"], "groupId": CLASS}, ""),
            ({"groupId": "en-annen"}, "/groupId"),
            ({"people": [f"p{number}" for number in range(50)]}, "/people"),
            ({"people": ["a/b"]}, "/people/0"),
            ({"groupId": CLASS, "title": "a\nb"}, "/title"),
            ({"groupId": CLASS, "title": "a" * 201}, "/title"),
        ],
    )
    async def test_refuses(self, api: Api, draft: object, pointer: str) -> None:
        (kari,) = await classmates(api, "Kari")
        answer = await kari.post("/v1/conversations", draft)
        assert answer.problem == (422, "validation_failed")
        assert answer.pointers == [pointer]

    async def test_gives_two_people_one_conversation(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        first = await between(kari, ola)
        again = await asyncio.gather(*(between(*pair) for pair in [(ola, kari), (kari, ola), (ola, kari)]))
        assert {first, *again} == {first}
        people = (await ola.get(first))["people"]
        assert sorted(people, key=lambda one: one["name"]) == [
            {"uid": kari.uid, "name": "Kari"},
            {"uid": ola.uid, "name": "Ola"},
        ]

    async def test_makes_one_of_several_people_once_for_a_key(self, api: Api) -> None:
        kari, ola, sara = await classmates(api, "Kari", "Ola", "Sara")
        wish = {"people": [ola.uid, sara.uid], "title": "Tur"}
        one, two = [await kari.post("/v1/conversations", wish, idempotency_key="k") for _ in range(2)]
        assert one.json == two.json
        assert "idempotent-replayed" in two.response.headers
        assert one["title"] == "Tur" and one["startedBy"] == kari.uid
        other = await kari.post("/v1/conversations", {"people": [ola.uid]}, idempotency_key=ola.uid)
        assert other["id"] != one["id"]
        refused = await kari.post("/v1/conversations", {**wish, "title": "Nei"}, idempotency_key="k")
        assert refused.problem == (422, "idempotency_key_reused")


class TestNobodyOutside:
    @pytest.mark.promise("P10")
    async def test_sees_that_it_exists(self, api: Api) -> None:
        kari, ola, sara = await classmates(api, "Kari", "Ola", "Sara")
        path = await between(kari, ola)
        message = await said(kari, path, "Hemmelig")
        one = f"{path}/messages/{message['id']}"
        for caller, problem in ((sara, (404, "not_found")), (api, (401, "unauthenticated"))):
            tried = [
                await caller.get(path),
                await caller.get(f"{path}/messages"),
                await caller.get(one),
                await caller.post(f"{path}/messages", {"body": "Hei"}),
                await caller.patch(one, {"body": "Hei"}),
                await caller.delete(one),
                await caller.put(f"{path}/read", {}),
                await caller.post(f"{path}/leave"),
            ]
            assert [answer.problem for answer in tried] == [problem] * len(tried)
        assert await sara.listed("/v1/conversations") == []
        assert await texts(ola, path) == ["Hemmelig"]

    async def test_is_in_a_groups_conversation_from_leaving_on(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        made = await kari.post("/v1/conversations", {"groupId": CLASS})
        path = f"/v1/conversations/{made['id']}"
        assert made["groupId"] == CLASS and made["people"] == []
        await said(ola, path, "Hei alle")
        assert await kari.listed("/v1/conversations") == await ola.listed("/v1/conversations") == [made["id"]]
        assert await ola.listed("/v1/conversations", groupId=CLASS) == [made["id"]]
        assert await ola.listed("/v1/conversations", groupId="en-annen") == []

        await leaves(ola, "skolen")

        assert (await ola.get(path)).problem == (404, "not_found")
        assert (await said(ola, path)).problem == (404, "not_found")
        assert await ola.listed("/v1/conversations") == []
        assert await texts(kari, path) == ["Hei alle"]


class TestMessages:
    async def test_are_read_newest_first_and_counted_for_each(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        path = await between(kari, ola)
        sent = [await said(kari, path, f"Nummer {number}") for number in range(3)]
        await said(ola, path, "Hei")
        assert await ola.listed(f"{path}/messages", "body", pageSize=2) == ["Hei", "Nummer 2", "Nummer 1", "Nummer 0"]
        assert (await ola.get(path))["unread"] == 3
        assert (await kari.get(path))["unread"] == 1
        await ola.put(f"{path}/read", {"messageId": sent[1]["id"]})
        assert (await ola.get(path))["unread"] == 1
        await ola.put(f"{path}/read", {})
        await ola.put(f"{path}/read", {"messageId": sent[0]["id"]})
        assert (await ola.get(path))["unread"] == 0
        assert (await ola.put(f"{path}/read", {"messageId": "nothing"})).problem == (404, "not_found")

    async def test_are_changed_and_taken_back_by_their_author_alone(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        path = await between(kari, ola)
        message = await said(kari, path, "Hei *du*")
        one = f"{path}/messages/{message['id']}"
        assert message.response.headers["location"] == one
        assert message["bodyHtml"] == "<p>Hei <em>du</em></p>\n"
        assert (await ola.patch(one, {"body": "Nei"})).problem == (403, "forbidden")
        assert (await ola.delete(one)).problem == (403, "forbidden")
        assert (await kari.patch(one, {"body": ""})).pointers == ["/body"]
        assert (await kari.patch(one, {"body": "Hallo"}))["editedAt"]
        assert await texts(ola, path) == ["Hallo"]
        assert (await kari.delete(one)).status == 204
        assert (await kari.delete(one)).problem == (404, "not_found")
        (empty,) = (await ola.get(f"{path}/messages"))["items"]
        assert (empty["body"], empty["deleted"]) == ("", True)
        assert not {"authorId", "authorName"} & empty.keys()
        assert (await ola.get(path))["unread"] == 0

    async def test_come_once_for_a_key(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        path = f"{await between(kari, ola)}/messages"
        tried = await asyncio.gather(*(kari.post(path, {"body": "En"}, idempotency_key="k") for _ in range(4)))
        assert len({answer["id"] for answer in tried}) == 1
        assert (await kari.post(path, {"body": "To"}, idempotency_key="k")).problem == (422, "idempotency_key_reused")
        await kari.delete(f"{path}/{tried[0]['id']}")
        assert (await kari.post(path, {"body": "En"}, idempotency_key="k")).problem == (409, "conflict")

    async def test_write_the_conversation_once_a_minute_at_most(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        path = await between(kari, ola)
        older = await kari.post("/v1/conversations", {"groupId": CLASS})
        before = await _stored(api, path)
        await said(kari, path)
        assert (await _stored(api, path)).version == before.version

        api.advance(minutes=2)
        answers = await asyncio.gather(*(said(one, path) for one in [kari, ola] * 4))

        assert {answer.status for answer in answers} == {201}
        assert (await _stored(api, path)).active_at > before.active_at
        assert await kari.listed("/v1/conversations") == [path.rpartition("/")[2], older["id"]]


async def _stored(api: Api, path: str) -> ConversationRecord:
    found = await api.db.get(conversations.at(path.rpartition("/")[2]))
    assert found
    return found


class TestLeave:
    async def test_ends_access_and_two_can_begin_again(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        path = await between(kari, ola)
        await said(ola, path, "Ha det")
        assert (await ola.post(f"{path}/leave")).status == 204
        assert (await ola.get(path)).problem == (404, "not_found")
        assert [one["uid"] for one in (await kari.get(path))["people"]] == [kari.uid]
        assert await texts(kari, path) == ["Ha det"]
        assert await between(kari, ola) == path
        assert await texts(ola, path) == ["Ha det"]

    async def test_is_not_for_a_groups(self, api: Api) -> None:
        (kari,) = await classmates(api, "Kari")
        made = await kari.post("/v1/conversations", {"groupId": CLASS})
        assert (await kari.post(f"/v1/conversations/{made['id']}/leave")).problem == (409, "conflict")

    async def test_of_two_at_once_leaves_nobody(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        path = await between(kari, ola)
        left = await asyncio.gather(kari.post(f"{path}/leave"), ola.post(f"{path}/leave"))
        assert [answer.status for answer in left] == [204, 204]
        assert (await _stored(api, path)).readers == []

    async def test_of_all_lets_the_night_take_everything(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        path, kept = await between(kari, ola), await kari.post("/v1/conversations", {"groupId": CLASS})
        await said(kari, path, "Til ingen")
        await kari.post(f"{path}/leave")
        assert (await api.runs("sweep-conversations", "discussion-schedules"))["swept"] == 0
        await ola.post(f"{path}/leave")

        assert (await api.runs("sweep-conversations", "discussion-schedules"))["swept"] == 1

        id_ = path.rpartition("/")[2]
        assert await api.db.get(conversations.at(id_)) is None
        assert await api.db.query(messages.under(id_)) == []
        assert await kari.listed("/v1/conversations") == [kept["id"]]
        assert (await said(ola, await between(ola, kari))).status == 201


class TestList:
    async def test_goes_on_for_people_in_many_groups(self, api: Api) -> None:
        kari = await api.person("Kari")
        for number in range(45):
            await enters(kari, f"gruppe-{number}")
        at = clock.now()
        made = [
            ConversationRecord(
                id=f"samtale-{number:02}",
                title="",
                group_id=f"gruppe-{number}",
                readers=[f"group:gruppe-{number}"],
                started_by=kari.uid,
                fingerprint="",
                created_at=at,
                active_at=at,
            )
            for number in range(45)
        ]
        await api.db.commit(*map(conversations.create, made))
        found = await kari.listed("/v1/conversations", pageSize=20)
        assert found == sorted((one.id for one in made), reverse=True)


class TestBlock:
    async def test_ends_what_the_blocked_can_write_alone_and_does_not_say_so(self, api: Api) -> None:
        kari, ola = await classmates(api, "Kari", "Ola")
        path = await between(ola, kari)
        message = await said(ola, path)
        group = await ola.post("/v1/conversations", {"groupId": CLASS})
        assert (await kari.put(f"/v1/me/blocked/{ola.uid}")).status == 204

        refused = await said(ola, path, "Hallo?")

        assert refused.problem == (403, "forbidden")
        assert "block" not in refused.response.text.lower()
        edited = await ola.patch(f"{path}/messages/{message['id']}", {"body": "Hallo?"})
        assert edited.problem == (403, "forbidden")
        assert (await ola.post("/v1/conversations", {"people": [kari.uid]})).pointers == ["/people"]
        assert await texts(ola, path) == ["Hei!"]
        assert (await ola.delete(f"{path}/messages/{message['id']}")).status == 204
        # A group is not one person's: there their messages stay, and new ones come.
        assert (await said(ola, f"/v1/conversations/{group['id']}", "Hei klassen")).status == 201
        assert await texts(kari, f"/v1/conversations/{group['id']}") == ["Hei klassen"]

        assert (await kari.delete(f"/v1/me/blocked/{ola.uid}")).status == 204
        assert (await said(ola, path)).status == 201

    async def test_is_listed_for_its_owner_alone_and_without_names(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        for uid in (ola.uid, "ukjent", ola.uid):
            assert (await kari.put(f"/v1/me/blocked/{uid}")).status == 204
        listed: Answer = await kari.get("/v1/me/blocked")
        assert [one["uid"] for one in listed["items"]] == ["ukjent", ola.uid]
        assert "Ola" not in listed.response.text.replace(ola.uid, "")
        assert await ola.listed("/v1/me/blocked", "uid") == []

    async def test_takes_anybody_but_oneself(self, api: Api) -> None:
        kari = await api.person("Kari")
        assert (await kari.put(f"/v1/me/blocked/{kari.uid}")).problem == (422, "validation_failed")
        assert (await kari.delete("/v1/me/blocked/ukjent")).status == 204
        assert (await kari.put("/v1/me/blocked/__x__")).problem == (404, "not_found")


class TestACustomer:
    async def test_is_reason_enough_to_talk(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        for person in (kari, ola):
            await joins(person, "bedriften")
        path = await between(kari, ola)
        await leaves(ola, "bedriften")
        # What two people have begun is theirs.
        assert (await said(ola, path)).status == 201
        assert len(await api.db.query(messages.under(path.rpartition("/")[2]))) == 1
