"""Reading a request's body: bounded while it arrives, strict about what JSON is (RFC 8259, I-JSON RFC 7493).

The standard parser takes NaN, infinite numbers, duplicate names and lone surrogates, and would follow nesting until the
stack ends; a store that holds such a thing cannot give it back.
"""

import json
import math
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from core.failures import Failure, Fault, Malformed, TooLarge, UnsupportedMediaType
from core.web import media_types

MOST_BYTES: Final = 6 * 1024 * 1024
MOST_DEPTH: Final = 32


async def read(request: Request, most: int = MOST_BYTES) -> bytes:
    """Return the body. Raises TooLarge as soon as it exceeds `most` bytes, before the rest is read."""
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal():
        raise Malformed("Content-Length is not a number.")
    if int(declared) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise _too_large(most)
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise Malformed("The body ended before its time.") from error
    return b"".join(chunks)


def _too_large(most: int) -> Failure:
    return TooLarge(f"The request's body may hold {most} bytes at most.")


def refuse_other_types(request: Request, allowed: tuple[str, ...]) -> None:
    """Raise UnsupportedMediaType unless the Content-Type is one of these; JSON's charset can only be UTF-8."""
    kind, charset = media_types.parse(request.headers.get("content-type", ""))
    if kind not in allowed:
        raise UnsupportedMediaType(f"Send {' or '.join(allowed)}.")
    if kind == "application/json" and charset not in (None, "utf-8", "utf8"):
        raise UnsupportedMediaType("JSON travels in UTF-8.")


def parse(body: bytes) -> Any:
    """Return the JSON value that the body holds. Raises Malformed, with a pointer where there is one to give."""
    try:
        value = json.loads(
            body.decode(), object_pairs_hook=_object, parse_constant=_constant, parse_float=_number, parse_int=_integer
        )
    except UnicodeDecodeError as error:
        raise _malformed("invalid_utf8", f"The body is not UTF-8 at byte {error.start}.") from error
    except json.JSONDecodeError as error:
        raise _malformed("invalid_json", f"The body is not JSON at character {error.pos}: {error.msg}.") from error
    except RecursionError as error:
        raise _malformed("too_deep", f"JSON may be nested {MOST_DEPTH} deep.") from error
    _walk(value, "", 0)
    return value


def _malformed(code: str, detail: str, pointer: str = "") -> Malformed:
    return Malformed(detail, faults=[Fault(pointer, code, detail)])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise _malformed("duplicate_name", "A name stands twice in one object.", f"/{_escaped(twice)}")
    return found


def _constant(_: str) -> float:
    raise _malformed("not_a_number", "NaN and Infinity are not JSON.")


def _number(text: str) -> float:
    if math.isinf(number := float(text)):
        raise _malformed("number_out_of_range", "A number is larger than a double holds.")
    return number


def _integer(text: str) -> int:
    # Beyond 64 bits Firestore has no integer, and beyond 4,300 digits Python refuses to read one.
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
        raise _malformed("number_out_of_range", "A whole number is larger than 64 bits hold.")
    return int(text)


def _walk(value: Any, pointer: str, depth: int) -> None:
    """Refuse what is nested too deep, and text that UTF-8 or the database cannot hold."""
    if depth > MOST_DEPTH:
        raise _malformed("too_deep", f"JSON may be nested {MOST_DEPTH} deep.")
    if isinstance(value, str):
        _refuse_bad_text(value, pointer)
    elif isinstance(value, dict):
        for name, inner in value.items():  # pyright: ignore[reportUnknownVariableType]  JSON is what it is
            _refuse_bad_text(name, pointer)  # pyright: ignore[reportUnknownArgumentType]
            _walk(inner, f"{pointer}/{_escaped(name)}", depth + 1)  # pyright: ignore[reportUnknownArgumentType]
    elif isinstance(value, list):
        for place, inner in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
            _walk(inner, f"{pointer}/{place}", depth + 1)


def _refuse_bad_text(text: str, pointer: str) -> None:
    if "\0" in text:
        raise _malformed("nul_character", "Text may not hold the NUL character.", pointer)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _malformed("lone_surrogate", "Text holds half of a surrogate pair.", pointer) from error


def _escaped(name: str) -> str:
    return name.encode("utf-8", "replace").decode().replace("~", "~0").replace("/", "~1")
