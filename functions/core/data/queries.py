"""Queries to Firestore's StructuredQuery messages.

Message: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#structuredquery
"""

from datetime import datetime
from typing import Any, Final

from core.data import codec
from core.data.codec import Line, Message
from core.data.collections import Key
from core.data.operations import AnyOf, Filter, Query
from core.data.records import stored_name

# google.firestore.v1.StructuredQuery.FieldFilter.Operator, by number
_OPERATORS: Final = {
    "<": 1,
    "<=": 2,
    ">": 3,
    ">=": 4,
    "==": 5,
    "array-contains": 7,
    "in": 8,
    "array-contains-any": 9,
}
_AND, _OR = 1, 2
_ASCENDING, _DESCENDING = 1, 2
_IS_NULL = 3


def fill(message: Message, query: Query[Any], lines: tuple[Line, ...], root: str) -> None:
    """Fill a StructuredQuery: source, filters, order, cursor, limit and the fields to read (none: keys alone)."""
    source = message.from_.add(collection_id=query.collection.name)
    source.all_descendants = query.group
    for line in lines:
        message.select.fields.add(field_path=line.stored)
    if not lines:
        message.select.fields.add(field_path="__name__")
    _add_filters(message, query.filters)
    for name, descending in query.order:
        message.order_by.add(direction=_DESCENDING if descending else _ASCENDING).field.field_path = stored_name(name)
    if query.order or query.after:
        # The document's name breaks ties, so that a cursor names one place. Without another order it is the order.
        descending = bool(query.order) and query.order[-1][1]
        message.order_by.add(direction=_DESCENDING if descending else _ASCENDING).field.field_path = "__name__"
    for value in query.after:
        _write_value(message.start_at.values.add(), value, root)
    if query.count is not None:
        message.limit.value = query.count


def _add_filters(message: Message, filters: tuple[Filter | AnyOf, ...]) -> None:
    if not filters:
        return
    if len(filters) == 1:
        _add_filter(message.where, filters[0])
        return
    message.where.composite_filter.op = _AND
    for found in filters:
        _add_filter(message.where.composite_filter.filters.add(), found)


def _add_filter(message: Message, condition: Filter | AnyOf) -> None:
    if isinstance(condition, AnyOf):
        if len(condition.filters) == 1:
            return _add_filter(message, condition.filters[0])
        message.composite_filter.op = _OR
        for option in condition.filters:
            _add_filter(message.composite_filter.filters.add(), option)
        return None
    path = _path(condition.field)
    if condition.value is None:
        message.unary_filter.op = _IS_NULL
        message.unary_filter.field.field_path = path
        return None
    message.field_filter.op = _OPERATORS[condition.operator]
    message.field_filter.field.field_path = path
    _write_value(message.field_filter.value, condition.value, "")
    return None


def _path(name: str | tuple[str, str]) -> str:
    return stored_name(name) if isinstance(name, str) else f"{stored_name(name[0])}.{codec.escaped(name[1])}"


def _write_value(message: Message, value: object, root: str) -> None:
    if isinstance(value, Key):
        message.reference_value = f"{root}/{value.path}"
    elif isinstance(value, (list, tuple)):
        message.array_value.SetInParent()
        for element in value:  # pyright: ignore[reportUnknownVariableType]  any sequence of scalars
            _write_value(message.array_value.values.add(), element, root)  # pyright: ignore[reportUnknownArgumentType]
    else:
        kind = datetime if isinstance(value, datetime) else type(value)
        codec.SCALARS[next(base for base in kind.__mro__ if base in codec.SCALARS)].write(message, value)
