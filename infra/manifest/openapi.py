"""docs/openapi.json: one OpenAPI 3.1 document of all public functions, and the copy of it that Hosting serves.

Form: https://spec.openapis.org/oas/v3.1.0
"""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from fastapi.openapi.utils import get_openapi

from core.functions import Function, Trigger
from infra.manifest import components, examples, operations
from infra.manifest.files import Generated, as_json
from infra.manifest.hosting import PUBLIC

_PYPROJECT: Final = Path(__file__).resolve().parents[2] / "pyproject.toml"

_INTRODUCTION: Final = (
    "The API of Dokker, a tool for learning and documentation. JSON in camelCase, times in RFC 3339 and UTC, ids that "
    "mean nothing. A field without a value is left out of answers; an unknown field in a request is refused. Every "
    "error is a problem document (RFC 9457), whose `code` is stable."
)


def generated(functions: Iterable[Function]) -> list[Generated]:
    """Return the document, for readers of the repository and, the same bytes, for Hosting."""
    text = as_json(document(functions, _version()))
    return [Generated(path, text) for path in ("docs/openapi.json", f"{PUBLIC}/openapi.json")]


def _version() -> str:
    return tomllib.loads(_PYPROJECT.read_text())["project"]["version"]


def document(functions: Iterable[Function], version: str) -> dict[str, Any]:
    """Return the document. Raises ValueError when functions claim one operation, or one name for different models."""
    public = sorted((each for each in functions if each.trigger is Trigger.HTTP), key=lambda each: each.name)
    paths, schemas = _gathered(public)
    every = [operation for path in paths.values() for operation in path.values()]
    tagged = operations.tagged_models(every)
    for operation in every:
        operations.refine(operation, tagged)
    responses = operations.share_problems(every)
    schemas = _refined(schemas, paths, responses)
    for operation in every:
        examples.illustrate(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dokker",
            "version": version,
            "description": _INTRODUCTION,
            "contact": {"email": "support@dokker.com"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": each.name, "description": each.application.api.title} for each in public],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": responses,
            "headers": components.HEADERS,
            "securitySchemes": components.SECURITY,
        },
    }


def _gathered(functions: Sequence[Function]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the paths and schemas of all functions, the paths in order."""
    paths: dict[str, dict[str, Any]] = {}
    schemas = components.of_problems()
    for function in functions:
        found = get_openapi(title=function.name, version="", routes=function.application.api.routes)
        components.merge(schemas, found.get("components", {}).get("schemas", {}))
        for path, methods in found.get("paths", {}).items():
            if taken := paths.setdefault(path, {}).keys() & methods.keys():
                raise ValueError(f"two functions answer {sorted(taken)} {path}")
            paths[path] |= methods
    return dict(sorted(paths.items())), schemas


def _refined(schemas: dict[str, Any], paths: dict[str, Any], responses: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas that are used, by name, each as it is meant where it is used."""
    patches = [path["patch"].get("requestBody") for path in paths.values() if "patch" in path]
    others = [path[method].get("requestBody") for path in paths.values() for method in path if method != "patch"]
    changed, made = components.reached(patches, schemas), components.reached(others, schemas)
    for name in changed - made:
        components.without_defaults(schemas[name])
    sent = changed | made
    answers = [operation["responses"] for path in paths.values() for operation in path.values()]
    shown = components.reached([responses, *answers], schemas)
    for name in shown - sent:
        components.leave_out_null(schemas[name])
    for schema in schemas.values():
        components.untitled(schema, top=True)
    return {name: schemas[name] for name in sorted(sent | shown)}
