"""Records and Collections: what says nothing about itself cannot be stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from core.data import codec
from core.data.collections import Collection, Key
from core.data.operations import Write
from core.data.personal_data import (
    Basis,
    Category,
    Delete,
    Effect,
    NotPersonal,
    Personal,
    Purpose,
    Retention,
    Subject,
)
from core.data.records import COMMIT_FIELD, HEAVY, Part, Record, Version

NOW = datetime(2026, 11, 23, tzinfo=UTC)
STORED = Version(1, 2)


class PlantRecord(Record):
    owner: Annotated[str, Subject("owner")]
    id: Annotated[str, NotPersonal]
    name: Annotated[str, Personal(Category.CONTENT)]
    picture: Annotated[bytes, Personal(Category.CONTENT), HEAVY] = b""
    seen_at: Annotated[datetime, Personal(Category.USAGE)] = NOW


def a_collection(
    path: str,
    record: type[Record] = PlantRecord,
    on_erasure: dict[str, Effect] | None = None,
    retention: Retention | None = None,
    ttl: str | None = None,
) -> Collection[Record]:
    return Collection(
        path,
        record,
        purpose=Purpose.PROVIDE_SERVICE,
        basis=Basis.CONTRACT,
        retention=retention or Retention.with_parent(),
        on_erasure={"owner": Delete()} if on_erasure is None else on_erasure,
        ttl=ttl,
    )


gardens = Collection(
    "recordGardens/{owner}/plants/{id}",
    PlantRecord,
    purpose=Purpose.PROVIDE_SERVICE,
    basis=Basis.CONTRACT,
    retention=Retention.of("P1Y", runs_from="seen_at"),
    on_erasure={"owner": Delete()},
)
ROSE = PlantRecord(owner="kari", id="rose", name="Rose")


@pytest.mark.promise("P44")
class TestClassification:
    def test_a_field_without_one_cannot_be_defined(self) -> None:
        with pytest.raises(TypeError, match=r"Unsaid\.name wants one of .* it has 0"):

            class Unsaid(Record):
                name: str

    def test_a_field_with_two_cannot_be_defined(self) -> None:
        with pytest.raises(TypeError, match=r"Twice\.name .* it has 2"):

            class Twice(Record):
                name: Annotated[str, NotPersonal, Personal(Category.CONTENT)]

    def test_holds_within_parts(self) -> None:
        with pytest.raises(TypeError, match=r"Anchor\.quote"):

            class Anchor(Part):
                quote: str

    def test_holds_for_what_a_record_inherits(self) -> None:
        with pytest.raises(TypeError, match=r"Tree\.height"):

            class Tree(PlantRecord):
                height: int = 0

    def test_a_map_that_is_no_part_cannot_be_stored(self) -> None:
        class Loose(BaseModel):
            note: str

        class Bag(Record):
            content: Annotated[Loose, Personal(Category.CONTENT)]

        with pytest.raises(TypeError, match="Loose"):
            codec.plan(Bag)

    def test_a_subject_inside_a_part_would_be_overlooked_by_erasure(self) -> None:
        with pytest.raises(TypeError, match=r"Mention\.uid"):

            class Mention(Part):
                uid: Annotated[str, Subject("mentioned")]

    def test_the_field_of_the_commit_id_is_taken(self) -> None:
        with pytest.raises(TypeError, match=COMMIT_FIELD):

            class Commits(Record):
                commit: Annotated[str, NotPersonal]


@pytest.mark.promise("P44")
class TestDeclaration:
    def test_wants_an_effect_for_each_role(self) -> None:
        with pytest.raises(TypeError, match="owner"):
            a_collection("recordNobody/{id}", on_erasure={})

    def test_wants_no_effect_for_a_role_that_is_not_there(self) -> None:
        with pytest.raises(TypeError, match="guest"):
            a_collection("recordGuests/{id}", on_erasure={"owner": Delete(), "guest": Delete()})

    def test_wants_every_placeholder_to_be_a_field(self) -> None:
        with pytest.raises(TypeError, match="plot"):
            a_collection("recordPlots/{plot}/plants/{id}")

    def test_refuses_a_path_that_is_declared_whatever_its_placeholders_are_called(self) -> None:
        with pytest.raises(TypeError, match="declared already"):
            a_collection("recordGardens/{id}/plants/{name}")

    @pytest.mark.parametrize(
        "wrong", [{"retention": Retention.of("P1Y", runs_from="planted_at")}, {"ttl": "planted_at"}]
    )
    def test_refuses_a_time_that_no_field_holds(self, wrong: dict[str, object]) -> None:
        with pytest.raises(TypeError, match="planted_at"):
            a_collection("recordTimes/{id}", **wrong)  # pyright: ignore[reportArgumentType]

    def test_of_what_is_wrong_leaves_nothing_declared(self) -> None:
        assert not {"recordNobody/*", "recordGuests/*", "recordPlots/*/plants/*", "recordTimes/*"} & set(
            Collection.declared
        )

    def test_knows_subjects_and_categories(self) -> None:
        assert gardens.subjects == {"owner": Subject("owner")}
        assert gardens.categories == {"content", "usage"}


class TestKeys:
    def test_name_a_path(self) -> None:
        key = gardens.at("kari", "rose")
        assert (key.path, key.id) == ("recordGardens/kari/plants/rose", "rose")
        assert gardens.key_of(ROSE) == key

    @pytest.mark.parametrize("bad", ["", ".", "..", "a/b", "__x__", "____", "x" * 1501, "ø" * 751, "\ud800"])
    def test_refuse_ids_that_firestore_does_not_take(self, bad: str) -> None:
        with pytest.raises(ValueError):  # noqa: PT011  a lone surrogate fails in the encoding already
            gardens.at("kari", bad)
        with pytest.raises(ValueError):  # noqa: PT011
            gardens.under(bad)

    @pytest.mark.parametrize("good", ["a", "a.b", "__", "_x_", "æøå", "x" * 1500, "user:kari|tur `*` \\"])
    def test_take_every_other(self, good: str) -> None:
        assert gardens.at("kari", good).id == good

    @pytest.mark.parametrize("ids", [(), ("kari",), ("kari", "rose", "thorn")])
    def test_want_as_many_ids_as_the_path_has(self, ids: tuple[str, ...]) -> None:
        with pytest.raises(ValueError, match="takes 2"):
            gardens.at(*ids)

    @pytest.mark.promise("P44")
    @pytest.mark.parametrize(
        "path",
        [
            "secrets/rose",
            "recordGardens/kari",
            "recordGardens/kari/plants",
            "recordGardens/kari/weeds/rose",
            "recordGardens/kari/plants/rose/thorns/1",
            "recordGardens/kari/plants/..",
            "../secrets/plants/rose",
            "",
        ],
    )
    def test_cannot_be_made_for_a_place_that_is_not_declared(self, path: str) -> None:
        with pytest.raises(ValueError, match="no document of"):
            Key(gardens, path)


class TestWrites:
    @pytest.mark.promise("P44")
    def test_put_no_other_record_into_a_collection(self) -> None:
        class Weed(Record):
            owner: Annotated[str, NotPersonal] = "kari"
            id: Annotated[str, NotPersonal] = "weed"

        for make in (gardens.create, gardens.put):
            with pytest.raises(TypeError, match="Weed"):
                make(Weed())  # pyright: ignore[reportArgumentType]
        with pytest.raises(TypeError, match="Weed"):
            Write("put", gardens.at("kari", "weed"), Weed())  # pyright: ignore[reportArgumentType]

    def test_update_no_unknown_field(self) -> None:
        with pytest.raises(TypeError, match="height"):
            gardens.update(ROSE.model_copy().stored_at(STORED), height=3)

    def test_update_and_delete_nothing_that_was_not_read(self) -> None:
        with pytest.raises(LookupError):
            gardens.update(ROSE, name="Nyperose")
        with pytest.raises(LookupError):
            gardens.delete(ROSE)

    def test_an_update_knows_what_it_changes_and_leaves_the_old_record_alone(self) -> None:
        before = ROSE.model_copy().stored_at(STORED)
        change = gardens.update(before, name="Nyperose")
        assert (change.fields, change.version, change.record.name) == (("name",), STORED, "Nyperose")
        assert before.name == "Rose"


class TestRecord:
    def test_cannot_be_changed_in_place(self) -> None:
        with pytest.raises(ValueError, match="frozen"):
            ROSE.name = "Tulipan"

    def test_refuses_fields_that_it_does_not_have(self) -> None:
        with pytest.raises(ValueError, match="extra"):
            PlantRecord(owner="kari", id="rose", name="Rose", height=3)  # pyright: ignore[reportCallIssue]

    def test_a_heavy_field_that_was_not_read_is_absent_and_says_so(self) -> None:
        lines = codec.selection(PlantRecord)
        assert "picture" not in {line.name for line in lines}
        message = _stored(ROSE)
        rose = codec.decode(message, PlantRecord, lines)
        assert rose.name == "Rose"
        with pytest.raises(AttributeError, match="picture"):
            _ = rose.picture
        assert codec.decode(message, PlantRecord, codec.selection(PlantRecord, ("picture",))).picture == b""

    def test_a_selection_of_what_is_no_field_is_refused(self) -> None:
        with pytest.raises(TypeError, match="thorns"):
            codec.selection(PlantRecord, ("thorns",))
        with pytest.raises(TypeError, match="thorns"):
            codec.selection(PlantRecord, (), ("thorns",))


def _stored(record: Record) -> codec.Message:
    from google.cloud.firestore_v1.types import Document  # noqa: PLC0415

    message = Document.pb()()
    codec.encode(message.fields, record)
    return message


class TestFieldOptions:
    def test_validation_marks_may_stand_beside_a_classification(self) -> None:
        class Sized(Record):
            id: Annotated[str, Field(max_length=3), NotPersonal]

        with pytest.raises(ValueError, match="at most 3"):
            Sized(id="long")
