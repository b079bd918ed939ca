"""Methods: HEAD wherever GET works, and an Allow that names all that an address answers."""

from __future__ import annotations

import pytest

from tests.core.web.conftest import Lines
from tests.support.api import Api, Client

# What belongs to one answer alone.
_OF_ITS_OWN = {"x-request-id", "date"}


class TestHead:
    @pytest.mark.parametrize(
        "path", ["/v1/things", "/v1/things/rose", "/v1/nothing", "/v1/coffee", "/v1/staff", "/health"]
    )
    async def test_is_a_get_without_its_body(self, things: Client, path: str) -> None:
        whole, head = await things.get(path), await things.send("HEAD", path)

        assert (head.status, head.response.content) == (whole.status, b"")
        assert {name: value for name, value in head.response.headers.items() if name not in _OF_ITS_OWN} == {
            name: value for name, value in whole.response.headers.items() if name not in _OF_ITS_OWN
        }

    async def test_is_refused_where_there_is_no_get(self, things: Client) -> None:
        answer = await things.send("HEAD", "/v1/files")
        assert (answer.status, answer.response.headers["allow"]) == (405, "POST")

    async def test_has_a_crash_of_its_own(self, things: Client) -> None:
        answer = await things.send("HEAD", "/v1/crash")
        assert (answer.status, answer.response.content) == (500, b"")

    async def test_is_in_the_log_what_it_was(self, things: Client, lines: Lines) -> None:
        await things.send("HEAD", "/v1/things/rose")
        assert [(line["method"], line["route"]) for line in lines.all] == [("HEAD", "/v1/things/{thing_id}")]

    async def test_answers_people_over_the_wire(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Blåbærtur", "Vi fant *mange* bær.")

        for path in ("/v1/me", "/v1/documents", document.path, f"{document.path}/export"):
            whole, head = await kari.get(path), await kari.send("HEAD", path)
            assert (head.status, head.response.content) == (200, b"")
            for name in ("content-length", "content-type", "etag"):
                assert head.response.headers.get(name) == whole.response.headers.get(name)

        assert (await kari.send("HEAD", document.path, if_none_match=document.etag)).status == 304
        assert (await ola.send("HEAD", document.path)).status == 404
        assert (await api.send("HEAD", document.path)).status == 401


class TestAllow:
    @pytest.mark.parametrize(
        ("path", "methods"),
        [
            ("/v1/me", "GET, HEAD, PATCH"),
            ("/v1/documents", "GET, HEAD, POST"),
            ("/v1/documents/some-id", "DELETE, GET, HEAD, PATCH"),
            # No document is called so: what is routed by its own name is meant.
            ("/v1/documents/empty-trash", "POST"),
            ("/v1/documents/some-id/purge", "POST"),
            ("/v1/documents/some-id/comments/unread", "GET, HEAD"),
        ],
    )
    async def test_names_every_method_of_the_address(self, api: Api, path: str, methods: str) -> None:
        # functions-framework refuses TRACE and what HTTP does not know before it calls us.
        for method in ("PUT", "OPTIONS"):
            answer = await api.send(method, path)
            assert (answer.problem, answer.response.headers["allow"]) == ((405, "method_not_allowed"), methods)
