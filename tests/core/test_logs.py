"""The log: JSON lines in Cloud Logging's form, and of an exception only where it came from."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from core import logs
from core.logs import Log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    kept = io.StringIO()
    logs.configure(kept)
    yield kept
    logs.configure()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class TestLines:
    def test_hold_event_severity_module_and_what_was_named(self, stream: io.StringIO) -> None:
        Log("documents.authoring").warning("enqueue_failed", handler="purge", tries=3, title="Blåbær\n2")
        (line,) = lines(stream)
        assert line == {
            "message": "enqueue_failed",
            "severity": "WARNING",
            "module": "documents.authoring",
            "handler": "purge",
            "tries": 3,
            "title": "Blåbær\n2",
        }

    def test_name_only_the_type_of_what_json_cannot_hold(self, stream: io.StringIO) -> None:
        Log("x").info("odd", what=ValueError("kari@example.com"), half="\ud83d")
        (line,) = lines(stream)
        assert (line["what"], line["half"]) == ("ValueError", "\ud83d")

    def test_carry_the_context_they_are_logged_in(self, stream: io.StringIO) -> None:
        log = Log("x")
        with logs.context(requestId="r1"), logs.context(route="/v1/me"):
            log.info("inside")
        log.info("outside")
        inside, outside = lines(stream)
        assert (inside["requestId"], inside["route"]) == ("r1", "/v1/me")
        assert "requestId" not in outside

    def test_of_a_crash_say_where_and_not_what(self, stream: io.StringIO) -> None:
        try:
            int("kari@example.com")
        except ValueError:
            Log("x").crash("crash", route="/v1/me")
        (line,) = lines(stream)
        assert (line["severity"], line["exception"], line["route"]) == ("ERROR", "ValueError", "/v1/me")
        assert "test_of_a_crash" in line["frames"][0]
        assert "kari" not in stream.getvalue()

    def test_go_to_one_place_however_often_that_is_said(self, stream: io.StringIO) -> None:
        logs.configure(stream)
        Log("x").info("once")
        assert len(lines(stream)) == 1
        assert not logging.getLogger(logs.ROOT).propagate
