"""ETags and conditions on them, pages and their tokens, content negotiation, idempotency keys."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.conditions import EntityTags, IfMatch
from core.failures import Malformed, NotAcceptable, StaleEtag
from core.web.negotiation import best
from tests.support.api import Client

TAGS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f'), max_size=10).filter(
    lambda tag: all(ord(letter) < 0x7F or ord(letter) >= 0x80 for letter in tag)
)


class TestEntityTags:
    @given(st.lists(st.tuples(st.booleans(), TAGS), min_size=1, max_size=5), st.sampled_from([",", ", ", " , ", ",\t"]))
    def test_are_read_as_they_are_written(self, tags: list[tuple[bool, str]], comma: str) -> None:
        header = comma.join(f'{"W/" if weak else ""}"{tag}"' for weak, tag in tags)
        read = EntityTags.of(header, "If-Match")
        assert read.strong == {tag for weak, tag in tags if not weak}
        assert read.weak == {tag for weak, tag in tags if weak}
        assert not read.anything

    @given(st.text(max_size=20))
    def test_are_read_or_malformed_and_nothing_else(self, header: str) -> None:
        with suppress(Malformed):
            assert EntityTags.of(header, "If-Match")

    @pytest.mark.parametrize(
        "header", ["", " ", "3-owner", '"a', 'a"', "'a'", '"a" "b"', "W/a", '"a",,"b"x', '*, "a"', "**"]
    )
    def test_that_are_none_are_malformed(self, header: str) -> None:
        with pytest.raises(Malformed):
            EntityTags.of(header, "If-None-Match")

    def test_if_match_wants_a_strong_one(self) -> None:
        IfMatch(EntityTags.of('"x", "3-owner"', "If-Match")).check("3-owner")
        IfMatch(EntityTags.of("*", "If-Match")).check("3-owner")
        for stale in ('"2-owner"', 'W/"3-owner"', '"3-viewer"', '""'):
            with pytest.raises(StaleEtag):
                IfMatch(EntityTags.of(stale, "If-Match")).check("3-owner")


class TestConditions:
    @pytest.mark.parametrize("header", ['"3-owner"', 'W/"3-owner"', '"1", "3-owner"', "*"])
    async def test_of_what_has_not_changed_answer_304(self, things: Client, header: str) -> None:
        answer = await things.get("/v1/things/a", if_none_match=header)
        assert (answer.status, answer.response.content, answer.etag) == (304, b"", '"3-owner"')

    async def test_of_what_has_changed_answer_with_it(self, things: Client) -> None:
        answer = await things.get("/v1/things/a", if_none_match='"2-owner"')
        assert (answer.status, answer.etag) == (200, '"3-owner"')
        assert answer.response.headers["cache-control"] == "private, no-cache"

    async def test_are_demanded_and_must_hold(self, things: Client) -> None:
        assert (await things.put("/v1/things/a")).problem == (428, "if_match_required")
        assert (await things.put("/v1/things/a", if_match='"2-owner"')).problem == (412, "stale_etag")
        assert (await things.put("/v1/things/a", if_match='"3-owner"')).status == 200
        for header in ("if_match", "if_none_match"):
            method = "PUT" if header == "if_match" else "GET"
            answer = await things.send(method, "/v1/things/a", **{header: "3-owner"})
            assert answer.problem == (400, "malformed_request")
            assert answer.pointers == ["/header/If-Match" if method == "PUT" else "/header/If-None-Match"]


class TestNegotiation:
    OFFERED = ("text/markdown", "text/html", "application/pdf")

    @pytest.mark.parametrize(
        ("accept", "chosen"),
        [
            ("*/*", "text/markdown"),
            ("", "text/markdown"),
            ("text/*", "text/markdown"),
            ("application/pdf", "application/pdf"),
            ("APPLICATION/PDF", "application/pdf"),
            ("text/html;q=0.5, application/pdf;q=0.9", "application/pdf"),
            ("text/*;q=0.1, application/pdf;q=0.2, */*;q=0", "application/pdf"),
            ("text/markdown;q=0, */*", "text/html"),
            ("text/html;level=1;q=0.4, text/markdown;q=0.3", "text/html"),
            ("text/html;q=nonsense, application/pdf;q=0.1", "application/pdf"),
            ("text/html;q=7", "text/html"),
        ],
    )
    def test_gives_what_is_preferred(self, accept: str, chosen: str) -> None:
        assert best(accept, self.OFFERED) == chosen

    @pytest.mark.parametrize("accept", ["image/png", "*/*;q=0", "text/html;q=0", "html", ";", "/"])
    def test_gives_up_on_what_cannot_be_had(self, accept: str) -> None:
        with pytest.raises(NotAcceptable):
            best(accept, self.OFFERED)

    @given(st.text(max_size=40))
    def test_never_stumbles(self, accept: str) -> None:
        try:
            assert best(accept, self.OFFERED) in self.OFFERED
        except NotAcceptable:
            return


class TestIdempotencyKeys:
    async def test_lead_to_one_id_each(self, things: Client) -> None:
        first, again, other, none, none_again = [
            (await things.post("/v1/keys", **key))["id"]
            for key in ({"idempotency_key": "a"}, {"idempotency_key": "a"}, {"idempotency_key": "b"}, {}, {})
        ]
        assert first == again
        assert len({first, other, none, none_again}) == 4

    @pytest.mark.parametrize("key", ["", "x" * 201, "with space", "é".encode("latin-1"), "tab\t"])
    async def test_that_are_none_are_refused_by_pointer(self, things: Client, key: str) -> None:
        answer = await things.post("/v1/keys", idempotency_key=key)
        assert answer.problem == (422, "validation_failed")
        assert [pointer.lower() for pointer in answer.pointers] == ["/header/idempotency-key"]


class TestPages:
    async def test_have_a_size_within_bounds(self, things: Client) -> None:
        assert (await things.get("/v1/things"))["size"] == 25
        assert (await things.get("/v1/things?pageSize=1000000"))["size"] == 100
        for size in ("0", "-1", "many", "1.5", ""):
            answer = await things.get(f"/v1/things?pageSize={size}")
            assert answer.problem == (422, "validation_failed")
            assert answer.pointers == ["/query/pageSize"]

    async def test_go_on_with_the_same_parameters_alone(self, things: Client) -> None:
        token = (await things.get("/v1/things?word=a"))["token"]
        assert (await things.get(f"/v1/things?pageToken={token}&word=a&pageSize=3"))["after"] == [25, "last"]
        for query in (f"word=b&pageToken={token}", f"pageToken={token}", "word=a&pageToken=", "word=a&pageToken=%00é"):
            answer = await things.get(f"/v1/things?{query}")
            assert answer.problem == (400, "malformed_request")
            assert answer.pointers == ["/query/pageToken"]
