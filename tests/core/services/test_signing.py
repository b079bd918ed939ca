"""Signed URLs, checked as Google documents them and not by the library that made them; and who signs.

Source: https://cloud.google.com/storage/docs/authentication/canonical-requests and
https://cloud.google.com/storage/docs/authentication/signatures
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from core.failures import Unavailable
from core.services.objects import Objects
from core.settings import Settings
from tests.support.iam import ACCOUNT, Iam, signing_blobs, through
from tests.support.sketches import kept, sent
from tests.support.storage import ObjectStore

QUARTER = timedelta(minutes=15)


def settings(store: ObjectStore, **more: Any) -> Settings:
    return Settings(environment="local", project_id="demo-signing", storage_emulator_host=store.url, **more)  # pyright: ignore[reportCallIssue]


def string_to_sign(method: str, url: str, headers: dict[str, str]) -> tuple[bytes, bytes]:
    """What is signed, and the signature, by the documentation alone."""
    split = urlsplit(url)
    query = dict(parse_qsl(split.query, keep_blank_values=True))
    signature = bytes.fromhex(query.pop("X-Goog-Signature"))
    canonical_query = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items())
    )
    given = {"host": split.netloc, **headers}
    signed = query["X-Goog-SignedHeaders"]
    assert signed == ";".join(sorted(given))
    lines = "".join(f"{name}:{given[name]}\n" for name in signed.split(";"))
    request = "\n".join([method, split.path, canonical_query, lines, signed, "UNSIGNED-PAYLOAD"])
    scope = query["X-Goog-Credential"].split("/", 1)[1]
    digest = hashlib.sha256(request.encode()).hexdigest()
    return "\n".join(["GOOG4-RSA-SHA256", query["X-Goog-Date"], scope, digest]).encode(), signature


def is_signed(pem: str, method: str, url: str, headers: dict[str, str]) -> bool:
    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, RSAPrivateKey)
    message, signature = string_to_sign(method, url, headers)
    try:
        key.public_key().verify(signature, message, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True


def parameters(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@pytest.mark.promise("P43")
class TestAnUpload:
    async def test_is_signed_with_type_size_and_that_nothing_is_there(self, object_store: ObjectStore) -> None:
        objects = Objects(settings(object_store, signing_key=object_store.signing_key))
        upload = await objects.signed_upload(sent.at("kåre#1", "a"), "image/png", 123, QUARTER)

        assert dict(upload.headers) == {
            "content-type": "image/png",
            "x-goog-content-length-range": "123,123",
            "x-goog-if-generation-match": "0",
        }
        assert is_signed(object_store.signing_key, "PUT", upload.url, dict(upload.headers))
        for changes in ({"content-type": "text/html"}, {"x-goog-content-length-range": "0,999999"}):
            assert not is_signed(object_store.signing_key, "PUT", upload.url, {**upload.headers, **changes})
        assert not is_signed(object_store.signing_key, "GET", upload.url, dict(upload.headers))

    async def test_is_over_when_it_says(self, object_store: ObjectStore) -> None:
        objects = Objects(settings(object_store, signing_key=object_store.signing_key))
        upload = await objects.signed_upload(sent.at("kari", "a"), "image/png", 123, QUARTER)
        signed = parameters(upload.url)
        began = datetime.strptime(signed["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        assert signed["X-Goog-Expires"] == "900"
        assert abs(began + QUARTER - upload.expires_at) <= timedelta(seconds=2)


class TestADownload:
    async def test_is_signed_with_what_it_answers_with(self, object_store: ObjectStore) -> None:
        objects = Objects(settings(object_store, signing_key=object_store.signing_key))
        disposition = "attachment; filename*=UTF-8''bl%C3%A5b%C3%A6r.png"
        url = await objects.signed_download(
            kept.at("a"), content_type="image/png", disposition=disposition, valid_for=QUARTER
        )
        assert is_signed(object_store.signing_key, "GET", url, {})
        assert parameters(url)["response-content-disposition"] == disposition
        assert parameters(url)["response-content-type"] == "image/png"
        assert not is_signed(object_store.signing_key, "GET", url.replace("image%2Fpng", "text%2Fhtml"), {})

    def test_of_one_generation_is_signed_with_it(self, object_store: ObjectStore) -> None:
        objects = Objects(settings(object_store, signing_key=object_store.signing_key))
        url = objects.read_url(kept.at("a"), 12, QUARTER)
        assert is_signed(object_store.signing_key, "GET", url, {})
        assert parameters(url)["generation"] == "12"


@pytest.fixture
def iam(object_store: ObjectStore) -> Iterator[Iam]:
    with signing_blobs(object_store.signing_key) as made:
        yield made


class TestSigningThroughIam:
    async def test_is_one_call_and_needs_no_key(self, object_store: ObjectStore, iam: Iam) -> None:
        objects = Objects(settings(object_store), signer=through(iam))

        upload = await objects.signed_upload(sent.at("kari", "a"), "image/png", 3, QUARTER)

        assert is_signed(object_store.signing_key, "PUT", upload.url, dict(upload.headers))
        assert parameters(upload.url)["X-Goog-Credential"].startswith(f"{ACCOUNT}/")
        ((path, authorization, _),) = iam.requests
        assert path == f"/v1/projects/-/serviceAccounts/{ACCOUNT}:signBlob"
        assert authorization == "Bearer a-token"

    async def test_is_tried_again_when_iam_stumbles(self, object_store: ObjectStore, iam: Iam) -> None:
        iam.statuses = [503]
        await Objects(settings(object_store), signer=through(iam)).signed_upload(
            sent.at("kari", "a"), "image/png", 3, QUARTER
        )
        assert len(iam.requests) == 2

    @pytest.mark.parametrize(("statuses", "calls"), [([503] * 9, 3), ([403], 1)])
    async def test_that_fails_is_unavailable(
        self, object_store: ObjectStore, iam: Iam, statuses: list[int], calls: int
    ) -> None:
        iam.statuses = statuses
        with pytest.raises(Unavailable):
            await Objects(settings(object_store), signer=through(iam)).signed_upload(
                sent.at("kari", "a"), "image/png", 3, QUARTER
            )
        assert len(iam.requests) == calls


class TestALocalKey:
    async def test_may_be_a_file(self, object_store: ObjectStore, tmp_path: Any) -> None:
        file = tmp_path / "key.pem"
        file.write_text(object_store.signing_key)
        objects = Objects(settings(object_store, signing_key=str(file)))
        upload = await objects.signed_upload(sent.at("kari", "a"), "image/png", 3, QUARTER)
        assert is_signed(object_store.signing_key, "PUT", upload.url, dict(upload.headers))

    async def test_that_is_missing_is_named(self, object_store: ObjectStore) -> None:
        with pytest.raises(LookupError, match="DOKKER_SIGNING_KEY"):
            await Objects(settings(object_store)).signed_upload(sent.at("kari", "a"), "image/png", 3, QUARTER)
