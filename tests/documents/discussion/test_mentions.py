"""Mentions: who can be named, who is told, and what is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.profiles.rates import MENTIONS
from core import clock
from core.failures import Invalid
from documents.discussion import mentions
from documents.discussion.records import comments
from tests.documents.discussion.conftest import at, commented, notices, replied, shared, withdrawn
from tests.support.api import Api


class TestTakingApart:
    def test_puts_numbers_in_the_place_of_people(self) -> None:
        stored = ("@{0} og @{1}, og @{0}; ikke @ola {ola} @{}", ["kari-1", "a@b.no"])
        assert mentions.taken_apart("@{kari-1} og @{a@b.no}, og @{kari-1}; ikke @ola {ola} @{}") == stored

    @given(st.text("@{}0aæ1", max_size=60) | st.text(max_size=60))
    def test_loses_nothing(self, text: str) -> None:
        try:
            stored, named = mentions.taken_apart(text)
        except Invalid:
            return
        assert mentions.put_together(stored, named) == text

    @pytest.mark.parametrize("uid", ["a/b", ".", "..", "__a__"])
    def test_refuses_what_names_nobody(self, uid: str) -> None:
        with pytest.raises(Invalid):
            mentions.taken_apart(f"Hei @{{{uid}}}")


class TestMentions:
    async def test_are_for_who_can_read_and_nobody_learns_who_is_there(self, api: Api) -> None:
        kari, ola, sara = await api.people("Kari", "Ola", "Sara")
        document = await shared(kari, commenter=ola)
        answers = [await commented(ola, document, f"Hei @{{{uid}}}") for uid in (sara.uid, "ukjent", "a/b")]
        for answer in answers:
            assert answer.problem == (422, "validation_failed")
            assert answer.json["errors"] == answers[0].json["errors"]
            assert (answer.pointers, answer.json["errors"][0]["code"]) == (["/body"], "cannot_be_mentioned")
        assert await notices(api) == []

    async def test_are_kept_beside_the_text_and_shown_by_name(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)

        made = await commented(ola, document, f"Hei @{{{kari.uid}}}, og *@{{{ola.uid}}}*!")

        assert made["body"] == f"Hei @{{{kari.uid}}}, og *@{{{ola.uid}}}*!"
        assert made["bodyHtml"] == "<p>Hei @Kari, og <em>@Ola</em>!</p>\n"
        assert made["mentions"] == [{"uid": kari.uid, "name": "Kari"}, {"uid": ola.uid, "name": "Ola"}]
        stored = await api.db.get(comments.at(document.id, made["id"]))
        assert stored and (stored.body, stored.mentions) == ("Hei @{0}, og *@{1}*!", [kari.uid, ola.uid])

    async def test_that_erasure_replaced_leave_no_trace_in_the_text(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        made = await commented(ola, document, f"Hei @{{{kari.uid}}}!")
        stored = await api.db.get(comments.at(document.id, made["id"]))
        assert stored
        await api.db.commit(comments.update(stored, mentions=["noen-7f3a"]))

        shown = await ola.get(at(document, made))

        assert kari.uid not in shown.response.text and "Kari" not in shown.response.text
        assert shown["mentions"] == [{"uid": "noen-7f3a", "name": ""}]

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (" ".join(f"@{{u{number}}}" for number in range(51)), "too_many_mentions"),
            ("".join(f"@{{{number:x}}}" for number in range(1_400)), "too_many_mentions"),
            (" ".join(f"@{{u{number}}}" for number in range(10_000)), "string_too_long"),
        ],
    )
    async def test_have_a_bound(self, api: Api, body: str, code: str) -> None:
        kari = await api.person("Kari")
        document = await kari.writes()
        answer = await commented(kari, document, body)
        assert (answer.status, answer.pointers, answer.json["errors"][0]["code"]) == (422, ["/body"], code)

    async def test_of_oneself_again_and_again_are_one_and_tell_nobody(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes()
        assert len((await commented(kari, document, f"@{{{kari.uid}}} " * 200))["mentions"]) == 1
        assert await notices(api) == []

    async def test_come_too_often_at_some_time(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        await api.db.commit(MENTIONS.count(ola.uid, None, clock.now(), MENTIONS.most - 1))
        made = await commented(ola, document, f"Hei @{{{kari.uid}}}!")
        assert made.status == 201

        refused = await commented(ola, document, f"Hei @{{{kari.uid}}}!")

        assert refused.problem == (429, "rate_limited")
        assert 0 < int(refused.response.headers["retry-after"]) <= 3_600
        assert (await commented(ola, document, "Hei alle!")).status == 201
        assert (await ola.patch(at(document, made), {"body": f"Hallo @{{{kari.uid}}}!"})).status == 200
        api.advance(minutes=61)
        assert (await commented(ola, document, f"Hei @{{{kari.uid}}}!")).status == 201


class TestNotices:
    @pytest.mark.promise("P10")
    async def test_go_to_the_owner_the_mentioned_and_the_others_of_the_thread(self, api: Api) -> None:
        kari, ola, sara, nils = await api.people("Kari", "Ola", "Sara", "Nils")
        document = await shared(kari, commenter=ola, editor=sara, viewer=nils)

        head = await commented(ola, document)
        assert await notices(api) == [("commented", kari.uid)]
        await replied(sara, document, head, f"Enig, @{{{nils.uid}}} og @{{{kari.uid}}}?")

        assert await notices(api) == sorted(
            [
                ("commented", kari.uid),
                ("commented", ola.uid),
                ("mentioned", nils.uid),
                ("mentioned", kari.uid),
            ]
        )

    async def test_tell_the_newly_mentioned_of_an_edit(self, api: Api) -> None:
        kari, ola, sara = await api.people("Kari", "Ola", "Sara")
        document = await shared(kari, commenter=ola, viewer=sara)
        made = await commented(kari, document, f"Hei @{{{ola.uid}}}")
        edited = await kari.patch(at(document, made), {"body": f"Hei @{{{ola.uid}}} og @{{{sara.uid}}}"})
        assert [one["name"] for one in edited["mentions"]] == ["Ola", "Sara"]
        assert await notices(api) == sorted([("mentioned", ola.uid), ("mentioned", sara.uid)])

    async def test_pass_over_who_can_no_longer_read_and_who_has_blocked_the_author(self, api: Api) -> None:
        kari, ola, sara = await api.people("Kari", "Ola", "Sara")
        document = await shared(kari, commenter=ola, editor=sara)
        head = await commented(ola, document)
        await replied(sara, document, head)
        await withdrawn(document, ola)
        await sara.put(f"/v1/me/blocked/{kari.uid}")
        before = await notices(api)

        answer = await replied(kari, document, head, f"Takk, @{{{sara.uid}}}")

        assert answer.status == 201
        assert await notices(api) == before
        mended = await kari.patch(at(document, answer), {"body": f"Tusen takk, @{{{sara.uid}}}"})
        assert mended.status == 200

    async def test_come_from_nothing_that_was_refused(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await shared(kari, commenter=ola)
        path = f"{document.path}/comments"
        await ola.post(path, {"body": f"Hei @{{{kari.uid}}}"}, idempotency_key="k")
        await ola.post(path, {"body": f"Hei @{{{kari.uid}}}"}, idempotency_key="k")
        await ola.post(path, {"body": f"Hei @{{{kari.uid}}} @{{ukjent}}"})
        assert await notices(api) == [("mentioned", kari.uid)]
