"""Reading files: their list, their content by a short-lived address, and nobody else's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.documents.files.conftest import announced, brought, kept, quiet
from tests.support import samples
from tests.support.api import Api

TEXT: dict[str, Any] = {"content_type": "text/plain", "name": "notat.txt"}


async def fetched(address: str) -> httpx.Response:
    async with httpx.AsyncClient() as browser:
        return await browser.get(address)


class TestDenied:
    @pytest.mark.promise("P43")
    async def test_a_stranger_sees_nothing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Hemmelig")
        file = await kept(kari, document, b"hei", **TEXT)
        path = f"{document.path}/files"
        for address in (path, f"{path}/{file['id']}", f"{path}/{file['id']}/content", f"{path}/{file['id']}/thumbnail"):
            assert (await ola.get(address)).problem == (404, "not_found")
        assert (await ola.delete(f"{path}/{file['id']}")).problem == (404, "not_found")

    async def test_a_file_of_another_document_is_none_of_this(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        file = await kept(kari, await kari.writes("Hemmelig"), samples.photo())
        own = await ola.writes("Min egen", f"![](file:{file['id']})")
        for rest in ("", "/content", "/thumbnail"):
            assert (await ola.get(f"{own.path}/files/{file['id']}{rest}")).problem == (404, "not_found")
        exported = await ola.get(f"{own.path}/export", accept="text/html")
        assert file["id"] not in exported.response.text


class TestContent:
    async def test_is_had_from_cloud_storage_for_five_minutes(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        file = await kept(kari, document, "Blåbær".encode(), "text/plain", "Bærtur på Åsen.txt")
        path = f"{document.path}/files/{file['id']}/content"

        api.wire.reset()
        answer = await kari.get(path)

        assert answer.status == 302 and api.wire.rpcs == ["BatchGetDocuments"]
        address = httpx.URL(answer.response.headers["location"])
        assert address.params["X-Goog-Expires"] == "300"
        named = "inline; filename=\"B_rtur p_ _sen.txt\"; filename*=UTF-8''B%C3%A6rtur%20p%C3%A5%20%C3%85sen.txt"
        assert address.params["response-content-disposition"] == named
        found = await fetched(str(address))
        assert (found.content.decode(), found.headers["content-type"]) == ("Blåbær", "text/plain; charset=utf-8")
        assert found.headers["content-disposition"] == named

    async def test_that_a_browser_could_run_is_a_download(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
        drawing = await kept(kari, document, svg, "image/svg+xml", "tegning.svg")
        picture = await kept(kari, document, samples.photo())
        for file, kind in ((drawing, "attachment"), (picture, "inline")):
            answer = await kari.get(f"{document.path}/files/{file['id']}/content")
            found = await fetched(answer.response.headers["location"])
            assert found.headers["content-disposition"].startswith(f"{kind}; ")

    async def test_that_is_not_there_is_a_conflict(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        pending = (await announced(kari, document, b"hei", **TEXT))["file"]
        rejected = await kept(kari, document, b"hei", "image/png")
        for file, code in ((pending, "file_pending"), (rejected, "file_rejected")):
            for rest in ("content", "thumbnail"):
                answer = await kari.get(f"{document.path}/files/{file['id']}/{rest}")
                assert answer.problem == (409, code)

    async def test_need_not_be_fetched_twice(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        file = await kept(kari, document, b"hei", **TEXT)
        path = f"{document.path}/files/{file['id']}"
        for address in (path, f"{path}/content"):
            etag = (await kari.get(address)).etag
            assert (await kari.get(address, if_none_match=etag)).status == 304
            assert (await kari.get(address, if_none_match='"other"')).status in (200, 302)


class TestThumbnail:
    async def test_is_a_small_webp(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        file = await kept(kari, document, samples.photo(size=(2000, 1000)))
        assert file["thumbnails"] == [320, 1280]
        path = f"{document.path}/files/{file['id']}/thumbnail"
        for query, width in (("", 320), ("?size=320", 320), ("?size=1280", 1280)):
            answer = await kari.get(path + query)
            found = await fetched(answer.response.headers["location"])
            assert found.headers["content-type"] == "image/webp"
            assert samples.size_of(found.content) == (width, width // 2)
        assert (await kari.get(f"{path}?size=640")).problem == (422, "validation_failed")

    async def test_is_missing_where_there_is_no_picture(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        file = await kept(kari, document, b"hei", **TEXT)
        assert (await kari.get(f"{document.path}/files/{file['id']}/thumbnail")).problem == (404, "not_found")


class TestList:
    async def test_shows_the_newest_first_in_pages(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        names = [f"{number}.txt" for number in range(5)]
        for name in names:
            await announced(kari, document, b"hei", "text/plain", name)
        assert await kari.listed(f"{document.path}/files", "name", pageSize=2) == names[::-1]

    async def test_leaves_out_what_was_deleted(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")
        path = await brought(kari, document, b"hei", **TEXT)
        await quiet(api)
        await kari.delete(path)
        assert await kari.listed(f"{document.path}/files") == []
        assert (await kari.get(path)).problem == (404, "not_found")
