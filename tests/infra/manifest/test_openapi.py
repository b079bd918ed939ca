import json
from collections.abc import Iterator
from typing import Annotated, Any

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate
from pydantic import Field
from starlette.responses import Response

from core.failures import Conflict, IfMatchRequired, NotFound, StaleEtag
from core.functions import Function, Resources, Trigger
from core.web.application import Application, Budget
from core.web.dependencies import TheIdempotency, TheIfMatch, TheIfNoneMatch, ThePage
from core.web.schemas import Draft, Id, View
from infra.local.places import ROOT
from infra.manifest import openapi

NOTHING = Budget()


class LetterDraft(Draft):
    text: Annotated[str | None, Field(examples=["Kjære Kari"])] = ""


class LetterView(View):
    id: Annotated[str, Field(examples=["x1"])]
    text: Annotated[str | None, Field(examples=["Kjære Kari"])]


class StampView(View):
    colour: str


def _function(application: Application) -> Function:
    return Function(application.name, Trigger.HTTP, application, Resources())


def _letters() -> Application:
    app = Application("letters", title="Letters: what people write")

    @app.post("/v1/letters", shows=LetterView, status=201, budget=NOTHING)
    async def write(draft: LetterDraft, key: TheIdempotency) -> Response:
        """Write a letter, in one go
        or as a draft. It's sent later, e.g. tomorrow.
        """
        raise NotImplementedError

    @app.get("/v1/letters/{id}", shows=LetterView, raises=[NotFound], may_answer={304: "Unchanged"}, budget=NOTHING)
    async def read(id: Id, unless: TheIfNoneMatch) -> Response:  # noqa: A002
        """Read version 1.2 of a letter."""
        raise NotImplementedError

    @app.patch("/v1/letters/{id}", shows=LetterView, raises=[IfMatchRequired, StaleEtag], budget=NOTHING)
    async def revise(id: Id, draft: LetterDraft, condition: TheIfMatch) -> Response: ...  # noqa: A002

    @app.post("/v1/letters/{id}/send", status=204, raises=[NotFound, Conflict], budget=NOTHING)
    async def send(id: Id) -> Response: ...  # noqa: A002

    @app.get("/v1/stamps", shows=StampView, audience="anyone", budget=NOTHING)
    async def stamps(page: ThePage) -> Response: ...

    @app.post("/v1/internal", audience="machine", budget=NOTHING)
    async def internal() -> Response: ...

    return app


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document([_function(_letters())], "1.2.3")


def _operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    return document["paths"][path][method]


def _headers(document: dict[str, Any], method: str, path: str, status: str) -> set[str]:
    response = _operation(document, method, path)["responses"][status]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[-1]]
    return set(response["headers"])


class TestDocument:
    def test_is_valid(self, document: dict[str, Any]) -> None:
        validate(document, cls=OpenAPIV31SpecValidator)

    def test_says_what_it_is(self, document: dict[str, Any]) -> None:
        assert document["info"]["version"] == "1.2.3"
        assert document["tags"] == [{"name": "letters", "description": "Letters: what people write"}]

    def test_holds_no_private_route(self, document: dict[str, Any]) -> None:
        assert "/v1/internal" not in document["paths"]

    def test_asks_for_a_token_where_one_is_needed(self, document: dict[str, Any]) -> None:
        assert _operation(document, "post", "/v1/letters")["security"] == [{"firebase": []}]
        assert "security" not in _operation(document, "get", "/v1/stamps")

    def test_is_in_the_order_of_its_paths(self, document: dict[str, Any]) -> None:
        assert list(document["paths"]) == sorted(document["paths"])

    def test_is_made_of_several_functions(self) -> None:
        other = Application("stamps")

        @other.get("/v1/stamps/{id}", shows=StampView, budget=NOTHING)
        async def read(id: Id) -> Response: ...  # noqa: A002

        found = openapi.document([_function(other), _function(_letters())], "1")
        assert {"/v1/letters", "/v1/stamps/{id}"} <= found["paths"].keys()
        assert [tag["name"] for tag in found["tags"]] == ["letters", "stamps"]

    def test_fails_when_one_name_means_two_models(self) -> None:
        other = Application("stamps")
        another_view = type("StampView", (View,), {"__annotations__": {"value": int}})

        @other.get("/v1/stamps/{id}", shows=another_view, budget=NOTHING)
        async def read(id: Id) -> Response: ...  # noqa: A002

        with pytest.raises(ValueError, match="two different schemas are called 'StampView'"):
            openapi.document([_function(other), _function(_letters())], "1")

    def test_fails_when_two_functions_answer_one_operation(self) -> None:
        other = Application("stamps")

        @other.get("/v1/stamps", budget=NOTHING)
        async def read() -> Response: ...

        with pytest.raises(ValueError, match=r"two functions answer \['get'\] /v1/stamps"):
            openapi.document([_function(other), _function(_letters())], "1")


class TestOperations:
    def test_are_summed_up_by_the_first_sentence_of_the_docstring(self, document: dict[str, Any]) -> None:
        found = _operation(document, "post", "/v1/letters")
        assert found["summary"] == "Write a letter, in one go or as a draft"
        assert found["description"] == "Write a letter, in one go\nor as a draft. It's sent later, e.g. tomorrow."

    def test_are_not_described_twice(self, document: dict[str, Any]) -> None:
        found = _operation(document, "get", "/v1/letters/{id}")
        assert (found["summary"], found.get("description")) == ("Read version 1.2 of a letter", None)


class TestParameters:
    def test_say_that_if_match_is_demanded(self, document: dict[str, Any]) -> None:
        (found,) = (
            each for each in _operation(document, "patch", "/v1/letters/{id}")["parameters"] if each["in"] == "header"
        )
        assert (found["name"], found["required"], found["schema"]["type"]) == ("If-Match", True, "string")

    def test_say_that_if_none_match_is_not(self, document: dict[str, Any]) -> None:
        found = _operation(document, "get", "/v1/letters/{id}")["parameters"][1]
        assert (found["name"], found["required"]) == ("If-None-Match", False)

    def test_are_never_null(self, document: dict[str, Any]) -> None:
        every = [
            each
            for path in document["paths"].values()
            for found in path.values()
            for each in found.get("parameters", [])
        ]
        assert all("anyOf" not in each["schema"] for each in every)


class TestAnswers:
    def test_leave_out_what_has_no_value(self, document: dict[str, Any]) -> None:
        view = document["components"]["schemas"]["LetterView"]
        assert view["properties"]["text"]["type"] == "string"
        assert view["required"] == ["id"]

    def test_of_a_change_have_no_defaults(self) -> None:
        app = Application("letters")

        @app.patch("/v1/letters/{id}", shows=StampView, budget=NOTHING)
        async def revise(id: Id, draft: LetterDraft) -> Response: ...  # noqa: A002

        found = openapi.document([_function(app)], "1")["components"]["schemas"]["LetterDraft"]
        assert "default" not in found["properties"]["text"]

    def test_let_a_request_say_null(self, document: dict[str, Any]) -> None:
        assert {"type": "null"} in document["components"]["schemas"]["LetterDraft"]["properties"]["text"]["anyOf"]

    @pytest.mark.parametrize(
        ("method", "path", "status", "headers"),
        [
            ("post", "/v1/letters", "201", {"ETag", "Idempotent-Replayed", "Location", "X-Request-Id"}),
            ("get", "/v1/letters/{id}", "200", {"ETag", "X-Request-Id"}),
            ("get", "/v1/letters/{id}", "304", {"ETag", "X-Request-Id"}),
            ("get", "/v1/stamps", "200", {"X-Request-Id"}),
            ("get", "/v1/letters/{id}", "503", {"Retry-After", "X-Request-Id"}),
            ("get", "/v1/letters/{id}", "401", {"WWW-Authenticate", "X-Request-Id"}),
            ("get", "/v1/letters/{id}", "404", {"X-Request-Id"}),
        ],
    )
    def test_name_their_headers(
        self, document: dict[str, Any], method: str, path: str, status: str, headers: set[str]
    ) -> None:
        assert _headers(document, method, path, status) == headers

    def test_are_never_fastapis_own_422(self, document: dict[str, Any]) -> None:
        assert "HTTPValidationError" not in json.dumps(document)

    def test_share_problems_named_by_their_failures(self, document: dict[str, Any]) -> None:
        refused = _operation(document, "get", "/v1/letters/{id}")["responses"]
        assert {status: refused[status]["$ref"] for status in ("401", "404")} == {
            "401": "#/components/responses/AppCheckFailedOrUnauthenticated",
            "404": "#/components/responses/NotFound",
        }

    def test_share_no_problems_of_failures_that_have_one_name(self) -> None:
        app = Application("letters")
        lost, torn = (type("Gone", (NotFound,), {"detail": detail}) for detail in ("It was lost.", "It was torn."))

        @app.get("/v1/letters", raises=[lost], budget=NOTHING)
        async def find() -> Response: ...

        @app.get("/v1/letters/{id}", raises=[lost], budget=NOTHING)
        async def read(id: Id) -> Response: ...  # noqa: A002

        @app.patch("/v1/letters", raises=[torn], budget=NOTHING)
        async def mend() -> Response: ...

        @app.delete("/v1/letters", raises=[torn], budget=NOTHING)
        async def burn() -> Response: ...

        with pytest.raises(ValueError, match="two different failures are called 'Gone'"):
            openapi.document([_function(app)], "1")

    def test_name_no_problem_of_a_body_where_there_is_none(self, document: dict[str, Any]) -> None:
        assert {"204", "401", "404", "409", "422", "500", "503"} == _operation(
            document, "post", "/v1/letters/{id}/send"
        )["responses"].keys()


class TestExamples:
    def test_are_made_of_those_of_the_fields(self, document: dict[str, Any]) -> None:
        answer = _operation(document, "post", "/v1/letters")["responses"]["201"]["content"]["application/json"]
        assert answer["example"] == {"id": "x1", "text": "Kjære Kari"}

    def test_are_left_out_where_a_field_gives_none(self, document: dict[str, Any]) -> None:
        answer = _operation(document, "get", "/v1/stamps")["responses"]["200"]["content"]["application/json"]
        assert "example" not in answer


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    return json.loads((ROOT / "docs" / "openapi.json").read_text())


class TestCommittedDocument:
    """What is served at /openapi.json."""

    def test_is_valid(self, committed: dict[str, Any]) -> None:
        validate(committed, cls=OpenAPIV31SpecValidator)

    def test_is_what_hosting_serves(self) -> None:
        served = ROOT / "infra" / "hosting" / "openapi.json"
        assert served.read_bytes() == (ROOT / "docs" / "openapi.json").read_bytes()

    def test_has_an_example_of_every_json_request(self, committed: dict[str, Any]) -> None:
        missing = [name for name, media in _requests(committed) if "example" not in media]
        assert missing == []

    def test_has_examples_that_are_right(self, committed: dict[str, Any]) -> None:
        for name, media in (*_requests(committed), *_answers(committed)):
            for example in _examples(media):
                whole = {**media["schema"], "components": committed["components"]}
                assert list(jsonschema.Draft202012Validator(whole).iter_errors(example)) == [], name


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _requests(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, operation in _operations(document):
        if media := operation.get("requestBody", {}).get("content", {}).get("application/json"):
            yield name, media


def _answers(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    shared = document["components"]["responses"].items()
    for name, response in (*shared, *((n, r) for n, o in _operations(document) for r in o["responses"].values())):
        for kind, media in response.get("content", {}).items():
            if kind.endswith("json"):
                yield name, media


def _examples(media: dict[str, Any]) -> list[Any]:
    return [
        *(each["value"] for each in media.get("examples", {}).values()),
        *([media["example"]] if "example" in media else []),
    ]
