import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import pytest

from core.data.collections import Collection, Index
from core.data.personal_data import Basis, Category, Delete, NotPersonal, Personal, Purpose, Retention, Subject
from core.data.records import ASCENDING_ONLY, UNINDEXED, Record
from infra.manifest import indexes
from tests.infra.manifest.declared import forget


class LetterRecord(Record):
    id: Annotated[str, NotPersonal]
    uid: Annotated[str, Subject("sender")]
    copied_to: Annotated[list[str] | None, Subject("reader")] = None
    seen_by: Annotated[dict[str, bool], Subject("reader")]
    text: Annotated[str, Personal(Category.CONTENT), UNINDEXED]
    words: Annotated[dict[str, bool], Personal(Category.CONTENT), ASCENDING_ONLY]
    sent_at: Annotated[datetime, Personal(Category.USAGE)]
    gone_at: Annotated[datetime, NotPersonal, UNINDEXED]


def _collection(path: str, **more: Any) -> Collection[LetterRecord]:
    return Collection(
        path,
        LetterRecord,
        purpose=Purpose.PROVIDE_SERVICE,
        basis=Basis.CONTRACT,
        retention=Retention.with_parent(),
        on_erasure={"sender": Delete(), "reader": Delete()},
        **more,
    )


@pytest.fixture
def letters() -> Iterator[Collection[LetterRecord]]:
    """A collection below another."""
    found = _collection("houses/{id}/letters/{uid}", indexes=[Index.on("copied_to[]", "-sent_at")], ttl="gone_at")
    yield found
    forget(found)


def _written(*collections: Collection[Any]) -> dict[str, Any]:
    return json.loads(indexes.generated(collections).text)


def _overrides(*collections: Collection[Any]) -> dict[str, Any]:
    return {found["fieldPath"]: found for found in _written(*collections)["fieldOverrides"]}


class TestCompositeIndexes:
    def test_say_order_and_arrays_by_stored_names(self, letters: Collection[LetterRecord]) -> None:
        assert _written(letters)["indexes"] == [
            {
                "collectionGroup": "letters",
                "queryScope": "COLLECTION",
                "fields": [
                    {"fieldPath": "copiedTo", "arrayConfig": "CONTAINS"},
                    {"fieldPath": "sentAt", "order": "DESCENDING"},
                ],
            }
        ]

    def test_can_span_a_collection_group(self) -> None:
        found = _collection("streets/{id}", indexes=[Index.on("text", "sent_at", group=True)])
        scope = _written(found)["indexes"][0]["queryScope"]
        forget(found)
        assert scope == "COLLECTION_GROUP"


class TestOverrides:
    def test_take_all_indexes_from_an_unindexed_field(self, letters: Collection[LetterRecord]) -> None:
        assert _overrides(letters)["text"]["indexes"] == []

    def test_take_them_from_the_id_of_the_commit_too(self, letters: Collection[LetterRecord]) -> None:
        assert _overrides(letters)["commit"]["indexes"] == []

    def test_leave_a_map_one_index_for_each_key(self, letters: Collection[LetterRecord]) -> None:
        assert _overrides(letters)["words"]["indexes"] == [{"queryScope": "COLLECTION", "order": "ASCENDING"}]

    def test_leave_ordinary_fields_alone(self, letters: Collection[LetterRecord]) -> None:
        assert not {"id", "sentAt"} & _overrides(letters).keys()

    def test_let_firestore_delete_what_has_expired(self, letters: Collection[LetterRecord]) -> None:
        found = _overrides(letters)["goneAt"]
        assert found == {"collectionGroup": "letters", "fieldPath": "goneAt", "ttl": True, "indexes": []}

    def test_keep_what_any_collection_of_the_name_needs(self, letters: Collection[LetterRecord]) -> None:
        class OtherRecord(Record):
            id: Annotated[str, NotPersonal]
            text: Annotated[str, NotPersonal]

        other = Collection(
            "streets/{id}/letters/{text}",
            OtherRecord,
            purpose=Purpose.PROVIDE_SERVICE,
            basis=Basis.CONTRACT,
            retention=Retention.with_parent(),
            on_erasure={},
        )
        found = _overrides(letters, other)
        forget(other)
        assert "text" not in found

    def test_are_no_more_than_a_database_takes(
        self, letters: Collection[LetterRecord], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(indexes, "MOST_OVERRIDES", 3)
        with pytest.raises(ValueError, match="fields differ from Firestore's defaults, and 3 may"):
            _written(letters)


class TestSubjects:
    def test_are_found_wherever_they_lie(self, letters: Collection[LetterRecord]) -> None:
        found = _overrides(letters)
        assert {"queryScope": "COLLECTION_GROUP", "order": "ASCENDING"} in found["uid"]["indexes"]
        assert {"queryScope": "COLLECTION", "order": "ASCENDING"} in found["uid"]["indexes"]
        assert {"queryScope": "COLLECTION_GROUP", "arrayConfig": "CONTAINS"} in found["copiedTo"]["indexes"]

    def test_of_a_map_are_found_by_the_list_beside_it(self, letters: Collection[LetterRecord]) -> None:
        assert "seenBy" not in _overrides(letters)

    def test_at_the_root_need_no_group(self) -> None:
        found = _collection("streets/{id}")
        written = _overrides(found)
        forget(found)
        assert "uid" not in written
