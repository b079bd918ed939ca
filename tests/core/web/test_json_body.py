"""Bodies: read no further than they may be long, and taken only if they are what they say."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.failures import Malformed
from core.web import json_body
from core.web.json_body import MOST_BYTES, MOST_DEPTH
from tests.support.api import Answer, Api, Client

JSON = "application/json"
DEEP = 10_000


async def post(things: Client, body: bytes, path: str = "/v1/things", **headers: str) -> Answer:
    given = {"content-type": JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(await things.http.post(path, content=body, headers=given))


class TestHostileJson:
    @pytest.mark.parametrize(
        ("body", "code", "pointer"),
        [
            (b"", "invalid_json", ""),
            (b"{", "invalid_json", ""),
            (b"{'title': 'x'}", "invalid_json", ""),
            (b'\xef\xbb\xbf{"title": "x"}', "invalid_json", ""),
            (b'{"title": "a", "title": "b"}', "duplicate_name", "/title"),
            (b'{"inner": {"a/b~c": 1, "a/b~c": 2}}', "duplicate_name", "/a~1b~0c"),
            (b'{"ratio": NaN}', "not_a_number", ""),
            (b'{"ratio": -Infinity}', "not_a_number", ""),
            (b'{"ratio": 1e400}', "number_out_of_range", ""),
            (b'{"ratio": -1e400}', "number_out_of_range", ""),
            (b'{"count": 9223372036854775808}', "number_out_of_range", ""),
            (b'{"count": -9223372036854775809}', "number_out_of_range", ""),
            (b'{"count": ' + b"9" * 10_000 + b"}", "number_out_of_range", ""),
            (b'{"title": "\xff"}', "invalid_utf8", ""),
            (b'{"title": "\xed\xa0\x80"}', "invalid_utf8", ""),
            (b'{"title": "a\\u0000b"}', "nul_character", "/title"),
            (b'{"inner": {"list": [0, "\\ud800"]}}', "lone_surrogate", "/inner/list/1"),
            (b'{"\\udc00": 1}', "lone_surrogate", ""),
            (b'{"inner": {"a": ' + b"[" * DEEP + b"]" * DEEP + b"}}", "too_deep", ""),
            (b"[" * DEEP, "too_deep", ""),
            (b'{"a":' * DEEP, "too_deep", ""),
            (b"[" * (MOST_DEPTH + 2) + b"]" * (MOST_DEPTH + 2), "too_deep", ""),
        ],
        ids=lambda value: str(value)[:40],
    )
    async def test_is_malformed(self, things: Client, body: bytes, code: str, pointer: str) -> None:
        answer = await post(things, body)
        assert answer.problem == (400, "malformed_request")
        assert [(fault["pointer"], fault["code"]) for fault in answer.json["errors"]] == [(pointer, code)]

    @pytest.mark.parametrize(
        ("body", "pointers"),
        [
            (b"[]", [""]),
            (b"null", [""]),
            (b'"text"', [""]),
            (b'{"title": 3}', ["/title"]),
            (b'{"title": null}', ["/title"]),
            (b'{"count": "3"}', ["/count"]),
            (b'{"count": 3.5}', ["/count"]),
            (b'{"count": true}', ["/count"]),
            (b'{"titel": "x"}', ["/titel"]),
            (b'{"a/b~c": "x", "count": []}', ["/a~1b~0c", "/count"]),
        ],
    )
    async def test_of_the_wrong_shape_is_invalid_by_pointer(
        self, things: Client, body: bytes, pointers: list[str]
    ) -> None:
        answer = await post(things, body)
        assert answer.problem == (422, "validation_failed")
        assert sorted(answer.pointers) == pointers

    async def test_with_duplicates_among_very_many_names_is_refused(self, things: Client) -> None:
        names = ",".join(f'"n{number}":0' for number in range(200_000))
        answer = await post(things, f'{{{names},"n199999":1}}'.encode())
        assert answer.problem == (400, "malformed_request")

    async def test_at_the_limits_is_taken(self, things: Client) -> None:
        body = {"title": "שלום \u202e 🫐", "count": 2**63 - 1, "ratio": -1.7e308, "inner": {"a": [None, True]}}
        answer = await post(things, json.dumps(body, ensure_ascii=False).encode())
        assert (answer["title"], answer["count"], answer["ratio"]) == (body["title"], 2**63 - 1, -1.7e308)

    @given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode))
    def test_is_parsed_or_malformed_and_nothing_else(self, body: bytes) -> None:
        try:
            value = json_body.parse(body)
        except Malformed:
            return
        else:
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode()

    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-(2**63), 2**63 - 1)
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner)
            ),
        )
    )
    def test_that_is_json_is_taken(self, value: Any) -> None:
        parsed = json_body.parse(json.dumps(value).encode())
        assert parsed == value


class TestContentType:
    @pytest.mark.parametrize("kind", [JSON, "Application/JSON", f"{JSON}; charset=utf-8", f'{JSON};charset="UTF-8"'])
    async def test_of_json_in_utf_8_is_taken(self, things: Client, kind: str) -> None:
        assert (await post(things, b"{}", content_type=kind)).status == 201

    @pytest.mark.parametrize(
        "kind",
        ["", "text/plain", "application/json5", "text/json", f"{JSON}; charset=latin-1", "multipart/form-data", ";"],
    )
    async def test_of_anything_else_is_not(self, things: Client, kind: str) -> None:
        assert (await post(things, b"{}", content_type=kind)).problem == (415, "unsupported_media_type")

    async def test_of_a_route_that_reads_something_else_is_its_own(self, things: Client) -> None:
        assert (await post(things, b"# Tur", "/v1/files", content_type="text/markdown")).status == 204
        assert (await post(things, b"{}", "/v1/files")).problem == (415, "unsupported_media_type")


class TestLength:
    async def test_that_is_announced_is_refused_unread(self, things: Client) -> None:
        assert (await post(things, b"x" * (MOST_BYTES + 1))).problem == (413, "too_large")

    async def test_that_is_no_number_is_malformed(self, things: Client) -> None:
        for length in ("many", "-1", "1_0", "²"):
            answer = await post(things, b"{}", content_length=length.encode("latin-1"))  # pyright: ignore[reportArgumentType]
            assert answer.problem == (400, "malformed_request")

    async def test_that_is_not_announced_is_counted_while_reading(self, things: Client) -> None:
        sent: list[int] = []

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(1_000):
                sent.append(1)
                yield b" " * 65_536

        answer = Answer(await things.http.post("/v1/things", content=endless(), headers={"content-type": JSON}))
        assert answer.problem == (413, "too_large")

    async def test_over_the_wire_is_refused_before_all_is_sent(self, api: Api) -> None:
        kari = await api.person("Kari")
        address = urlsplit(str(api.http.base_url))
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        head = f"POST /v1/documents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {kari.token}\r\n"
        writer.write(f"{head}Content-Type: {JSON}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        for _ in range(MOST_BYTES // 65_536 + 1):
            writer.write(chunk)
            await writer.drain()

        # No last chunk was sent: the answer does not wait for it.
        async with asyncio.timeout(5):
            status = await reader.readline()
        writer.close()
        assert status.split()[1] == b"413"
