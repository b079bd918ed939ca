"""The codec: what google-cloud-firestore's own would write and read, for every type that a Record can hold."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import pytest
from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.types import Document
from google.cloud.firestore_v1.types import document as wire
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.data import codec
from core.data.codec import Message
from core.data.personal_data import NotPersonal
from core.data.records import COMMIT_FIELD, HEAVY, Part, Record, stored_name


class Colour(StrEnum):
    RED = "rød"
    BLUE = "blå"


class Corner(Part):
    east_west: Annotated[float, NotPersonal]
    mark: Annotated[str | None, NotPersonal] = None


class Shape(Part):
    corners: Annotated[list[Corner], NotPersonal]
    colour: Annotated[Colour, NotPersonal]


class Everything(Record):
    text: Annotated[str, NotPersonal]
    whole_number: Annotated[int, NotPersonal]
    real: Annotated[float, NotPersonal]
    truth: Annotated[bool, NotPersonal]
    raw: Annotated[bytes, NotPersonal]
    moment: Annotated[datetime, NotPersonal]
    maybe: Annotated[str | None, NotPersonal]
    maybe_moment: Annotated[datetime | None, NotPersonal]
    texts: Annotated[list[str], NotPersonal]
    numbers: Annotated[list[int] | None, NotPersonal]
    flags: Annotated[dict[str, bool], NotPersonal]
    deep: Annotated[dict[str, dict[str, list[float]]], NotPersonal]
    shape: Annotated[Shape, NotPersonal]
    maybe_shape: Annotated[Shape | None, NotPersonal]
    shapes: Annotated[dict[str, Shape], NotPersonal]
    colour: Annotated[Colour, NotPersonal]
    colours: Annotated[list[Colour], NotPersonal]
    language: Annotated[Literal["nb", "en"], NotPersonal]


ZONES = st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-14 * 60, 14 * 60))
TEXT = st.text(max_size=20) | st.sampled_from(
    ["", "Blåbærtur 🫐", "\u05e9\u05dc\u200f", "\u202eabc", "e\u0301", "👩\u200d👧"]
)
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 2**63 - 1, 0])
REALS = st.floats() | st.sampled_from([-0.0, math.nan, math.inf, -math.inf, 5e-324, 1e308])
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES)  # noqa: DTZ001  zones are drawn
KEYS = st.text(min_size=1, max_size=8).filter(lambda key: not (key.startswith("__") and key.endswith("__")))


def maps(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(KEYS, values, max_size=3)


CORNERS = st.builds(Corner, east_west=REALS, mark=st.none() | TEXT)
SHAPES = st.builds(Shape, corners=st.lists(CORNERS, max_size=3), colour=st.sampled_from(Colour))
RECORDS = st.builds(
    Everything,
    text=TEXT,
    whole_number=INTEGERS,
    real=REALS,
    truth=st.booleans(),
    raw=st.binary(max_size=20),
    moment=MOMENTS,
    maybe=st.none() | TEXT,
    maybe_moment=st.none() | MOMENTS,
    texts=st.lists(TEXT, max_size=3),
    numbers=st.none() | st.lists(INTEGERS, max_size=3),
    flags=maps(st.booleans()),
    deep=maps(maps(st.lists(REALS, max_size=3))),
    shape=SHAPES,
    maybe_shape=st.none() | SHAPES,
    shapes=maps(SHAPES),
    colour=st.sampled_from(Colour),
    colours=st.lists(st.sampled_from(Colour), max_size=3),
    language=st.sampled_from(["nb", "en"]),
)
SOME = Everything(
    text="Blåbær",
    whole_number=1,
    real=-0.0,
    truth=True,
    raw=b"\0\xff",
    moment=datetime(1969, 12, 31, 23, 59, 59, 999_999, timezone(timedelta(hours=1))),
    maybe=None,
    maybe_moment=None,
    texts=[],
    numbers=None,
    flags={},
    deep={"a": {}},
    shape=Shape(corners=[Corner(east_west=math.nan)], colour=Colour.RED),
    maybe_shape=None,
    shapes={},
    colour=Colour.BLUE,
    colours=[Colour.RED],
    language="nb",
)


def stored(record: Record) -> Message:
    message = Document.pb()()
    codec.encode(message.fields, record)
    return message


def plain(value: Any) -> Any:
    """A Record or Part as the dict that one would hand to the official client."""
    if isinstance(value, (Record, Part)):
        return {stored_name(name): plain(held) for name, held in value.__dict__.items()}
    if isinstance(value, dict):
        return {key: plain(held) for key, held in cast("dict[str, Any]", value).items()}
    return [plain(held) for held in cast("list[Any]", value)] if isinstance(value, list) else value


def spelt(value: Any) -> str:
    """A value with all that `==` overlooks: NaN, the sign of zero, the type."""
    if isinstance(value, dict):
        held = cast("dict[str, Any]", value)
        return repr(sorted((key, spelt(inner)) for key, inner in held.items()))
    if isinstance(value, list):
        return repr([spelt(inner) for inner in cast("list[Any]", value)])
    if isinstance(value, datetime):
        return (value - datetime(1970, 1, 1, tzinfo=UTC)).__repr__()
    return f"{str(value)!r}" if isinstance(value, str) else repr(value)


class TestLikeTheOfficialClient:
    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(RECORDS)
    @example(SOME)
    def test_writes_the_same(self, record: Everything) -> None:
        official = wire.Document.pb(Document(fields=_helpers.encode_dict(plain(record))))
        assert stored(record).SerializeToString(deterministic=True) == official.SerializeToString(deterministic=True)

    @given(RECORDS)
    @example(SOME)
    def test_reads_the_same(self, record: Everything) -> None:
        message = stored(record)
        read = codec.decode(message, Everything, codec.plan(Everything))
        assert spelt(plain(read)) == spelt(_helpers.decode_dict(message.fields, None))

    @given(RECORDS)
    @example(SOME)
    def test_reads_back_what_was_written(self, record: Everything) -> None:
        read = codec.decode(stored(record), Everything, codec.plan(Everything))
        assert spelt(plain(read)) == spelt(plain(record))
        assert type(read.shape) is Shape and type(read.colour) is Colour
        assert read.moment.tzinfo is UTC


class TestRefusals:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("whole_number", 2**63),
            ("whole_number", -(2**63) - 1),
            ("numbers", [2**63]),
            ("text", "half \ud800"),
            ("texts", ["half \udc00"]),
            ("flags", {"half \ud800": True}),
            ("moment", datetime(2026, 1, 1)),  # noqa: DTZ001  the point of it
            ("maybe_moment", datetime(2026, 1, 1)),  # noqa: DTZ001
            ("flags", {"": True}),
            ("flags", {"__name__": True}),
            ("deep", {"a": {"__x__": [1.0]}}),
            ("text", 3),
            ("text", None),
            ("whole_number", "3"),
            ("whole_number", 1.5),
            ("raw", "text"),
            ("truth", "yes"),
        ],
    )
    def test_of_what_firestore_cannot_hold(self, field: str, value: object) -> None:
        with pytest.raises((ValueError, TypeError)):
            stored(SOME.model_copy(update={field: value}))

    @pytest.mark.parametrize(
        "kind",
        [
            set[str],
            Decimal,
            UUID,
            tuple[str, ...],
            tuple[()],
            object,
            Any,
            list,
            dict,
            dict[int, str],
            str | int,
            complex,
            timedelta,
            Literal[1, 2],
            list[set[str]],
            dict[str, Decimal],
        ],
    )
    def test_of_a_type_that_firestore_has_not(self, kind: Any) -> None:
        with pytest.raises(TypeError):
            codec.converter(kind)

    @pytest.mark.parametrize("kind", [list[list[str]], list[list[str] | None], dict[str, list[list[int]]]])
    def test_of_a_list_in_a_list(self, kind: Any) -> None:
        with pytest.raises(TypeError, match="list"):
            codec.converter(kind)

    def test_come_when_the_plan_is_made_also_for_a_part(self) -> None:
        class Bag(Part):
            things: Annotated[set[str], NotPersonal]

        class Carrier(Record):
            bags: Annotated[list[Bag] | None, NotPersonal]

        with pytest.raises(TypeError, match="set"):
            codec.plan(Carrier)


class Older(Record):
    id: Annotated[str, NotPersonal]
    count: Annotated[int, NotPersonal] = 7
    tags: Annotated[list[str], NotPersonal] = []  # noqa: RUF012  pydantic copies it
    body: Annotated[str, NotPersonal, HEAVY] = ""


class TestStoredDocuments:
    def test_that_lack_a_field_get_its_default(self) -> None:
        message = Document.pb()()
        message.fields["id"].string_value = "old"
        one, other = (codec.decode(message, Older, codec.plan(Older)) for _ in range(2))
        assert (one.count, one.tags, one.body) == (7, [], "")
        assert one.tags is not other.tags

    def test_that_lack_a_field_without_a_default_are_an_error(self) -> None:
        with pytest.raises(ValueError, match="lacks id"):
            codec.decode(Document.pb()(), Older, codec.plan(Older))

    def test_that_hold_more_than_is_declared_are_read_without_it(self) -> None:
        message = stored(Older(id="a"))
        codec.mark(message.fields, "commit-1")
        message.fields["later"].string_value = "a newer version's"
        read = codec.decode(message, Older, codec.plan(Older))
        assert set(read.__dict__) == {"id", "count", "tags", "body"}
        assert message.fields[COMMIT_FIELD].string_value == "commit-1"

    def test_that_hold_a_whole_number_where_a_real_one_is_declared_are_read(self) -> None:
        message = stored(SOME)
        message.fields["real"].integer_value = 3
        assert codec.decode(message, Everything, codec.plan(Everything)).real == 3.0

    def test_know_their_version(self) -> None:
        message = stored(Older(id="a"))
        message.update_time.seconds, message.update_time.nanos = 5, 123_456_000
        version = codec.decode(message, Older, codec.plan(Older)).version
        assert (version.seconds, version.nanos) == (5, 123_456_000)


class TestPartsOfARecord:
    def test_written_are_those_that_are_named(self) -> None:
        message = Document.pb()()
        codec.encode(message.fields, SOME, ("text", "whole_number"))
        assert set(message.fields) == {"text", "wholeNumber"}

    def test_selected_are_the_light_fields_and_the_heavy_ones_that_are_named(self) -> None:
        assert [line.name for line in codec.selection(Older)] == ["id", "count", "tags"]
        assert [line.name for line in codec.selection(Older, ("body",))] == ["id", "count", "tags", "body"]
        assert [line.name for line in codec.selection(Older, (), ("body",))] == ["body"]


@given(st.text(min_size=1))
def test_an_escaped_field_path_is_the_official_ones(segment: str) -> None:
    from google.cloud.firestore_v1.field_path import FieldPath  # noqa: PLC0415

    assert FieldPath.from_api_repr(codec.escaped(segment)).parts == (segment,)
