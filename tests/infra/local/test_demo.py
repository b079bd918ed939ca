from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from infra.local import demo
from infra.local.journeys import JOURNEYS
from infra.local.journeys.stage import Outcome, Stage, Unexpected, gist
from infra.local.mail_catcher import MailCatcher
from infra.local.ports import free_port
from tests.support.api import an_api
from tests.support.emulators import Emulators
from tests.support.storage import storing


def answer(status: int, content: object, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=content, headers=headers)


class TestGist:
    def test_names_the_fields_that_matter_and_the_etag(self) -> None:
        told = gist(answer(200, {"title": "Blåbærtur", "body": "…"}, etag='"1-owner"'), ["title", "missing"])

        assert told.split("\n") == ["200 OK", "title: Blåbærtur", 'ETag: "1-owner"']

    def test_of_a_list_names_what_is_in_it(self) -> None:
        assert gist(answer(200, {"items": [{"title": "Tur"}, {"id": "7"}]}), []).endswith("items: ['Tur', '7']")

    def test_of_a_problem_names_its_code(self) -> None:
        assert "code: stale_etag" in gist(answer(412, {"code": "stale_etag", "detail": "older"}), ["title"])

    def test_of_nothing_is_the_status(self) -> None:
        assert gist(httpx.Response(204), ["title"]) == "204 No Content"


class TestStep:
    @pytest.mark.parametrize(
        ("path", "holds"),
        [("/missing", lambda _: True), ("/__local/health", lambda content: content["status"] == "broken")],
    )
    def test_that_is_not_as_expected_is_shown_and_ends_the_journey(
        self, path: str, holds: Callable[[dict[str, str]], bool]
    ) -> None:
        shown: list[Outcome] = []
        stage = Stage("http://dokker.test", "http://auth.test", shown.append, transport=httpx.WSGITransport(_health))

        with pytest.raises(Unexpected):
            stage.step("Somebody looks", None, "GET", path, expect={200}, holds=holds)

        assert [(outcome.request, outcome.as_expected) for outcome in shown] == [(f"GET {path}", False)]


class TestPlay:
    def test_tells_of_a_stack_that_does_not_answer(self) -> None:
        nobody = f"127.0.0.1:{free_port()}"

        assert not demo.play(
            Console(quiet=True), next(iter(JOURNEYS)), {"url": f"http://{nobody}", "authEmulatorHost": nobody}
        )


class TestJourneys:
    @pytest.mark.parametrize("title", JOURNEYS)
    async def test_come_out_as_expected(self, emulators: Emulators, tmp_path: Path, title: str) -> None:
        shown: list[Outcome] = []
        # In files, as the stack keeps them: they hold no object whose name goes on where another's ends.
        with storing(tmp_path / "logs", tmp_path / "objects") as store, kept(tmp_path / "mails.jsonl") as catching:
            mails = {"mails_file": catching.file, "smtp_host": "127.0.0.1", "smtp_port": catching.port}
            # The Auth emulator signs people in to one project alone.
            async with an_api(replace(emulators, store=store), project_id=emulators.project_id, **mails) as api:
                stage = Stage(str(api.http.base_url), f"http://{emulators.auth}", shown.append)
                await asyncio.to_thread(JOURNEYS[title], stage)
                stage.close()

        assert shown and all(outcome.as_expected for outcome in shown)


@contextmanager
def kept(file: Path) -> Iterator[MailCatcher]:
    """The stack's mail catcher, with the mails in a file, until the end of the block."""
    catcher = MailCatcher(file=file)
    catcher.start()
    try:
        yield catcher
    finally:
        catcher.stop()


def _health(environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """A backend of one address, in WSGI, as the stage's client is a synchronous one."""
    known = environ["PATH_INFO"] == "/__local/health"
    start_response("200 OK" if known else "404 Not Found", [("content-type", "application/json")])
    return [b'{"status": "ok"}' if known else b'{"code": "not_found"}']
