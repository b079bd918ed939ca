"""Objects on the real Storage server: whole ones, streams, copies, lists and deletions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import TypeVar

import httpx
import pytest

from core import clock
from core.data.buckets import EXPORTS, FILES
from core.data.objects import ObjectKey
from core.failures import Unavailable
from core.services.objects import ObjectMissing, Objects
from core.settings import Settings
from tests.support.object_project import an_object_store
from tests.support.sketches import kept, sent, small
from tests.support.storage import ObjectStore, send
from tests.support.stumbling import Stumbling, stumbling

T = TypeVar("T")
PNG, MEGABYTE = "image/png", 1024 * 1024


@pytest.fixture
async def objects(object_store: ObjectStore) -> Objects:
    return await an_object_store(object_store)


async def in_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)


class TestPutting:
    async def test_stores_content_with_what_is_said_of_it(self, objects: Objects) -> None:
        key = sent.at("kari", "a")
        assert await objects.put(key, b"abc", PNG, metadata={"sha256": "x"})

        found = await objects.stat(key)

        assert found and (found.key, found.size, found.content_type) == (key, 3, PNG)
        assert found.metadata["sha256"] == "x" and found.generation > 0
        assert abs(found.updated - clock.wall()) < timedelta(minutes=1)

    async def test_leaves_what_is_there_as_it_is(self, objects: Objects) -> None:
        key = sent.at("kari", "a")
        assert await objects.put(key, b"first", PNG)
        assert not await objects.put(key, b"second", PNG)
        found = await objects.stat(key)
        assert found and found.size == 5

    async def test_has_one_winner_of_many(self, objects: Objects) -> None:
        won = await asyncio.gather(*(objects.put(kept.at("a"), b"x" * n, PNG) for n in range(1, 9)))
        assert sorted(won) == [False] * 7 + [True]

    async def test_of_nothing_is_found_as_nothing(self, objects: Objects) -> None:
        assert await objects.stat(kept.at("nothing")) is None


class TestReading:
    async def test_seeks_and_reads_ranges_of_one_generation(self, objects: Objects) -> None:
        content = bytes(range(256)) * 10_000
        await objects.put(kept.at("a"), content, PNG)
        found = await objects.stat(kept.at("a"))
        assert found

        def read() -> list[bytes]:
            stream = objects.reader(kept.at("a"), found.generation)
            parts = [stream.read(5)]
            stream.seek(-3, 2)
            parts += [stream.read(), stream.read()]
            stream.seek(1_500_000)
            return [*parts, stream.read(MEGABYTE)]

        assert await in_thread(read) == [content[:5], content[-3:], b"", content[1_500_000 : 1_500_000 + MEGABYTE]]

    async def test_of_another_generation_is_missing(self, objects: Objects) -> None:
        await objects.put(kept.at("a"), b"abc", PNG)
        for key, generation in ((kept.at("a"), 1), (kept.at("b"), 1)):
            with pytest.raises(ObjectMissing):
                await in_thread(lambda key=key, generation=generation: objects.reader(key, generation))

    async def test_of_what_is_deleted_meanwhile_is_missing(self, objects: Objects) -> None:
        await objects.put(kept.at("a"), b"x" * 3 * MEGABYTE, PNG)
        found = await objects.stat(kept.at("a"))
        assert found
        stream = await in_thread(lambda: objects.reader(kept.at("a"), found.generation))
        await in_thread(lambda: stream.read(10))
        await objects.delete(kept.at("a"))
        with pytest.raises(ObjectMissing):
            await in_thread(stream.read)

    async def test_of_an_empty_object_is_empty(self, objects: Objects) -> None:
        await objects.put(kept.at("a"), b"", PNG)
        found = await objects.stat(kept.at("a"))
        assert found
        assert await in_thread(lambda: objects.reader(kept.at("a"), found.generation).read()) == b""


class TestWriting:
    async def test_streams_what_has_no_length_yet(self, objects: Objects) -> None:
        def write() -> None:
            with objects.writer(
                kept.at("a"), "image/webp", disposition="inline", cache_control="private", metadata={"width": "9"}
            ) as stream:
                for _ in range(5):
                    stream.write(b"y" * 500_000)

        await in_thread(write)

        found = await objects.stat(kept.at("a"))
        assert found and (found.size, found.content_type, found.metadata) == (2_500_000, "image/webp", {"width": "9"})

    @pytest.mark.parametrize("size", [10, 3 * MEGABYTE])
    async def test_leaves_nothing_when_an_exception_passes(self, objects: Objects, size: int) -> None:
        def write() -> None:
            with objects.writer(kept.at("a"), PNG) as stream:
                stream.write(b"y" * size)
                raise KeyError("a picture that is none")

        with pytest.raises(KeyError):
            await in_thread(write)
        assert await objects.stat(kept.at("a")) is None


class TestCopying:
    async def test_describes_the_copy_anew(self, objects: Objects) -> None:
        await objects.put(sent.at("kari", "a"), b"abc", "text/html", metadata={"by": "kari"})
        found = await objects.stat(sent.at("kari", "a"))
        assert found

        assert await objects.copy(
            sent.at("kari", "a"), kept.at("a"), PNG, generation=found.generation, metadata={"checked": "yes"}
        )

        copied = await objects.stat(kept.at("a"))
        assert copied and (copied.size, copied.content_type, copied.metadata) == (3, PNG, {"checked": "yes"})

    async def test_of_nothing_says_so(self, objects: Objects) -> None:
        assert not await objects.copy(sent.at("kari", "a"), kept.at("a"), PNG)
        await objects.put(sent.at("kari", "a"), b"abc", PNG)
        assert not await objects.copy(sent.at("kari", "a"), kept.at("a"), PNG, generation=1)


class TestListing:
    async def test_goes_on_behind_the_last_name(self, objects: Objects) -> None:
        for id_ in ("a", "b", "c"):
            await objects.put(sent.at("kari", id_), b"x", PNG)
        await objects.put(sent.at("karin", "d"), b"x", PNG)

        first = await objects.list(sent.under("kari"), limit=2)
        rest = await objects.list(sent.under("kari"), after=first[-1].key.name, limit=2)

        assert [one.key for one in (*first, *rest)] == [sent.at("kari", id_) for id_ in ("a", "b", "c")]
        assert len(await objects.list(sent.under())) == 4


class TestDeleting:
    async def test_takes_one_and_no_neighbour(self, objects: Objects) -> None:
        for id_ in ("abc", "abcd"):
            await objects.put(kept.at(id_), b"x", PNG)
        for _ in range(2):
            await objects.delete(kept.at("abc"))
        assert [one.key for one in await objects.list(kept.under())] == [kept.at("abcd")]

    async def test_takes_all_that_is_named_below(self, objects: Objects) -> None:
        for id_ in ("abc", "abcd"):
            await objects.put(kept.at(id_), b"x", PNG)
            await objects.put(small.at(id_), b"x", PNG)
        await objects.delete_with_all_below([kept.at("abc"), kept.at("nothing")])
        assert [one.key for one in await objects.list(kept.under())] == [kept.at("abcd"), small.at("abcd")]

    async def test_empties_a_path(self, objects: Objects) -> None:
        for uid in ("kari", "karin"):
            await objects.put(sent.at(uid, "a"), b"x", PNG)
        await objects.delete_below(sent.under("kari"))
        assert [one.key for one in await objects.list(sent.under())] == [sent.at("karin", "a")]


class TestUploads:
    async def test_signed_ones_are_sent_without_us(self, objects: Objects) -> None:
        key = sent.at("kari", "a")
        upload = await objects.signed_upload(key, PNG, 3, timedelta(minutes=15))

        assert (await send(upload, b"abc")).status_code == 200

        found = await objects.stat(key)
        assert found and (found.size, found.content_type) == (3, PNG)
        assert not upload.resumable
        assert abs(upload.expires_at - clock.wall() - timedelta(minutes=15)) < timedelta(minutes=1)

    async def test_resumable_ones_are_sent_in_parts(self, objects: Objects) -> None:
        key, part = sent.at("kari", "film"), 256 * 1024
        upload = await objects.resumable_upload(key, "video/mp4", 2 * part, "https://dokker.example")

        first = await send(upload, b"x" * part, **{"Content-Range": f"bytes 0-{part - 1}/{2 * part}"})
        last = await send(upload, b"y" * part, **{"Content-Range": f"bytes {part}-{2 * part - 1}/{2 * part}"})

        assert (first.status_code, last.status_code) == (308, 200)
        found = await objects.stat(key)
        assert upload.resumable and found and found.size == 2 * part

    async def test_are_read_by_a_signed_download(self, objects: Objects) -> None:
        await objects.put(kept.at("a"), b"abc", PNG)
        found = await objects.stat(kept.at("a"))
        assert found
        url = await objects.signed_download(
            kept.at("a"), content_type=PNG, disposition="inline", valid_for=timedelta(minutes=5)
        )
        of_generation = await in_thread(lambda: objects.read_url(kept.at("a"), found.generation, timedelta(minutes=5)))
        async with httpx.AsyncClient() as browser:
            assert [(await browser.get(one)).content for one in (url, of_generation)] == [b"abc", b"abc"]


class TestALostAnswer:
    @pytest.fixture
    async def store(self, object_store: ObjectStore) -> AsyncIterator[Stumbling]:
        async with stumbling(object_store.url) as made:
            yield made

    @pytest.fixture
    async def shaky(self, object_store: ObjectStore, store: Stumbling) -> Objects:
        return await an_object_store(object_store, storage_emulator_host=store.url)

    async def test_of_a_put_is_known_for_its_own_write(self, shaky: Objects, store: Stumbling) -> None:
        store.lost = 1
        assert await shaky.put(kept.at("a"), b"abc", PNG)
        assert store.seen.count("POST") == 2
        assert not await shaky.put(kept.at("a"), b"another", PNG)

    async def test_of_a_deletion_is_no_failure(self, shaky: Objects, store: Stumbling) -> None:
        await shaky.put(kept.at("a"), b"abc", PNG)
        await shaky.stat(kept.at("a"))
        store.lost = 2  # of the list, and of the deletion
        await shaky.delete(kept.at("a"))
        assert await shaky.stat(kept.at("a")) is None

    async def test_of_a_copy_is_a_copy(self, shaky: Objects, store: Stumbling) -> None:
        await shaky.put(sent.at("kari", "a"), b"abc", PNG)
        store.lost = 1
        assert await shaky.copy(sent.at("kari", "a"), kept.at("a"), PNG)
        assert await shaky.stat(kept.at("a"))


class TestAStoreThatIsGone:
    async def test_is_unavailable(self) -> None:
        nowhere = Settings(environment="local", storage_emulator_host="127.0.0.1:1")  # pyright: ignore[reportCallIssue]
        objects = Objects(nowhere, deadline=0.3)
        with pytest.raises(Unavailable):
            await objects.stat(kept.at("a"))
        with pytest.raises(Unavailable):
            await objects.put(kept.at("a"), b"x", PNG)
        with pytest.raises(Unavailable):
            await objects.delete(kept.at("a"))


class TestKeys:
    def test_exist_below_declared_prefixes_alone(self) -> None:
        for bucket, name in ((EXPORTS, "sketches/kari"), (FILES, "other/a"), (EXPORTS, "sketches/kari/a/b")):
            with pytest.raises(ValueError, match="no declared object"):
                ObjectKey(bucket, name)
