"""The edge: headers, CORS, request ids and the log, the same for every answer."""

from __future__ import annotations

import re

import pytest

from tests.core.web.conftest import ORIGIN, Lines
from tests.support.api import Answer, Api, Client

TRACE = "0af7651916cd43dd8448eb211c80319c"


class TestSecurityHeaders:
    @pytest.mark.promise("P43")
    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/v1/things"),
            ("GET", "/v1/nothing"),
            ("DELETE", "/v1/things"),
            ("GET", "/v1/crash"),
            ("GET", "/v1/staff"),
        ],
    )
    async def test_are_on_every_answer(self, things: Client, method: str, path: str) -> None:
        headers = (await things.send(method, path)).response.headers
        assert "max-age=" in headers["strict-transport-security"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]

    async def test_are_on_a_preflight(self, things: Client) -> None:
        headers = (await preflight(things, ORIGIN)).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["x-request-id"]


async def preflight(things: Client, origin: str, method: str = "PATCH", sent: str = "authorization,if-match"):  # noqa: ANN201
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": sent}
    return await things.http.options("/v1/things/a", headers=headers)


@pytest.mark.promise("P52")
class TestCors:
    async def test_lets_a_page_of_ours_in_and_remembers_that(self, things: Client) -> None:
        answer = await preflight(things, ORIGIN)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert int(answer.headers["access-control-max-age"]) >= 600
        assert "access-control-allow-credentials" not in answer.headers

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example", "http://dokker.example"]
    )
    async def test_lets_no_other_page_in(self, things: Client, origin: str) -> None:
        answer = await preflight(things, origin)
        assert answer.status_code == 400
        assert "access-control-allow-origin" not in answer.headers
        assert (Answer(answer).problem, answer.json()["requestId"]) == (
            (400, "malformed_request"),
            answer.headers["x-request-id"],
        )
        plain = await things.get("/v1/things", origin=origin)
        assert "access-control-allow-origin" not in plain.response.headers

    @pytest.mark.parametrize(("method", "sent"), [("TRACE", "authorization"), ("GET", "x-unheard-of")])
    async def test_lets_a_page_of_ours_read_why_it_is_refused(self, things: Client, method: str, sent: str) -> None:
        answer = await preflight(things, ORIGIN, method, sent)
        assert Answer(answer).problem == (400, "malformed_request")
        assert answer.headers["access-control-allow-origin"] == ORIGIN

    async def test_lets_a_page_ask_for_head(self, things: Client) -> None:
        assert (await preflight(things, ORIGIN, "HEAD")).status_code == 200

    async def test_shows_what_a_page_needs_also_of_errors(self, things: Client) -> None:
        for path in ("/v1/things/a", "/v1/coffee", "/v1/nothing", "/v1/crash"):
            headers = (await things.get(path, origin=ORIGIN)).response.headers
            assert headers["access-control-allow-origin"] == ORIGIN, path
            assert {"ETag", "Location", "Retry-After", "X-Request-Id"} <= {
                name.strip() for name in headers["access-control-expose-headers"].split(",")
            }
            assert "Origin" in headers["vary"]


class TestRequestId:
    async def test_is_taken_from_the_trace(self, things: Client, lines: Lines) -> None:
        for headers in (
            {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"},
            {"x_cloud_trace_context": f"{TRACE}/123;o=1"},
            {"x_cloud_trace_context": TRACE},
        ):
            answer = await things.get("/v1/coffee", **headers)
            assert answer.response.headers["x-request-id"] == answer.json["requestId"] == TRACE
        assert {line["requestId"] for line in lines.all} == {TRACE}
        assert lines.all[0]["logging.googleapis.com/trace"] == f"projects/demo-things/traces/{TRACE}"

    @pytest.mark.parametrize(
        "value", ["", "kari@example.com", f"00-{TRACE[:-1]}-b7ad6b7169203331-01", "00-" + "x" * 5_000]
    )
    async def test_is_made_up_otherwise(self, things: Client, value: str) -> None:
        answer = await things.get("/v1/things", traceparent=value, x_cloud_trace_context=value)
        assert re.fullmatch(r"[0-9a-f]{32}", answer.response.headers["x-request-id"])


@pytest.mark.promise("P14")
class TestLog:
    async def test_is_one_json_line_a_request_in_cloud_loggings_form(self, things: Client, lines: Lines) -> None:
        await things.get("/v1/things/rose")
        (line,) = lines.all
        assert line["severity"] == "INFO"
        assert (line["message"], line["method"], line["route"], line["status"]) == (
            "request",
            "GET",
            "/v1/things/{thing_id}",
            200,
        )
        assert line["milliseconds"] >= 0

    async def test_holds_nothing_of_a_person(self, api: Api, lines: Lines) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Blåbærtur", "Vi fant bær.")
        await kari.get(f"/v1/documents?q=hemmelighet&owner={kari.uid}")
        await kari.get(f"/v1/people/{kari.uid}")
        await kari.get("/v1/nothing/kari@example.com")
        await kari.patch(document.path, {"title": 3}, if_match=document.etag)
        assert len(lines.all) >= 6
        for secret in (kari.uid, kari.email, kari.token[:30], document.id, "Blåbær", "bær", "hemmelighet", "127.0.0.1"):
            assert secret not in lines.text
