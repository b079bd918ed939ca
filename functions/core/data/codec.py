"""Records to Firestore's messages and back, with every field's converter resolved once per class.

The Firestore client's own codec looks at the type of each value as it goes and makes proto-plus wrappers; for a
document of many fields that costs more than the network. Here a Record's annotations say what each field is, so that
writing is one call a field on plain protobuf messages. `docs/codec.md` has the reasoning, `make bench` the figures.

Message: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#value
"""

import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel

from core.data.records import COMMIT_FIELD, HEAVY, Part, Record, Version, is_marked, stored_name

# Plain protobuf messages: their types are made at run time, so nothing here can say more about them.
Message = Any
Writer = Callable[[Message, Any], None]
Reader = Callable[[Message], Any]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

B = TypeVar("B", bound=BaseModel)
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Converter:
    """How a value of one type is put into a Value message and taken out of it."""

    write: Writer
    read: Reader
    is_array: bool = False


def _write_string(value: Message, content: str) -> None:
    value.string_value = content


def _write_integer(value: Message, content: int) -> None:
    value.integer_value = content


def _write_double(value: Message, content: float) -> None:
    value.double_value = content


def _write_boolean(value: Message, content: bool) -> None:
    value.boolean_value = content


def _write_bytes(value: Message, content: bytes) -> None:
    value.bytes_value = content


def write_time(stamp: Message, moment: datetime) -> None:
    """Fill a Timestamp message. Raises ValueError for a time without a zone, which would be a guess."""
    if moment.tzinfo is None:
        raise ValueError("a stored time needs a time zone")
    since = moment - _EPOCH
    stamp.seconds = since.days * 86_400 + since.seconds
    stamp.nanos = since.microseconds * 1_000


def _write_timestamp(value: Message, content: datetime) -> None:
    write_time(value.timestamp_value, content)


def read_time(stamp: Message) -> datetime:
    """Read a Timestamp message as an aware UTC datetime; Firestore keeps microseconds."""
    return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1_000)


def _read_double(value: Message) -> float:
    # A whole number may have been stored as an integer by another writer.
    return value.double_value if value.HasField("double_value") else float(value.integer_value)


SCALARS: Final[dict[type, Converter]] = {
    str: Converter(_write_string, lambda value: value.string_value),
    int: Converter(_write_integer, lambda value: value.integer_value),
    float: Converter(_write_double, _read_double),
    bool: Converter(_write_boolean, lambda value: value.boolean_value),
    bytes: Converter(_write_bytes, lambda value: value.bytes_value),
    datetime: Converter(_write_timestamp, lambda value: read_time(value.timestamp_value)),
}


@cache
def converter(annotation: Any) -> Converter:  # noqa: PLR0911  one line for each kind of type
    """Return the converter for a type: a scalar, StrEnum, Literal of strings, Part, list, dict by str, or any or None.

    Raises TypeError for a type that Firestore has no value for, a list in a list among them.
    """
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        return _optional(annotation)
    if origin is list:
        return _array(converter(get_args(annotation)[0]))
    if origin is dict and get_args(annotation)[0] is str:
        return _map(converter(get_args(annotation)[1]))
    if annotation in SCALARS:
        return SCALARS[annotation]
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return Converter(_write_string, lambda value: annotation(value.string_value))
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return _part(annotation)
    if origin is Literal and all(isinstance(option, str) for option in get_args(annotation)):
        return SCALARS[str]
    raise TypeError(f"Firestore has no value for {annotation!r}")


def _optional(annotation: Any) -> Converter:
    options = [option for option in get_args(annotation) if option is not type(None)]
    if len(options) != 1:
        raise TypeError(f"one type or None, not {annotation!r}")
    inner = converter(options[0])

    def write(value: Message, content: Any) -> None:
        if content is None:
            value.null_value = 0
        else:
            inner.write(value, content)

    def read(value: Message) -> Any:
        return None if value.HasField("null_value") else inner.read(value)

    return Converter(write, read, inner.is_array)


def _array(item: Converter) -> Converter:
    if item.is_array:
        raise TypeError("Firestore has no list directly in a list")

    def write(value: Message, content: list[Any]) -> None:
        array = value.array_value
        array.SetInParent()
        for element in content:
            item.write(array.values.add(), element)

    def read(value: Message) -> list[Any]:
        return [item.read(element) for element in value.array_value.values]

    return Converter(write, read, is_array=True)


def _map(item: Converter) -> Converter:
    def write(value: Message, content: dict[str, Any]) -> None:
        value.map_value.SetInParent()
        fields = value.map_value.fields
        for key, element in content.items():
            if not key or (key.startswith("__") and key.endswith("__")):
                raise ValueError("Firestore takes no empty and no __reserved__ key in a map")
            item.write(fields[key], element)

    def read(value: Message) -> dict[str, Any]:
        return {key: item.read(element) for key, element in value.map_value.fields.items()}

    return Converter(write, read)


def _part(model: type[Part]) -> Converter:
    lines = plan(model)

    def write(value: Message, content: Part) -> None:
        value.map_value.SetInParent()
        fields, held = value.map_value.fields, content.__dict__
        for line in lines:
            line.write(fields[line.stored], held[line.name])

    def read(value: Message) -> Part:
        return build(model, value.map_value.fields, lines)

    return Converter(write, read)


@dataclass(frozen=True)
class Line:
    """One field of a plan: its names, its converter's two halves, and what stands in when it is missing."""

    name: str
    stored: str
    write: Writer
    read: Reader
    default: Callable[[], Any] | None
    heavy: bool


@cache
def plan(model: type[BaseModel]) -> tuple[Line, ...]:
    """Resolve the fields of a Record or Part, once per class."""
    return tuple(
        Line(
            name=name,
            stored=stored_name(name),
            write=(found := converter(info.annotation)).write,
            read=found.read,
            default=None if info.is_required() else lambda info=info: info.get_default(call_default_factory=True),
            heavy=is_marked(info, HEAVY),
        )
        for name, info in model.model_fields.items()
    )


@cache
def selection(
    record: type[Record], heavy: tuple[str, ...] = (), only: tuple[str, ...] | None = None
) -> tuple[Line, ...]:
    """Return the lines that a read asks for: the light fields and the named heavy ones, or `only` the named."""
    if unknown := {*heavy, *(only or ())} - record.model_fields.keys():
        raise TypeError(f"{record.__name__} has no field {sorted(unknown)}")
    wanted = plan(record)
    if only is not None:
        return tuple(line for line in wanted if line.name in only)
    return tuple(line for line in wanted if not line.heavy or line.name in heavy)


def encode(fields: Message, record: Record, names: Iterable[str] | None = None) -> None:
    """Put a record's fields, or the named ones, into the `fields` map of a Document message."""
    held = record.__dict__
    chosen = None if names is None else set(names)
    for line in plan(type(record)):
        if chosen is None or line.name in chosen:
            line.write(fields[line.stored], held[line.name])


def decode(document: Message, record: type[R], lines: tuple[Line, ...]) -> R:
    """Make the record that a Document message holds, with its version. What was not asked for is absent."""
    stamp = document.update_time
    return build(record, document.fields, lines).stored_at(Version(stamp.seconds, stamp.nanos))


def build(model: type[B], fields: Message, lines: tuple[Line, ...]) -> B:
    """Make a model from stored fields. They were checked when written, so pydantic need not check them again."""
    held: dict[str, Any] = {}
    for line in lines:
        if line.stored in fields:
            held[line.name] = line.read(fields[line.stored])
        elif line.default is not None:
            held[line.name] = line.default()
        else:
            raise ValueError(f"a stored {model.__name__} lacks {line.stored}")
    made = model.__new__(model)
    object.__setattr__(made, "__dict__", held)
    object.__setattr__(made, "__pydantic_fields_set__", set(held))
    object.__setattr__(made, "__pydantic_extra__", None)
    object.__setattr__(made, "__pydantic_private__", {"_version": None} if issubclass(model, Record) else None)
    return made


def escaped(segment: str) -> str:
    """Quote one segment of a field path.

    Source: https://firebase.google.com/docs/firestore/reference/rpc/google.firestore.v1#documentmask
    """
    return "`" + segment.replace("\\", "\\\\").replace("`", "\\`") + "`"


def mark(fields: Message, commit_id: str) -> None:
    """Note which commit wrote the document."""
    fields[COMMIT_FIELD].string_value = commit_id
