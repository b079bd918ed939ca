from __future__ import annotations

from tests.infra.local.gateway.conftest import Gateway


class TestRewrites:
    async def test_lead_to_the_function(self, gateway: Gateway) -> None:
        answer = await gateway.client.patch("/v1/letters/7?to=ola", content="hei", headers={"If-Match": '"3"'})

        seen = answer.json()
        assert (seen["function"], seen["method"], seen["path"]) == ("letters", "PATCH", "/v1/letters/7")
        assert (seen["query"], seen["body"], seen["headers"]["if-match"]) == ("to=ola", "hei", '"3"')

    async def test_pass_percent_encoding_untouched(self, gateway: Gateway) -> None:
        seen = (await gateway.get("/v1/letters/a%2Fb%20%C3%A5")).json()

        assert seen["rawPath"] == "/v1/letters/a%2Fb%20%C3%A5"

    async def test_take_no_encoded_slash_for_a_slash(self, gateway: Gateway) -> None:
        assert (await gateway.get("/v1%2Fletters")).status_code == 404

    async def test_add_what_hosting_forwards(self, gateway: Gateway) -> None:
        seen = (await gateway.get("/v1/letters", headers={"X-Forwarded-For": "198.51.100.1"})).json()["headers"]

        assert seen["x-forwarded-for"] == "198.51.100.1, 192.0.2.7"
        assert seen["x-forwarded-host"] == "dokker.test"
        assert seen["x-forwarded-proto"] == "http"

    async def test_to_a_function_that_is_not_there_say_so(self, gateway: Gateway) -> None:
        answer = await gateway.get("/v1/forgotten")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert "forgotten" in answer.json()["detail"]

    async def test_that_cannot_be_followed_are_a_problem_until_they_can(self, gateway: Gateway) -> None:
        given = gateway.settings.firebase_json.read_text()

        gateway.settings.firebase_json.write_text(given[:40])
        assert (await gateway.get("/v1/letters")).json()["code"] == "internal"

        gateway.settings.firebase_json.write_text(given)
        assert (await gateway.get("/v1/letters")).status_code == 200


class TestOtherPaths:
    async def test_are_a_problem(self, gateway: Gateway) -> None:
        answer = await gateway.get("/v2/letters")

        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "not_found"

    async def test_never_reach_a_private_function(self, gateway: Gateway) -> None:
        assert (await gateway.post("/tasks/send")).status_code == 404
        assert (await gateway.post("/schedules/nightly")).status_code == 404


class TestStaticFiles:
    async def test_go_before_rewrites(self, gateway: Gateway) -> None:
        page = gateway.settings.firebase_json.parent / "site" / "v1" / "letters"
        page.parent.mkdir()
        page.write_text("a file")

        assert (await gateway.get("/v1/letters")).text == "a file"
        assert (await gateway.post("/v1/letters")).json()["function"] == "letters"

    async def test_stay_within_the_public_folder(self, gateway: Gateway) -> None:
        assert (gateway.settings.firebase_json.parent / "firebase.json").exists()
        assert (await gateway.get("/..%2Ffirebase.json")).status_code == 404
        assert (await gateway.get("/%00")).status_code == 404

    async def test_that_are_hidden_are_not_served(self, gateway: Gateway) -> None:
        (gateway.settings.firebase_json.parent / "site" / ".gitkeep").write_text("")

        assert (await gateway.get("/.gitkeep")).status_code == 404

    async def test_include_the_openapi_document(self, gateway: Gateway) -> None:
        gateway.settings.openapi.write_text('{"openapi": "3.1.0"}')

        answer = await gateway.get("/openapi.json")

        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.json() == {"openapi": "3.1.0"}


class TestOwnAddress:
    async def test_serves_a_private_function_below_its_prefix(self, gateway: Gateway) -> None:
        seen = (await gateway.post("/__local/functions/letters-tasks/tasks/send%2Fnow?x=1", content="{}")).json()

        assert (seen["function"], seen["rawPath"], seen["query"]) == ("letters-tasks", "/tasks/send%2Fnow", "x=1")
        assert (seen["path"], seen["body"]) == ("/tasks/send/now", "{}")

    async def test_serves_a_public_function_too(self, gateway: Gateway) -> None:
        assert (await gateway.get("/__local/functions/letters/health")).json()["path"] == "/health"
        assert (await gateway.get("/__local/functions/letters")).json()["path"] == "/"

    async def test_of_nobody_is_a_problem(self, gateway: Gateway) -> None:
        answer = await gateway.get("/__local/functions/nobody/health")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
