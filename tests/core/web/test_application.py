"""What every route has in common: failures become problems, and what is not declared is refused."""

from __future__ import annotations

import re

from core import failures
from core.failures import Failure
from core.services import clients
from core.services.clients import Clients
from core.web import problems
from tests.core.web.conftest import SECRET, Lines, an_application
from tests.support.api import Answer, Client, functions


def kinds(base: type[Failure] = Failure) -> list[type[Failure]]:
    """Every failure of the code base: all capabilities are loaded."""
    functions()
    below = [kind for kind in base.__subclasses__() if kind.__module__.startswith(("core", "accounts", "documents"))]
    return [*below, *(further for kind in below for further in kinds(kind))]


class TestFailures:
    def test_have_a_code_of_their_own_or_their_parents_on_purpose(self) -> None:
        codes: dict[str, type[Failure]] = {}
        for kind in kinds():
            if "code" in vars(kind):
                assert kind.code not in codes, f"{kind} and {codes[kind.code]} are both {kind.code}"
                codes[kind.code] = kind
            else:
                assert "detail" in vars(kind), f"{kind} says nothing that its parent does not"

    def test_can_be_shown(self) -> None:
        for kind in kinds():
            assert 400 <= problems.status_of(kind) < 600
            assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
            assert kind.title and kind.detail.endswith((".", "!"))

    def test_are_declared_by_the_routes_that_everyone_has(self) -> None:
        for one in functions().values():
            for route in one.function.application.declared:
                assert {failures.Internal, failures.Unavailable, failures.Invalid} <= set(route.raises)
                if route.audience in ("person", "machine"):
                    assert failures.Unauthenticated in route.raises


class TestProblems:
    async def test_of_a_use_case_say_all_that_rfc_9457_wants(self, things: Client) -> None:
        answer = await things.get("/v1/coffee")
        given = answer.response.headers["x-request-id"]
        assert answer.problem == (409, "conflict")
        assert answer.json == {
            "type": "https://dokker.com/problems/conflict",
            "title": "Conflict",
            "status": 409,
            "detail": "Only tea is served.",
            "instance": f"urn:request:{given}",
            "code": "conflict",
            "requestId": given,
        }
        assert answer.response.headers["retry-after"] == "7"

    async def test_of_an_unknown_address(self, things: Client) -> None:
        for path in ("/v1/nothing", "/", "/v1/things/", "/v1/things/a/b", "/docs", "/openapi.json"):
            assert (await things.get(path)).problem == (404, "not_found")

    async def test_of_an_id_that_can_be_no_id(self, things: Client) -> None:
        for bad in ("a%20b", "%2e%2e", "x" * 129, "é", "a;b"):
            answer = await things.get(f"/v1/things/{bad}")
            assert answer.problem == (404, "not_found")

    async def test_of_a_wrong_method_name_those_that_are_right(self, things: Client) -> None:
        answer = await things.delete("/v1/things")
        assert answer.problem == (405, "method_not_allowed")
        assert answer.response.headers["allow"]

    async def test_of_nobody_say_how_to_sign_in(self, things: Client) -> None:
        answer = await things.get("/v1/staff")
        assert answer.problem == (401, "unauthenticated")
        assert answer.response.headers["www-authenticate"].startswith("Bearer")

    async def test_of_a_crash_show_nothing_of_it(self, things: Client, lines: Lines) -> None:
        answer = await things.get("/v1/crash")
        assert answer.problem == (500, "internal")
        assert SECRET not in answer.response.text and "Traceback" not in answer.response.text
        assert answer.response.headers["x-content-type-options"] == "nosniff"
        assert SECRET not in lines.text
        crash = next(line for line in lines.all if line["message"] == "crash")
        assert crash["severity"] == "ERROR" and crash["exception"] == "KeyError"
        assert any("conftest.py" in frame for frame in crash["frames"])
        assert crash["requestId"] == answer.json["requestId"]


class TestAppCheck:
    async def test_stands_before_the_sign_in_where_the_setting_asks_for_it(self, things: Client) -> None:
        strict = clients.current().settings.model_copy(update={"require_app_check": True})
        with clients.using(Clients(strict)):
            for headers in ({}, {"x_firebase_appcheck": ""}):
                answer = await things.get("/v1/staff", **headers)
                assert answer.problem == (401, "app_check_failed")
            assert (await things.get("/v1/things")).status == 200

    def test_is_declared_by_every_route_for_people(self) -> None:
        for one in functions().values():
            for route in one.function.application.declared:
                assert (failures.AppCheckFailed in route.raises) == (route.audience == "person")


class TestUnknownParameters:
    async def test_are_refused_by_name(self, things: Client) -> None:
        answer = await things.get("/v1/things?pagesize=3&word=x&a%2Fb=1")
        assert answer.problem == (422, "validation_failed")
        assert [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]] == [
            ("/query/a~1b", "unknown_parameter"),
            ("/query/pagesize", "unknown_parameter"),
        ]

    async def test_are_refused_where_no_parameter_is_declared(self, things: Client) -> None:
        answer = await things.get("/v1/things/rose?verbose=1")
        assert answer.pointers == ["/query/verbose"]

    async def test_are_not_those_that_a_dependency_declares(self, things: Client) -> None:
        assert (await things.get("/v1/things?pageSize=3&word=x"))["size"] == 3

    async def test_of_strange_names_make_no_crash(self, things: Client) -> None:
        for query in ("%FF=1", "%ED%A0%80=1", "=1", "%00", "🫐=1", "&&&x"):
            assert Answer(await things.http.get(f"/v1/things?{query}")).problem == (422, "validation_failed")


async def test_health_costs_nothing_and_needs_nobody(things: Client) -> None:
    answer = await things.get("/health")
    assert (answer.status, answer.json) == (200, {"status": "ok"})


def test_a_route_says_what_it_raises() -> None:
    coffee = next(route for route in an_application().declared if route.path == "/v1/coffee")
    assert "TeaOnly" in {kind.__name__ for kind in coffee.raises}
