"""firestore.indexes.json: composite indexes as declared, and single-field indexes where they differ from usual.

Firestore makes single-field indexes by itself: ascending and descending for every field, and one of the elements for
an array. An override takes their place. One for a map holds for everything inside it, so that `terms` needs one and
not one for each word. A field without single-field indexes can still stand in a composite one: Google's own
advice is to exempt a map whose fields are only queried through composites.

Form: https://firebase.google.com/docs/reference/firestore/indexes
Sources: https://firebase.google.com/docs/firestore/query-data/index-overview#single-field_index_exemptions
https://firebase.google.com/docs/firestore/solutions/index-map-field
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final, get_args, get_origin

from pydantic.fields import FieldInfo

from core.data.collections import Collection, Index
from core.data.personal_data import Subject
from core.data.records import ACROSS, ASCENDING_ONLY, COMMIT_FIELD, UNINDEXED, classification, is_marked, stored_name
from infra.manifest.files import Generated, as_json

MOST_OVERRIDES: Final = 200
"""Single-field configurations that a database takes; with billing on it is 1,000, which is room to grow into.

Source: https://firebase.google.com/docs/firestore/quotas#indexes
"""

Mode = tuple[str, str, str]
"""One single-field index: its query scope, and `order` or `arrayConfig` with its value."""

_ASCENDING: Final = ("COLLECTION", "order", "ASCENDING")
_DESCENDING: Final = ("COLLECTION", "order", "DESCENDING")
_CONTAINS: Final = ("COLLECTION", "arrayConfig", "CONTAINS")
_GROUP_ASCENDING: Final = ("COLLECTION_GROUP", "order", "ASCENDING")
_GROUP_CONTAINS: Final = ("COLLECTION_GROUP", "arrayConfig", "CONTAINS")


def generated(collections: Iterable[Collection[Any]]) -> Generated:
    """Return firestore.indexes.json. Raises ValueError when there are more overrides than a database takes."""
    declared = list(collections)
    overrides = _overrides(declared)
    if len(overrides) > MOST_OVERRIDES:
        raise ValueError(f"{len(overrides)} fields differ from Firestore's defaults, and {MOST_OVERRIDES} may")
    return Generated("firestore.indexes.json", as_json({"indexes": _composites(declared), "fieldOverrides": overrides}))


def _composites(collections: Iterable[Collection[Any]]) -> list[dict[str, Any]]:
    found = {(collection.name, index) for collection in collections for index in collection.indexes}
    return [
        _composite(name, index)
        for name, index in sorted(found, key=lambda pair: (pair[0], pair[1].fields, pair[1].group))
    ]


def _composite(name: str, index: Index) -> dict[str, Any]:
    return {
        "collectionGroup": name,
        "queryScope": "COLLECTION_GROUP" if index.group else "COLLECTION",
        "fields": [_indexed(field) for field in index.fields],
    }


def _indexed(field: str) -> dict[str, str]:
    if field.endswith("[]"):
        return {"fieldPath": stored_name(field.removesuffix("[]")), "arrayConfig": "CONTAINS"}
    order = "DESCENDING" if field.startswith("-") else "ASCENDING"
    return {"fieldPath": stored_name(field.removeprefix("-")), "order": order}


def _overrides(collections: Iterable[Collection[Any]]) -> list[dict[str, Any]]:
    """Return the overrides. An override is of all collections of one name, so what any of them needs is kept."""
    wanted: dict[tuple[str, str], set[Mode]] = defaultdict(set)
    usual: dict[tuple[str, str], set[Mode]] = defaultdict(set)
    expiring: set[tuple[str, str]] = set()
    for collection in collections:
        if collection.ttl:
            expiring.add((collection.name, stored_name(collection.ttl)))
        for field, modes, default in _fields(collection):
            wanted[collection.name, field] |= modes
            usual[collection.name, field] |= default
    differing = sorted(key for key in wanted if wanted[key] != usual[key] or key in expiring)
    return [_override(*key, wanted[key], ttl=key in expiring) for key in differing]


def _fields(collection: Collection[Any]) -> Iterator[tuple[str, set[Mode], set[Mode]]]:
    """Yield each stored field with the single-field indexes that it is to have and those that it has by default."""
    nested = "/" in collection.pattern.removesuffix("/*")
    for name, info in collection.record.model_fields.items():
        default = _default(info)
        yield stored_name(name), _marked(info, default) | (_of_subject(info) if nested else set()), default
    yield COMMIT_FIELD, set(), {_ASCENDING, _DESCENDING}


def _marked(info: FieldInfo, default: set[Mode]) -> set[Mode]:
    if is_marked(info, UNINDEXED):
        return set()
    if is_marked(info, ACROSS):
        return {_GROUP_ASCENDING}
    return {_ASCENDING} if is_marked(info, ASCENDING_ONLY) else default


def _of_subject(info: FieldInfo) -> set[Mode]:
    """Return the index by which erasure finds a person's records wherever they lie.

    A collection at the root needs none: it is all there is of its name, and is queried itself. A map keyed by people
    has a list beside it.
    """
    if not isinstance(classification(info), Subject) or _holds(info, dict):
        return set()
    return {_GROUP_CONTAINS if _holds(info, list) else _GROUP_ASCENDING}


def _default(info: FieldInfo) -> set[Mode]:
    return {_ASCENDING, _DESCENDING, *([_CONTAINS] if _holds(info, list) else [])}


def _holds(info: FieldInfo, kind: type) -> bool:
    """Tell whether a field holds a list or a map, also when it may be null."""
    return any(get_origin(option) is kind for option in (info.annotation, *get_args(info.annotation)))


def _override(collection: str, field: str, modes: set[Mode], *, ttl: bool) -> dict[str, Any]:
    indexes = [{"queryScope": scope, kind: mode} for scope, kind, mode in sorted(modes)]
    return {"collectionGroup": collection, "fieldPath": field, **({"ttl": True} if ttl else {}), "indexes": indexes}
