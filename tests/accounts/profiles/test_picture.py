"""A person's picture: put directly, cut square, cleaned, and gone with the next one."""

from __future__ import annotations

import httpx
import pytest

from accounts.profiles.records import pictures, profiles
from core.services.objects import Stored
from tests.support import samples
from tests.support.api import Answer, Api, Person


async def put(person: Person, content: bytes, content_type: str = "image/jpeg") -> Answer:
    headers = {**person.headers, "Content-Type": content_type}
    return Answer(await person.http.put("/v1/me/picture", content=content, headers=headers))


async def stored(api: Api) -> list[Stored]:
    return await api.objects.list(pictures.under())


class TestPicture:
    @pytest.mark.parametrize(
        ("content", "content_type", "problem", "code"),
        [
            (b"", "image/jpeg", (422, "validation_failed"), "empty"),
            (b"hei", "image/jpeg", (422, "validation_failed"), "type_not_allowed"),
            (samples.png_bomb(), "image/png", (422, "validation_failed"), "too_many_pixels"),
            (samples.photo()[:3000], "image/jpeg", (422, "validation_failed"), "unreadable"),
        ],
        ids=["empty", "text", "bomb", "half"],
    )
    async def test_that_is_none_is_refused(
        self, api: Api, content: bytes, content_type: str, problem: tuple[int, str], code: str
    ) -> None:
        kari = await api.person("Kari")
        answer = await put(kari, content, content_type)
        assert answer.problem == problem
        assert [fault["code"] for fault in answer.json["errors"]] == [code]
        assert await stored(api) == []

    async def test_of_other_types_or_too_large_is_refused(self, api: Api) -> None:
        kari = await api.person("Kari")
        assert (await put(kari, b"<svg/>", "image/svg+xml")).problem == (415, "unsupported_media_type")
        assert (await put(kari, bytes(5 * 1024**2 + 1))).problem == (413, "too_large")

    @pytest.mark.promise("P07")
    async def test_is_shown_square_and_clean(self, api: Api) -> None:
        kari = await api.person("Kari")
        assert "pictureUrl" not in (await kari.get("/v1/me")).json
        answer = await put(kari, samples.photo(size=(800, 600)))
        assert answer.status == 200
        shown = (await kari.get("/v1/me"))["pictureUrl"]
        async with httpx.AsyncClient() as browser:
            found = await browser.get(shown)
        assert found.headers["content-type"] == "image/webp"
        width, height = samples.size_of(found.content)
        assert width == height <= 512
        assert b"GPS" not in found.content and b"EXIF" not in found.content

    async def test_takes_the_place_of_the_one_before(self, api: Api) -> None:
        kari = await api.person("Kari")
        await put(kari, samples.photo())
        (first,) = await stored(api)
        etag = (await kari.get("/v1/me")).etag
        await put(kari, samples.png(), "image/png")
        (second,) = await stored(api)
        assert first.key != second.key and (await kari.get("/v1/me")).etag != etag

    async def test_goes_when_it_is_removed(self, api: Api) -> None:
        kari = await api.person("Kari")
        await put(kari, samples.photo())
        for _ in range(2):
            assert (await kari.delete("/v1/me/picture")).status == 204
        assert await stored(api) == [] and "pictureUrl" not in (await kari.get("/v1/me")).json

    async def test_is_seen_by_those_who_share_something(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await put(kari, samples.photo())
        assert (await ola.get(f"/v1/people/{kari.uid}")).problem == (404, "not_found")
        for person in (kari, ola):
            profile = await api.db.get(profiles.at(person.uid))
            assert profile
            await api.db.commit(profiles.update(profile, principals=[*profile.principals, "group:tur"]))
        assert (await ola.get(f"/v1/people/{kari.uid}"))["pictureUrl"]

    async def test_that_nobody_names_is_swept_after_a_day(self, api: Api) -> None:
        kari = await api.person("Kari")
        await put(kari, samples.photo())
        await api.objects.put(pictures.at(kari.uid, "A" * 22), b"rest", "image/webp")
        await api.objects.put(pictures.at("noen", "B" * 22), b"rest", "image/webp")
        assert (await api.runs("sweep-pictures", "profiles-schedules"))["swept"] == 0
        api.advance(hours=25)
        assert (await api.runs("sweep-pictures", "profiles-schedules"))["swept"] == 2
        assert len(await stored(api)) == 1
