"""The operations of the OpenAPI document: what FastAPI derives from a route, made to say what really happens."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

from core.web import problems
from infra.manifest.components import not_null, untitled

Operation = dict[str, Any]

_BY_FASTAPI: Final = "Successful Response"
_RETRIED: Final = {"429", "503"}
_FIRST_SENTENCE: Final = re.compile(r"(.+?)\.(?=\s|$)", re.DOTALL)


def refine(operation: Operation, tagged: set[str]) -> None:
    """Correct summary, parameters, answers and their headers in place. `tagged` models travel with an ETag."""
    _sum_up(operation)
    for parameter in operation.get("parameters", []):
        _refine_parameter(parameter)
    _demand_if_match(operation)
    operation["responses"] = dict(sorted(operation["responses"].items()))
    for status, response in operation["responses"].items():
        _describe(response, status)
        if names := sorted(_headers(operation, status, response, tagged)):
            response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _sum_up(operation: Operation) -> None:
    """Let the first sentence of the docstring be the summary, which FastAPI makes of the function's name."""
    if sentence := _FIRST_SENTENCE.match(description := operation.get("description", "")):
        operation["summary"] = " ".join(sentence[1].split())
        if sentence.end() == len(description):
            del operation["description"]


def tagged_models(operations: Iterable[Operation]) -> set[str]:
    """Return the models that some route shows under a condition on their ETag: they always carry one."""
    conditional = [operation for operation in operations if {"304", "412"} & operation["responses"].keys()]
    return {model for operation in conditional for model in _shown(operation)}


def _shown(operation: Operation) -> set[str]:
    good = [response for status, response in operation["responses"].items() if status.startswith("2")]
    return {model for response in good if (model := _model(response))}


def _model(response: dict[str, Any]) -> str | None:
    return response.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref")


def _refine_parameter(parameter: dict[str, Any]) -> None:
    """What is left out is absent and not null; headers are written as the RFCs write them."""
    schema = parameter["schema"]
    not_null(schema)
    untitled(schema)
    schema.pop("description", None)
    if parameter["in"] == "header":
        parameter["name"] = "-".join(part.capitalize() for part in parameter["name"].split("-"))


def _demand_if_match(operation: Operation) -> None:
    """Say that a route which answers 428 demands If-Match; the code takes it as optional, to answer its absence."""
    if "428" in operation["responses"]:
        for parameter in operation.get("parameters", []):
            if parameter["name"] == "If-Match":
                parameter["required"] = True


def _describe(response: dict[str, Any], status: str) -> None:
    if response["description"] == _BY_FASTAPI:
        response["description"] = HTTPStatus(int(status)).phrase


def _headers(operation: Operation, status: str, response: dict[str, Any], tagged: set[str]) -> set[str]:
    """Return the headers that an answer of this status carries."""
    names = {"X-Request-Id"}
    if status == "304" or (status.startswith("2") and _model(response) in tagged):
        names.add("ETag")
    if status == "201":
        names.add("Location")
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", [])):
            names.add("Idempotent-Replayed")
    if status in _RETRIED:
        names.add("Retry-After")
    if status == "401":
        names.add("WWW-Authenticate")
    return names


def share_problems(operations: Iterable[Operation]) -> dict[str, Any]:
    """Move problems that several routes answer with alike into one place, which is returned, and refer to it."""
    uses: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for operation in operations:
        for status, response in operation["responses"].items():
            if problems.MEDIA_TYPE in response.get("content", {}):
                uses.setdefault(repr(response), []).append((operation["responses"], status))
    shared: dict[str, Any] = {}
    for places in uses.values():
        if len(places) > 1:
            response = places[0][0][places[0][1]]
            name = _name_of(response)
            if name in shared:
                raise ValueError(f"two different failures are called {name!r}: rename one of the classes")
            shared[name] = response
            for responses, status in places:
                responses[status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(shared.items()))


def _name_of(response: dict[str, Any]) -> str:
    """Name a problem by the classes of its failures, in the order of the alphabet: `InvalidOrMalformed`."""
    return "Or".join(sorted(response["content"][problems.MEDIA_TYPE]["examples"]))
