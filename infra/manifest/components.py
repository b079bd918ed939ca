"""The schemas of the OpenAPI document: those of all functions together, made to say what really travels."""

from collections.abc import Iterator
from typing import Any, Final, cast

from core.web.problems import ProblemDocument

SCHEMAS: Final = "#/components/schemas/"

HEADERS: Final[dict[str, Any]] = {
    "ETag": {
        "description": "strong; changes with the content and your role. Send it as If-Match to change what you read",
        "schema": {"type": "string", "examples": ['"7-owner"']},
    },
    "Location": {
        "description": "the address of what was made",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "seconds after which trying again makes sense",
        "schema": {"type": "integer", "minimum": 1},
    },
    "X-Request-Id": {
        "description": "names this request in the logs; tell it to support",
        "schema": {"type": "string", "examples": ["105445aa7843bc8bf206b12000100000"]},
    },
    "WWW-Authenticate": {
        "description": "the scheme to sign in with (RFC 9110, section 11.6.1)",
        "schema": {"type": "string", "examples": ['Bearer realm="dokker"']},
    },
    "Idempotent-Replayed": {
        "description": "`true` when an earlier request of the same Idempotency-Key had made it",
        "schema": {"const": "true"},
    },
}

SECURITY: Final[dict[str, Any]] = {
    "firebase": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "a Firebase ID token",
    }
}


def merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    """Add schemas to those of other functions. Raises ValueError when one name means two things."""
    for name, schema in more.items():
        if into.setdefault(name, schema) != schema:
            raise ValueError(f"two different schemas are called {name!r}: rename one of the models")


def of_problems() -> dict[str, Any]:
    """Return the schemas of a problem document and of the faults in it."""
    whole = ProblemDocument.model_json_schema(ref_template=SCHEMAS + "{model}", mode="serialization")
    return {**whole.pop("$defs"), "ProblemDocument": whole}


def reached(node: object, schemas: dict[str, Any]) -> set[str]:
    """Return the names of all schemas that something refers to, directly or through others."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for name in _referred(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found


def _referred(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        children = cast("dict[str, Any]", node)
        reference = children.get("$ref")
        if isinstance(reference, str) and reference.startswith(SCHEMAS):
            yield reference.removeprefix(SCHEMAS)
        for child in children.values():
            yield from _referred(child)
    elif isinstance(node, list):
        for child in cast("list[Any]", node):
            yield from _referred(child)


def leave_out_null(schema: dict[str, Any]) -> None:
    """Say of an answer's model that a field without a value is absent: core.web.schemas.View never sends null."""
    for name, field in schema.get("properties", {}).items():
        if not_null(field) and name in schema.get("required", []):
            schema["required"].remove(name)


def without_defaults(schema: dict[str, Any]) -> None:
    """Say of a PATCH's model that what is left out stays as it is: no value takes its place."""
    for field in schema.get("properties", {}).values():
        field.pop("default", None)


def not_null(schema: dict[str, Any]) -> bool:
    """Take null out of the types that a schema allows. Returns whether it was among them."""
    options: list[dict[str, Any]] = schema.get("anyOf", [])
    rest = [option for option in options if option != {"type": "null"}]
    if len(rest) == len(options):
        return False
    del schema["anyOf"]
    schema.update(rest[0] if len(rest) == 1 else {"anyOf": rest})
    if schema.get("default", ...) is None:
        del schema["default"]
    return True


def untitled(schema: object, *, top: bool = False) -> None:
    """Take away the titles that pydantic makes of field names; a model keeps its own."""
    if not isinstance(schema, dict):
        return
    node = cast("dict[str, Any]", schema)
    if not top:
        node.pop("title", None)
    for field in node.get("properties", {}).values():
        untitled(field)
    for child in (*node.get("anyOf", []), node.get("items"), node.get("additionalProperties")):
        untitled(child)
