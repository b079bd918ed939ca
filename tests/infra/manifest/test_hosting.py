import json

import jsonschema
import pytest
from fastapi import Response

from core.data.buckets import UPLOADS
from core.functions import Function, ObjectEvents, Resources, Trigger
from core.web.application import Application, Budget
from core.web.routes import Audience
from infra.local.gateway.rewrites import parse
from infra.local.places import ROOT
from infra.manifest import hosting
from tests.infra.manifest.declared import a_function


def _order(*functions: Function) -> list[str]:
    return [rewrite["source"] for rewrite in hosting.rewrites(functions)]


class TestRewrites:
    def test_put_the_more_specific_glob_first(self) -> None:
        globs = [
            "/v1/**",
            "/v1/*/x",
            "/v1/documents/**",
            "/v1/documents/*/files",
            "/v1/documents",
            "/v1/documents/import",
        ]
        assert _order(a_function("letters", *globs)) == [
            "/v1/documents",
            "/v1/documents/import",
            "/v1/documents/*/files",
            "/v1/documents/**",
            "/v1/*/x",
            "/v1/**",
        ]

    def test_do_not_depend_on_the_order_of_declaration(self) -> None:
        one, other = a_function("one", "/a/**", "/b"), a_function("other", "/a/*/c", "/**")
        assert hosting.rewrites([one, other]) == hosting.rewrites([other, one])

    def test_lead_to_the_function_in_its_region(self) -> None:
        (rewrite,) = hosting.rewrites([a_function("letters", "/v1/letters")])
        assert rewrite == {"source": "/v1/letters", "run": {"serviceId": "letters", "region": "europe-north1"}}

    def test_know_public_functions_alone(self) -> None:
        private = Function("letters-tasks", Trigger.TASKS, Application("letters-tasks"), Resources())
        assert hosting.rewrites([private]) == []

    def test_fail_when_two_functions_claim_a_glob(self) -> None:
        with pytest.raises(ValueError, match="claimed by 'one' and by 'other'"):
            hosting.rewrites([a_function("one", "/v1/x"), a_function("other", "/v1/x")])

    def test_fail_for_a_function_slower_than_hosting_waits(self) -> None:
        with pytest.raises(ValueError, match="do the rest in a task"):
            hosting.rewrites([a_function("letters", "/v1/x", timeout=61)])

    def test_are_followed_by_the_local_gateway(self) -> None:
        found = hosting.configuration([a_function("all", "/v1/**"), a_function("some", "/v1/letters/*")])
        config = parse(found, ROOT)
        assert [config.service_for(path) for path in ("/v1/letters/a", "/v1/letters/a/b", "/v2")] == [
            "some",
            "all",
            None,
        ]


class TestConfiguration:
    def test_names_files_that_are_there(self) -> None:
        found = json.loads((ROOT / "firebase.json").read_text())
        named = [found["firestore"]["rules"], found["firestore"]["indexes"], found["storage"]["rules"]]
        served = [f"{found['hosting']['public']}/{name}" for name in ("404.html", "openapi.json")]
        assert [path for path in (*named, *served) if not (ROOT / path).is_file()] == []

    def test_is_what_firebase_tools_take(self) -> None:
        found = json.loads((ROOT / "firebase.json").read_text())
        schema = ROOT / found["$schema"]
        if not schema.exists():
            pytest.skip("npm ci brings the schema")
        jsonschema.validate(found, json.loads(schema.read_text()))


class TestPublicFunctions:
    @pytest.mark.parametrize("audience", ["machine", "event"])
    def test_have_no_route_for_machines(self, audience: Audience) -> None:
        function = a_function("letters", "/v1/letters")

        @function.application.post("/", audience=audience, budget=Budget())
        async def arrived() -> Response:
            return Response()

        assert arrived
        with pytest.raises(ValueError, match="private function"):
            hosting.rewrites([function])

    def test_are_the_only_ones_that_hosting_knows(self) -> None:
        application = Application("letters-events", audience="event", invoker="events-invoker")
        events = Function(application.name, Trigger.EVENTS, application, Resources(), events=ObjectEvents(UPLOADS))
        assert hosting.rewrites([events]) == []
