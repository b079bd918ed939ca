"""docs/data-map.json: everything that can be stored: what it is, why and how long it is kept, what erasure does."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from core.data.buckets import Bucket
from core.data.collections import Collection
from core.data.objects import Prefix
from core.data.personal_data import Effect, Personal, Retention, Subject
from core.data.records import COMMIT_FIELD, Part, Storage, classification, is_marked, stored_name
from infra.manifest.files import Generated, as_json

_COMMIT: Final[dict[str, Any]] = {
    "name": COMMIT_FIELD,
    "type": "string",
    "classification": {"kind": "not_personal"},
    "storage": "unindexed",
}
"""What `core.data.commits` adds to a document: the random id of the commit that last wrote it."""


def generated(
    collections: Iterable[Collection[Any]], buckets: Iterable[Bucket] = (), prefixes: Iterable[Prefix[Any]] = ()
) -> Generated:
    """Return docs/data-map.json."""
    return Generated("docs/data-map.json", as_json(data_map(collections, buckets, prefixes)))


def data_map(
    collections: Iterable[Collection[Any]], buckets: Iterable[Bucket] = (), prefixes: Iterable[Prefix[Any]] = ()
) -> dict[str, Any]:
    """Return the map: every collection with every field that its documents can hold, every bucket, every prefix."""
    return {
        "collections": [_collection(found) for found in sorted(collections, key=lambda each: each.pattern)],
        "buckets": [_bucket(found) for found in buckets],
        "prefixes": [_prefix(found) for found in prefixes],
    }


def _bucket(bucket: Bucket) -> dict[str, Any]:
    return {
        "name": bucket.name,
        "about": bucket.about,
        "deletedAfterDays": bucket.kept.days if bucket.kept else None,
        "recoverableDays": bucket.recoverable.days,
        "generations": bucket.generations,
    }


def _prefix(prefix: Prefix[Any]) -> dict[str, Any]:
    return {
        "bucket": prefix.bucket.name,
        "path": prefix.path,
        "about": prefix.about,
        "owner": prefix.owner.path,
        "purpose": prefix.purpose.value,
        "basis": prefix.basis.value,
        "categories": sorted(category.value for category in prefix.categories),
        "retention": retention(prefix.retention),
        "onErasure": {role: effect(found) for role, found in sorted(prefix.on_erasure.items())},
    }


def _collection(collection: Collection[Any]) -> dict[str, Any]:
    return {
        "path": collection.path,
        "record": collection.record.__name__,
        "about": (collection.record.__doc__ or "").strip().partition("\n")[0],
        "purpose": collection.purpose.value,
        "basis": collection.basis.value,
        "categories": sorted(collection.categories),
        "retention": retention(collection.retention),
        "ttl": _stored(collection.ttl),
        "onErasure": {role: effect(found) for role, found in sorted(collection.on_erasure.items())},
        "fields": [*_fields(collection.record.model_fields), _COMMIT],
    }


def _stored(name: str | None) -> str | None:
    return stored_name(name) if name else None


def retention(found: Retention) -> dict[str, str | None]:
    """Return how long a record is kept."""
    return {
        "kept": found.kept,
        "period": found.period,
        "runsFrom": _stored(found.runs_from),
        "besides": found.besides,
    }


def effect(found: Effect) -> dict[str, str]:
    """Return what erasure does, by name, with what there is to say of it."""
    return {"effect": type(found).__name__.lower(), **asdict(found)}


def _fields(fields: dict[str, FieldInfo], above: str = "") -> Iterator[dict[str, Any]]:
    """Yield the fields as they are stored, behind one that holds Parts those of the Part: `address.street`."""
    for name, info in fields.items():
        path = above + stored_name(name)
        marks = [mark.name.lower() for mark in Storage if is_marked(info, mark)]
        yield {
            "name": path,
            "type": type_name(info.annotation),
            "classification": _classification(info),
            "storage": " ".join(marks) or None,
        }
        for part in _parts(info.annotation):
            yield from _fields(part.model_fields, f"{path}.")


def _parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts(inner)


def _classification(info: FieldInfo) -> dict[str, str]:
    match classification(info):
        case Subject(role, by):
            return {"kind": "subject", "role": role, "by": by}
        case Personal(category):
            return {"kind": "personal", "category": category.value}
        case _:
            return {"kind": "not_personal"}


_SCALARS: Final = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    bytes: "bytes",
    datetime: "time",
    NoneType: "null",
}


def type_name(annotation: Any) -> str:
    """Return a type in words that need no Python: `string`, `list of string`, `nb | en`, `time | null`."""
    inner = get_args(annotation)
    match get_origin(annotation):
        case None:
            return _plain(annotation)
        case origin if origin in (Union, UnionType):
            return " | ".join(map(type_name, inner))
        case origin if origin is Literal:
            return " | ".join(map(str, inner))
        case origin if origin is list:
            return f"list of {type_name(inner[0])}"
        case origin if origin is dict:
            return f"map to {type_name(inner[1])}"
        case _:
            return type_name(inner[0])


def _plain(kind: Any) -> str:
    if kind in _SCALARS:
        return _SCALARS[kind]
    if issubclass(kind, Enum):
        return " | ".join(str(member.value) for member in kind)
    return "map"
