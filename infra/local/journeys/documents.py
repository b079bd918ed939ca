"""A document from its first line to its end: written, revised, found, kept from others, trashed, restored, purged."""

from __future__ import annotations

from infra.local.journeys.stage import Person, Stage

_BODY = """# Blåbærtur

Vi plukket blåbær i skogene ved Sognsvann, og kokte syltetøy av dem om kvelden.

- kurver
- termos
"""


def journey(stage: Stage) -> None:
    kari, ola = stage.sign_up("Kari Nordmann"), stage.sign_up("Ola Hansen")

    written = stage.step(
        "Kari writes a document", kari, "POST", "/v1/documents",
        body={"title": "Blåbærtur", "body": _BODY, "tags": ["Tur", "høst"]},
        expect={201}, tells=("id", "title", "tags", "language", "revision"),
        holds=lambda document: document["language"] == "nb" and document["tags"] == ["tur", "høst"],
    )  # fmt: skip
    path, first = f"/v1/documents/{written.json()['id']}", written.headers["etag"]

    stage.step(
        "She revises it", kari, "PATCH", path, if_match=first, body={"title": "Blåbærtur i september"},
        expect={200}, tells=("title", "revision"), holds=lambda document: document["revision"] == 2,
    )  # fmt: skip
    stage.step(
        "Her other device saves over an old version", kari, "PATCH", path, if_match=first, body={"title": "Tur"},
        expect={412}, holds=lambda problem: problem["code"] == "stale_etag",
    )  # fmt: skip
    stage.step(
        "She finds it by other forms of its words", kari, "GET", "/v1/documents", params={"q": "skogen kurv blabær"},
        expect={200}, holds=lambda found: [one["title"] for one in found["items"]] == ["Blåbærtur i september"],
    )  # fmt: skip
    stage.step(
        "Ola finds nothing", ola, "GET", "/v1/documents", params={"q": "blåbær"},
        expect={200}, holds=lambda found: found["items"] == [],
    )  # fmt: skip
    stage.step("Ola, with its address, sees no more", ola, "GET", path, expect={404})
    _end(stage, kari, path)


def _end(stage: Stage, kari: Person, path: str) -> None:
    read = stage.step("Kari reads it", kari, "GET", path, expect={200}, tells=("title", "role", "revision"))
    stage.step(
        "She puts it in the trash", kari, "DELETE", path, if_match=read.headers["etag"],
        expect={200}, tells=("trashedAt", "purgeAt"),
    )  # fmt: skip
    stage.step(
        "There it lies", kari, "GET", "/v1/documents", params={"trashed": "true"},
        expect={200}, holds=lambda found: len(found["items"]) == 1,
    )  # fmt: skip
    stage.step("She restores it", kari, "POST", f"{path}/restore", expect={200}, tells=("title",))
    read = stage.step("It is back", kari, "GET", path, expect={200}, tells=("title", "revision"))
    stage.step("She trashes it again", kari, "DELETE", path, if_match=read.headers["etag"], expect={200})
    stage.step("She purges it", kari, "POST", f"{path}/purge", expect={204})
    stage.step("It is gone", kari, "GET", path, expect={404})
