"""Reading one document."""

import pytest

from tests.support.api import Api, an_api
from tests.support.emulators import Emulators

BELOW = ("", "/revisions", "/revisions/1", "/export")


class TestRead:
    @pytest.mark.promise("P43")
    async def test_of_anothers_document_reads_as_missing(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.writes("Hemmelig")

        for below in BELOW:
            there, nowhere = await ola.get(document.path + below), await ola.get(f"/v1/documents/{'x' * 22}{below}")
            assert there.problem == nowhere.problem == (404, "not_found")
            assert there.json["detail"] == nowhere.json["detail"]
            assert (await api.get(document.path + below)).problem == (401, "unauthenticated")
        conditional = await ola.get(document.path, if_none_match=document.etag)
        assert conditional.problem == (404, "not_found")

    async def test_of_what_is_no_id_reads_as_missing(self, api: Api) -> None:
        kari = await api.person("Kari")
        for wrong in ("__x__", "..%2f..", "%00", "bl%C3%A5", "x" * 129, "a.b", "%20", "__id7__"):
            for below in BELOW:
                answer = await kari.get(f"/v1/documents/{wrong}{below}")
                assert answer.problem == (404, "not_found"), (wrong, below)

    async def test_answers_304_while_nothing_has_changed(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Blåbærtur")

        for held in (document.etag, f"W/{document.etag}", "*", f'"a", {document.etag}'):
            unchanged = await kari.get(document.path, if_none_match=held)
            assert (unchanged.status, unchanged.response.content, unchanged.etag) == (304, b"", document.etag)

        changed = await kari.patch(document.path, {"title": "Tyttebærtur"}, if_match=document.etag)
        read = await kari.get(document.path, if_none_match=document.etag)
        assert (read.status, read["title"], read.etag) == (200, "Tyttebærtur", changed.etag)
        assert (await kari.get(document.path, if_none_match="1-owner")).problem == (400, "malformed_request")

    async def test_is_kept_by_no_cache_that_others_share(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Dagbok")
        for path, control in ((document.path, "private, no-cache"), ("/v1/documents", "no-store")):
            assert (await kari.get(path)).response.headers["cache-control"] == control
        exported = await kari.get(f"{document.path}/export")
        assert exported.response.headers["cache-control"] == "no-store"

    @pytest.mark.promise("P52")
    async def test_is_open_to_mobile_clients_and_pages_of_the_product_and_to_no_other(
        self, emulators: Emulators
    ) -> None:
        """A browser asks before and names its origin; a mobile client does neither. Their routes are the same."""
        async with an_api(emulators, allowed_origins=("https://dokker.example",)) as api:
            kari = await api.person("Kari")
            document = await kari.writes("Tur")
            asks = {
                "access_control_request_method": "PATCH",
                "access_control_request_headers": "Authorization,If-Match",
            }
            for origin, allowed in (
                ("https://dokker.example", "https://dokker.example"),
                ("https://ond.example", None),
            ):
                preflight = await api.send("OPTIONS", document.path, origin=origin, **asks)
                assert preflight.response.headers.get("access-control-allow-origin") == allowed
                read = await kari.get(document.path, origin=origin)
                assert read.response.headers.get("access-control-allow-origin") == allowed
            preflight = await api.send("OPTIONS", document.path, origin="https://dokker.example", **asks)
            assert "PATCH" in preflight.response.headers["access-control-allow-methods"]
            shown = await kari.get(document.path, origin="https://dokker.example")
            assert "ETag" in shown.response.headers["access-control-expose-headers"]

    async def test_of_a_trashed_document_shows_it_to_its_owner(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        document = await kari.trashes("Gammelt", "Som det var")
        read = await kari.get(document.path)
        assert (read["body"], read.etag) == ("Som det var", document.etag)
        assert (await ola.get(document.path)).problem == (404, "not_found")
        for below in ("/revisions", "/revisions/1", "/export"):
            assert (await kari.get(document.path + below)).status == 200

    async def test_knows_its_methods(self, api: Api) -> None:
        kari = await api.person("Kari")
        document = await kari.writes()
        answer = await kari.put(document.path, {})
        assert answer.problem == (405, "method_not_allowed")
        assert (await kari.get(f"{document.path}/ukjent")).problem == (404, "not_found")
