"""docs/data-map.json: everything that can be stored, what it is, why it is kept, how long, and what erasure does to it."""

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Final

from pydantic.fields import FieldInfo

from core.data.personal_data import Effect, Personal, Subject
from core.data.records import COMMIT_FIELD, Collection, Storage, classification, is_marked, stored_name
from infra.manifest.files import Generated, as_json

# `datetime.datetime` and `typing.Literal[…]`, as Python spells them.
_MODULES: Final = re.compile(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])")

_COMMIT: Final[dict[str, Any]] = {
    "name": COMMIT_FIELD,
    "type": "str",
    "classification": {"kind": "not_personal"},
    "storage": "unindexed",
}
"""What `core.data.database` adds to a document: the random id of the commit that last wrote it."""


def generated(collections: Iterable[Collection[Any]]) -> Generated:
    """Return docs/data-map.json."""
    return Generated("docs/data-map.json", as_json(data_map(collections)))


def data_map(collections: Iterable[Collection[Any]]) -> dict[str, Any]:
    """Return the map: every collection by path, with every field that its documents can hold."""
    return {"collections": [_collection(found) for found in sorted(collections, key=lambda each: each.path)]}


def _collection(collection: Collection[Any]) -> dict[str, Any]:
    fields = collection.record.model_fields
    return {
        "path": collection.path,
        "record": collection.record.__name__,
        "about": (collection.record.__doc__ or "").strip().partition("\n")[0],
        "purpose": collection.purpose.value,
        "basis": collection.basis.value,
        "categories": sorted(collection.categories),
        "retention": {
            "period": collection.retention.period,
            "runsFrom": _stored(collection.retention.runs_from),
        },
        "ttl": _stored(collection.ttl),
        "onErasure": {role: effect(found) for role, found in sorted(collection.on_erasure.items())},
        "fields": [*(_field(name, info) for name, info in fields.items()), _COMMIT],
    }


def _stored(name: str | None) -> str | None:
    return stored_name(name) if name else None


def effect(found: Effect) -> dict[str, str]:
    """Return what erasure does, by name, with what there is to say of it."""
    return {"effect": type(found).__name__.lower(), **asdict(found)}


def _field(name: str, info: FieldInfo) -> dict[str, Any]:
    marks = [mark.name.lower() for mark in Storage if is_marked(info, mark)]
    return {
        "name": stored_name(name),
        "type": type_name(info.annotation),
        "classification": _classification(info),
        "storage": " ".join(marks) or None,
    }


def _classification(info: FieldInfo) -> dict[str, str]:
    match classification(info):
        case Subject(role, by):
            return {"kind": "subject", "role": role, "by": by}
        case Personal(category):
            return {"kind": "personal", "category": category.value}
        case _:
            return {"kind": "not_personal"}


def type_name(annotation: Any) -> str:
    """Return a type as a person writes it, without the modules that it comes from."""
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__name__
    return _MODULES.sub("", str(annotation)).replace("NoneType", "None")
