"""Examples of what travels, made of those that its fields give (`Field(examples=[…])`): the whole, or none at all."""

from typing import Any, Final

from infra.manifest.components import SCHEMAS

_MOMENT: Final = "2026-01-15T09:30:00.000Z"

Schemas = dict[str, Any]


class NoExample(Exception):
    """A schema says too little for an example that would help anybody."""


def illustrate(operation: dict[str, Any], schemas: Schemas) -> None:
    """Put an example beside each JSON schema of an operation that has none, where its fields give one."""
    good = [response for status, response in operation["responses"].items() if status.startswith("2")]
    for holder in (operation.get("requestBody", {}), *good):
        media = holder.get("content", {}).get("application/json", {})
        if "schema" in media and not media.keys() & {"example", "examples"}:
            try:
                media["example"] = example_of(media["schema"], schemas)
            except NoExample:
                continue


def example_of(schema: dict[str, Any], schemas: Schemas) -> Any:
    """Return a value of this schema. Raises NoExample when a string in it gives none."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(SCHEMAS)], schemas)
    for keyword in ("examples", "enum"):
        if keyword in schema:
            return schema[keyword][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    return _by_type(schema, schemas)


def _by_type(schema: dict[str, Any], schemas: Schemas) -> Any:
    match schema:
        case {"type": "object", "properties": fields}:
            return {name: example_of(field, schemas) for name, field in fields.items()}
        case {"type": "array", "items": item}:
            return [example_of(item, schemas)]
        case {"type": "string", "format": "date-time"}:
            return _MOMENT
        case {"type": "integer"}:
            return schema.get("minimum", 1)
        case {"type": "boolean"}:
            return schema.get("default", True)
        case _:
            raise NoExample
