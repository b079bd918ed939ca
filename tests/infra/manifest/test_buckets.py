import json
from typing import Any

from core.data.buckets import Bucket
from infra.manifest import buckets


def _written() -> dict[str, dict[str, Any]]:
    return json.loads(buckets.generated(Bucket.declared.values()).text)["buckets"]


class TestBuckets:
    def test_are_closed_to_the_public_and_have_one_way_of_access(self) -> None:
        assert set(_written()) == {"uploads", "files", "exports"}
        for bucket in _written().values():
            assert (bucket["uniformAccess"], bucket["publicAccessPrevention"]) == (True, "enforced")

    def test_forget_at_once_what_was_sent_and_what_was_exported(self) -> None:
        for name in ("uploads", "exports"):
            assert (_written()[name]["softDeleteSeconds"], _written()[name]["deleteAfterDays"]) == (0, 8)
        files = _written()["files"]
        assert (files["softDeleteSeconds"], files["deleteAfterDays"]) == (7 * 86_400, None)

    def test_let_a_web_client_send_or_fetch_and_nothing_else(self) -> None:
        assert _written()["uploads"]["cors"]["methods"] == ["PUT"]
        assert _written()["files"]["cors"]["methods"] == ["GET", "HEAD"]

    def test_let_it_send_the_headers_that_an_upload_is_signed_with(self) -> None:
        allowed = {name.lower() for name in _written()["uploads"]["cors"]["responseHeaders"]}
        assert {"content-type", "x-goog-content-length-range", "x-goog-if-generation-match", "range"} <= allowed
