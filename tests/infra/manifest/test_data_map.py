from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest

from core.data.buckets import FILES
from core.data.collections import Collection
from core.data.personal_data import (
    Anonymise,
    Basis,
    Category,
    Delete,
    NotPersonal,
    Personal,
    Purpose,
    Retain,
    Retention,
    Subject,
)
from core.data.records import HEAVY, UNINDEXED, Part, Record
from infra.manifest import data_map, data_map_page
from tests.infra.manifest.declared import forget
from tests.support.sketches import kept, sketches


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Address(Part):
    postal_code: Annotated[str, Personal(Category.BILLING)]


class BillRecord(Record):
    """What somebody owes."""

    id: Annotated[str, NotPersonal]
    payer_id: Annotated[str, Subject("payer")]
    address: Annotated[Address | None, Personal(Category.BILLING)]
    text: Annotated[str, Personal(Category.CONTENT), HEAVY, UNINDEXED]
    paid_at: Annotated[datetime, Personal(Category.USAGE)]


@pytest.fixture
def bills() -> Iterator[Collection[BillRecord]]:
    found = Collection(
        "bills/{id}",
        BillRecord,
        purpose=Purpose.BILLING,
        basis=Basis.LEGAL_OBLIGATION,
        retention=Retention.of("P5Y", runs_from="paid_at"),
        on_erasure={"payer": Retain("P5Y", "bookkeeping law")},
    )
    yield found
    forget(found)


@pytest.fixture
def described(bills: Collection[BillRecord]) -> dict[str, Any]:
    return data_map.data_map([bills])["collections"][0]


class TestMap:
    def test_says_why_and_how_long(self, described: dict[str, Any]) -> None:
        assert (described["purpose"], described["basis"]) == ("billing", "legal_obligation")
        assert described["categories"] == ["billing", "content", "usage"]
        assert described["retention"] == {"kept": "period", "period": "P5Y", "runsFrom": "paidAt", "besides": None}

    def test_says_what_erasure_does(self, described: dict[str, Any]) -> None:
        assert described["onErasure"] == {"payer": {"effect": "retain", "until": "P5Y", "ground": "bookkeeping law"}}

    def test_knows_every_field_by_its_stored_name(self, described: dict[str, Any]) -> None:
        names = [field["name"] for field in described["fields"]]
        assert names == ["id", "payerId", "address", "address.postalCode", "text", "paidAt", "commit"]

    def test_says_what_a_field_is(self, described: dict[str, Any]) -> None:
        fields = {field["name"]: field for field in described["fields"]}
        assert fields["payerId"]["classification"] == {"kind": "subject", "role": "payer", "by": "uid"}
        assert fields["text"]["classification"] == {"kind": "personal", "category": "content"}
        assert fields["text"]["storage"] == "heavy unindexed"
        assert fields["commit"]["classification"] == {"kind": "not_personal"}


class TestTypes:
    @pytest.mark.parametrize(
        ("annotation", "name"),
        [
            (str, "string"),
            (datetime | None, "time | null"),
            (list[int], "list of integer"),
            (dict[str, Colour], "map to red | blue"),
            (Literal["nb", "en"], "nb | en"),
            (Address, "map"),
            (Annotated[bool, "said twice"], "boolean"),
        ],
    )
    def test_are_named_in_plain_words(self, annotation: Any, name: str) -> None:
        assert data_map.type_name(annotation) == name


class TestPage:
    def test_is_readable(self, bills: Collection[BillRecord]) -> None:
        text = data_map_page.generated([bills]).text
        assert (
            "| billing | legal obligation | billing, content, usage | P5Y from `paidAt` | payer: retained until P5Y"
            in text
        )
        assert "What somebody owes." in text
        assert "| `payerId` | `string` | **subject**: payer, by uid |  |" in text

    def test_links_its_overview_to_its_sections(self, bills: Collection[BillRecord]) -> None:
        assert "[`bills/{id}`](#billsid)" in data_map_page.generated([bills]).text


class TestRetention:
    @pytest.mark.parametrize(
        ("retention", "words"),
        [
            (Retention.with_parent(), "as long as the record above it"),
            (Retention.with_account(), "as long as the account"),
            (Retention.forever(besides="backups need it"), "forever; backups need it"),
            (Retention.of("P1Y", runs_from="saved_at", besides="the last stays"), "P1Y from `savedAt`; the last stays"),
        ],
    )
    def test_is_told_in_words(self, retention: Retention, words: str) -> None:
        assert data_map_page.kept(data_map.retention(retention)) == words


class TestEffects:
    def test_are_named(self) -> None:
        assert [data_map.effect(found)["effect"] for found in (Delete(), Anonymise())] == ["delete", "anonymise"]


class TestObjects:
    def test_are_shown_with_their_owner_and_what_erasure_does(self) -> None:
        (shown,) = data_map.data_map([sketches], [FILES], [kept])["prefixes"]
        assert (shown["bucket"], shown["path"], shown["owner"]) == ("files", "sketches/{id}", "sketches/{id}")
        assert (shown["purpose"], shown["basis"]) == ("provide_service", "contract")
        assert (shown["categories"], shown["onErasure"]) == (["content"], {"owner": {"effect": "delete"}})

    def test_stand_on_the_page_with_their_buckets(self) -> None:
        text = data_map_page.generated([sketches], [FILES], [kept]).text
        assert "| `sketches/{id}` in files | a sketch | [`sketches/{id}`](#sketchesid) |" in text
        assert f"| `files` | {FILES.about} | no limit of the bucket's own | 7 days |" in text
