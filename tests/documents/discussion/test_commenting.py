"""Comments: who may write them, threads, editing, deleting, and what happens at the same moment."""

from __future__ import annotations

import asyncio

import pytest

from core.services.objects import Objects
from documents.authoring import trash
from documents.discussion.records import comments
from documents.records import documents
from tests.documents.discussion.conftest import at, bodies, commented, replied, shared, withdrawn
from tests.support.api import Answer, Api


class TestComment:
    async def test_is_for_those_who_may(self, api: Api) -> None:
        kari, ola, sara, mallory = await api.people("Kari", "Ola", "Sara", "Mallory")
        document = await shared(kari, viewer=ola, commenter=sara)

        assert (await api.post(f"{document.path}/comments", {"body": "Hei"})).problem == (401, "unauthenticated")
        assert (await commented(mallory, document)).problem == (404, "not_found")
        assert (await mallory.get(f"{document.path}/comments")).problem == (404, "not_found")
        assert (await mallory.get(f"{document.path}/comments/unread")).problem == (404, "not_found")
        assert (await commented(ola, document)).problem == (403, "forbidden")
        first = await commented(sara, document)
        assert (await ola.patch(at(document, first), {"body": "Nei"})).problem == (403, "forbidden")
        assert (await ola.post(f"{at(document, first)}/resolve")).problem == (403, "forbidden")
        assert (await ola.delete(at(document, first))).problem == (403, "forbidden")
        assert await bodies(ola, document) == ["Fint!"]
        assert (await mallory.get(at(document, first))).problem == (404, "not_found")

    @pytest.mark.promise("P10")
    async def test_is_shown_with_its_author_and_the_passage(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)

        made = await commented(ola, document, "Så *fint*, æøå 🫐!", anchor={"quote": "mange bær"})

        assert made.status == 201
        assert made.response.headers["location"] == at(document, made)
        (line,) = (await kari.get(f"{document.path}/comments"))["items"]
        assert line == made.json == (await kari.get(at(document, made))).json
        assert (line["authorId"], line["authorName"]) == (ola.uid, "Ola")
        assert (line["body"], line["anchor"]) == ("Så *fint*, æøå 🫐!", {"quote": "mange bær"})
        assert line["bodyHtml"] == "<p>Så <em>fint</em>, æøå 🫐!</p>\n"
        assert line["mentions"] == [] and line["deleted"] is False
        assert not {"parentId", "resolvedAt", "resolvedBy", "editedAt"} & line.keys()

    @pytest.mark.parametrize(
        ("draft", "pointer"),
        [
            ({}, "/body"),
            ({"body": ""}, "/body"),
            ({"body": " \n\t "}, "/body"),
            ({"body": "a" * 10_001}, "/body"),
            ({"body": "a\u001b[31mb"}, "/body"),
            ({"body": 7}, "/body"),
            ({"body": "a", "anchor": {}}, "/anchor/quote"),
            ({"body": "a", "anchor": {"quote": ""}}, "/anchor/quote"),
            ({"body": "a", "anchor": {"quote": "a" * 1_001}}, "/anchor/quote"),
            ({"body": "a", "parentId": "../x"}, "/parentId"),
            ({"body": "a", "parentId": "nothing"}, "/parentId"),
            ({"body": "a", "authorId": "ola"}, "/authorId"),
        ],
    )
    async def test_refuses(self, api: Api, draft: object, pointer: str) -> None:
        kari = await api.person("Kari")
        document = await kari.writes()
        answer = await kari.post(f"{document.path}/comments", draft)
        assert answer.problem == (422, "validation_failed")
        assert answer.pointers == [pointer]

    async def test_comes_once_for_a_key(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        path = f"{document.path}/comments"

        tried = await asyncio.gather(*(ola.post(path, {"body": "En"}, idempotency_key="k") for _ in range(4)))

        assert len({answer["id"] for answer in tried}) == 1
        assert sorted("idempotent-replayed" in one.response.headers for one in tried) == [False, True, True, True]
        assert (await ola.post(path, {"body": "To"}, idempotency_key="k")).problem == (422, "idempotency_key_reused")
        assert (await kari.post(path, {"body": "To"}, idempotency_key="k")).status == 201
        assert sorted(await bodies(kari, document)) == ["En", "To"]
        await replied(kari, document, tried[0])
        await ola.delete(at(document, tried[0]))
        assert (await ola.post(path, {"body": "En"}, idempotency_key="k")).problem == (409, "conflict")

    async def test_is_listed_oldest_first_and_in_pages(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes()
        for number in range(5):
            await commented(kari, document, f"Nummer {number}")
        assert await kari.listed(f"{document.path}/comments", "body", pageSize=2) == [
            f"Nummer {number}" for number in range(5)
        ]


class TestThreads:
    async def test_take_replies_to_replies(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        head = await commented(ola, document)
        reply = await replied(kari, document, head)
        again = await replied(ola, document, reply)
        assert reply["parentId"] == again["parentId"] == head["id"]

    async def test_do_not_reach_into_another_document(self, api: Api) -> None:
        kari = await api.person("Kari")
        document, other = await kari.writes(), await kari.writes()
        head = await commented(kari, other)
        assert (await replied(kari, document, head)).pointers == ["/parentId"]
        assert (await kari.get(at(document, head))).problem == (404, "not_found")

    async def test_are_resolved_and_reopened_by_their_head(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        head = await commented(kari, document)
        reply = await replied(kari, document, head)

        resolved = await ola.post(f"{at(document, head)}/resolve")
        assert resolved["resolvedBy"] == ola.uid
        assert (await kari.post(f"{at(document, head)}/resolve")).json == resolved.json
        reopened = await kari.post(f"{at(document, head)}/reopen")
        assert not {"resolvedAt", "resolvedBy"} & reopened.json.keys()
        assert (await kari.post(f"{at(document, reply)}/resolve")).problem == (409, "conflict")
        assert (await kari.post(f"{document.path}/comments/nothing/resolve")).problem == (404, "not_found")


class TestEdit:
    async def test_is_for_ones_own_alone_and_marked(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        comment = await commented(ola, document)

        assert (await kari.patch(at(document, comment), {"body": "Dårlig!"})).problem == (403, "forbidden")
        assert "editedAt" not in (await ola.patch(at(document, comment), {"body": "Fint!"})).json
        edited = await ola.patch(at(document, comment), {"body": "Veldig fint!"})
        assert edited["editedAt"] > edited["createdAt"]
        assert await bodies(kari, document) == ["Veldig fint!"]
        assert (await ola.patch(at(document, comment), {"body": ""})).pointers == ["/body"]

    async def test_ends_with_the_share(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        comment = await commented(ola, document)
        await withdrawn(document, ola)
        assert (await ola.patch(at(document, comment), {"body": "Nei"})).problem == (404, "not_found")


class TestDelete:
    async def test_is_for_the_author_and_the_documents_owner(self, api: Api) -> None:
        kari, ola, sara = await api.people("Kari", "Ola", "Sara")
        document = await shared(kari, commenter=ola, editor=sara)
        first, second = await commented(ola, document), await commented(ola, document)
        assert (await sara.delete(at(document, first))).problem == (403, "forbidden")
        assert (await ola.delete(at(document, first))).status == 204
        assert (await ola.delete(at(document, first))).problem == (404, "not_found")
        assert (await kari.delete(at(document, second))).status == 204
        assert await bodies(kari, document) == []

    async def test_leaves_an_empty_head_as_long_as_it_has_replies(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        head = await commented(ola, document, "Angrer", anchor={"quote": "bær"})
        replies = [await replied(kari, document, head, "En"), await replied(kari, document, head, "To")]

        await ola.delete(at(document, head))

        empty, *_ = (await kari.get(f"{document.path}/comments"))["items"]
        assert (empty["id"], empty["body"], empty["deleted"]) == (head["id"], "", True)
        assert not {"authorId", "authorName", "anchor"} & empty.keys()
        assert (await kari.get(at(document, head))).problem == (404, "not_found")
        assert (await ola.patch(at(document, head), {"body": "Nei"})).problem == (404, "not_found")
        stored = await api.db.get(comments.at(document.id, head["id"]))
        assert stored and (stored.body, stored.author_id, stored.fingerprint) == ("", None, "")
        await kari.delete(at(document, replies[0]))
        assert len(await bodies(kari, document)) == 2
        await kari.delete(at(document, replies[1]))
        assert await bodies(kari, document) == []


class TestAtTheSameMoment:
    async def test_replies_are_all_counted(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        head = await commented(kari, document)
        answers = await asyncio.gather(*(replied(one, document, head) for one in [kari, ola] * 5))
        assert {answer.status for answer in answers} == {201}
        stored = await api.db.get(comments.at(document.id, head["id"]))
        assert stored and stored.replies == 10

    async def test_no_reply_is_left_without_its_head(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        for _ in range(8):
            head = await commented(kari, document, "Hode")
            reply, gone = await asyncio.gather(replied(ola, document, head), kari.delete(at(document, head)))
            assert gone.status == 204
            items = (await kari.get(f"{document.path}/comments"))["items"]
            if reply.status == 201:
                assert [line["id"] for line in items] == [head["id"], reply["id"]]
                await ola.delete(at(document, reply))
            else:
                assert (reply.pointers, items) == (["/parentId"], [])
        assert await bodies(kari, document) == []

    async def test_an_edit_does_not_bring_back_what_is_deleted(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        for _ in range(8):
            head = await commented(ola, document)
            path = at(document, head)
            edit, gone = await asyncio.gather(ola.patch(path, {"body": "Nei"}), kari.delete(path))
            assert gone.status == 204
            assert edit.status == 200 or edit.problem == (404, "not_found")
        assert await bodies(kari, document) == []


class TestOfADocument:
    async def test_in_the_trash_they_are_as_it_is(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        comment = await commented(kari, document)
        assert (await kari.delete(document.path, if_match="*")).status == 200

        assert (await ola.get(f"{document.path}/comments")).problem == (404, "not_found")
        assert (await commented(ola, document)).problem == (404, "not_found")
        assert await bodies(kari, document) == ["Fint!"]
        for refused in (
            await commented(kari, document),
            await kari.patch(at(document, comment), {"body": "Nei"}),
            await kari.delete(at(document, comment)),
            await kari.post(f"{at(document, comment)}/resolve"),
        ):
            assert refused.problem == (409, "conflict")

    async def test_that_is_purged_they_go_with_it(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes()
        head = await commented(kari, document)
        await replied(kari, document, head)
        await kari.delete(document.path, if_match="*")
        await kari.post(f"{document.path}/purge")

        objects: Objects = api.objects
        await trash.purge_document(api.db, objects, document.id)

        assert await api.db.query(comments.under(document.id)) == []
        assert await api.db.get(documents.at(document.id)) is None

    async def test_it_is_never_written_by_them(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        before = await api.db.get(documents.at(document.id))
        head: Answer = await commented(ola, document)
        await replied(kari, document, head)
        await ola.put(f"{document.path}/comments/read", {})
        await ola.delete(at(document, head))
        after = await api.db.get(documents.at(document.id))
        assert before and after and before.version == after.version


class TestUnread:
    async def test_counts_what_others_wrote_since(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        path = f"{document.path}/comments"
        first, second = await commented(ola, document), await commented(ola, document)
        await commented(kari, document)

        assert (await kari.get(f"{path}/unread")).json == {"total": 3, "unread": 2}
        assert (await kari.put(f"{path}/read", {"commentId": first["id"]})).status == 204
        assert (await kari.get(f"{path}/unread")).json == {"total": 3, "unread": 1}
        await kari.put(f"{path}/read", {"commentId": second["id"]})
        await kari.put(f"{path}/read", {"commentId": first["id"]})
        assert (await kari.get(f"{path}/unread")).json == {"total": 3, "unread": 0}
        reply = await replied(ola, document, first)
        assert (await kari.get(f"{path}/unread")).json == {"total": 4, "unread": 1}
        await ola.delete(at(document, reply))
        assert (await kari.get(f"{path}/unread")).json == {"total": 3, "unread": 0}
        assert (await ola.get(f"{path}/unread")).json == {"total": 3, "unread": 1}
        await ola.put(f"{path}/read", {})
        assert (await ola.get(f"{path}/unread")).json == {"total": 3, "unread": 0}

    async def test_marks_nothing_where_one_cannot_read(self, api: Api) -> None:
        kari, mallory = await api.people("Kari", "Mallory")
        document = await kari.writes()
        assert (await mallory.put(f"{document.path}/comments/read", {})).problem == (404, "not_found")
        assert (await kari.put(f"{document.path}/comments/read", {"commentId": "x"})).problem == (404, "not_found")
