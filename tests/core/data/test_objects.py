"""Where objects may lie: declared prefixes, and keys that exist below them alone."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import pytest

from core.data import trees
from core.data.buckets import EXPORTS, FILES, Bucket
from core.data.collections import Collection
from core.data.database import Database
from core.data.objects import ObjectKey, ObjectPath, Prefix, keys_of, prefix_of
from core.data.personal_data import Anonymise, Basis, Category, Delete, NotPersonal, Purpose, Retention
from core.data.records import Record
from core.failures import Unavailable
from core.services.objects import Objects
from core.settings import Settings
from tests.support.sketches import SketchRecord, kept, sent, sketches, small

PAGES = 3
R = TypeVar("R", bound=Record)


class AlbumRecord(Record):
    id: Annotated[str, NotPersonal]


class PageRecord(Record):
    album_id: Annotated[str, NotPersonal]
    id: Annotated[str, NotPersonal]


def below(path: str, record: type[R]) -> Collection[R]:
    return Collection(
        path,
        record,
        purpose=Purpose.PROVIDE_SERVICE,
        basis=Basis.CONTRACT,
        retention=Retention.with_parent(),
        on_erasure={},
    )


def of_pages(path: str) -> Prefix[PageRecord]:
    return Prefix(
        path,
        FILES,
        pages,
        about="a scanned page",
        purpose=Purpose.PROVIDE_SERVICE,
        basis=Basis.CONTRACT,
        retention=Retention.with_parent(),
        categories={Category.CONTENT},
        on_erasure={},
    )


albums = below("objectAlbums/{id}", AlbumRecord)
pages = below("objectAlbums/{album_id}/objectPages/{id}", PageRecord)
scans = of_pages("scans/{id}")
thumbnails = of_pages("scans/{id}/thumbnail")


def declare(path: str, bucket: Bucket = EXPORTS, **changes: Any) -> Prefix[SketchRecord]:
    usual: dict[str, Any] = {
        "about": "a sketch",
        "purpose": Purpose.PROVIDE_SERVICE,
        "basis": Basis.CONTRACT,
        "retention": Retention.with_parent(),
        "categories": {Category.CONTENT},
        "on_erasure": {"owner": Delete()},
    }
    return Prefix(path, bucket, sketches, **{**usual, **changes})


class TestAPrefix:
    def test_makes_the_key_of_a_record(self) -> None:
        record = SketchRecord(id="a", owner_id="kari")
        assert sent.of(record) == sent.at("kari", "a") == ObjectKey(EXPORTS, "sketches/kari/a")
        assert small.of(record).name == "sketches/a/small"

    def test_has_no_key_for_a_record_that_names_none(self) -> None:
        with pytest.raises(ValueError, match="ids"):
            sent.of(SketchRecord(id="a", owner_id=None))

    @pytest.mark.parametrize(
        "id_", ["", ".", "..", "a/b", "a\nb", "a\x00b", "a\u2028b", "\ud800", "__a__", "x" * 1_500]
    )
    def test_takes_no_segment_that_is_no_id(self, id_: str) -> None:
        with pytest.raises(ValueError, match=r"no declared object|surrogates"):
            kept.at(id_)

    def test_tells_the_ids_of_a_name(self) -> None:
        assert sent.ids_of("sketches/kari/a") == {"owner_id": "kari", "id": "a"}
        with pytest.raises(ValueError, match="no name"):
            sent.ids_of("sketches/kari")

    def test_knows_its_own_names_in_its_own_bucket(self) -> None:
        assert prefix_of(FILES, "sketches/a") is kept
        assert prefix_of(FILES, "sketches/a/small") is small
        assert prefix_of(EXPORTS, "sketches/a") is None
        for name in ("sketches", "sketches/", "sketches/a/large", "sketches/a/small/b", "/sketches/a"):
            assert prefix_of(FILES, name) is None

    def test_has_paths_that_end_with_a_segment(self) -> None:
        assert sent.under() == ObjectPath(EXPORTS, "sketches/")
        assert sent.under("kari") == ObjectPath(EXPORTS, "sketches/kari/")
        assert kept.at("a").below == ObjectPath(FILES, "sketches/a/")
        for path in ("sketches", "other/", "sketches/a/small/b/", "", "/"):
            with pytest.raises(ValueError, match="no declared objects"):
                ObjectPath(FILES, path)
        with pytest.raises(ValueError, match="ids"):
            kept.under("a", "b")

    @pytest.mark.parametrize(
        ("path", "changes", "reason"),
        [
            ("x/{shoe_size}", {}, "has no field"),
            ("{id}/x", {}, "begins with a word"),
            ("x/y", {}, "begins with a word"),
            ("x//{id}", {}, "begins with a word"),
            ("x/{id}", {"on_erasure": {}}, "erasure is declared for"),
            ("x/{id}", {"on_erasure": {"owner": Delete(), "author": Anonymise()}}, "erasure is declared for"),
        ],
    )
    def test_is_declared_whole_or_not_at_all(self, path: str, changes: dict[str, Any], reason: str) -> None:
        before = dict(Prefix.declared)
        with pytest.raises(TypeError, match=reason):
            declare(path, **changes)
        assert Prefix.declared == before

    def test_is_declared_once(self) -> None:
        with pytest.raises(TypeError, match="declared already"):
            declare("sketches/{owner_id}", FILES)
        with pytest.raises(TypeError, match="declared already"):
            Bucket("files", "another")


class TestKeysOfARecord:
    def test_are_those_that_it_can_own(self) -> None:
        everything = {key.name for key in keys_of(sketches, SketchRecord(id="a", owner_id="kari"))}
        assert everything == {"sketches/kari/a", "sketches/a", "sketches/a/small"}
        ownerless = {key.name for key in keys_of(sketches, SketchRecord(id="a", owner_id=None))}
        assert ownerless == {"sketches/a", "sketches/a/small"}


class TestATree:
    async def test_loses_its_objects_before_the_records_that_name_them(self, db: Database, objects: Objects) -> None:
        for album in ("mine", "mine2"):
            for number in range(PAGES):
                page = PageRecord(album_id=album, id=f"{album}-{number}")
                await db.commit(pages.create(page))
                await objects.put(scans.of(page), b"x", "image/png")
                await objects.put(thumbnails.of(page), b"x", "image/png")

        for _ in range(2):
            await trees.delete_below(db, objects, albums.at("mine"))

        left = {one.key.name for one in await objects.list(scans.under())}
        assert left == {f"scans/mine2-{n}{end}" for n in range(PAGES) for end in ("", "/thumbnail")}
        assert {page.album_id for page in await db.query(pages.everywhere())} == {"mine2"}

    async def test_keeps_its_records_while_the_objects_cannot_be_deleted(self, db: Database) -> None:
        await db.commit(pages.create(PageRecord(album_id="mine", id="a")))
        nowhere = Objects(
            Settings(environment="local", storage_emulator_host="127.0.0.1:1"),  # pyright: ignore[reportCallIssue]
            deadline=0.2,
        )
        with pytest.raises(Unavailable):
            await trees.delete_below(db, nowhere, albums.at("mine"))
        assert await db.get(pages.at("mine", "a"))
