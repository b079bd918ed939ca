"""A photo from a phone: announced, sent straight to Cloud Storage, cleaned, shown, and gone with a click."""

from __future__ import annotations

import io
import time
from typing import Any

from PIL import Image

from infra.local.journeys.stage import Person, Stage

_PATIENCE = 30
_GPS_IFD = 0x8825
_SOGNSVANN = {1: "N", 2: (59.0, 58.0, 30.0), 3: "E", 4: (10.0, 43.0, 30.0)}


def journey(stage: Stage) -> None:
    kari, ola = stage.sign_up("Kari Nordmann"), stage.sign_up("Ola Hansen")
    photo = _photo()
    written = stage.step(
        "Kari writes a document", kari, "POST", "/v1/documents", body={"title": "Blåbærtur"}, expect={201},
        tells=("title",),
    )  # fmt: skip
    path = f"/v1/documents/{written.json()['id']}/files"
    draft = {"name": "Bærtur på Åsen.jpg", "contentType": "image/jpeg", "size": len(photo)}
    issued = stage.step(
        "She announces a photo of her telephone", kari, "POST", path, body=draft, expect={201},
        holds=lambda answer: answer["file"]["state"] == "pending",
    ).json()  # fmt: skip
    upload, file = issued["upload"], f"{path}/{issued['file']['id']}"
    stage.elsewhere(
        "Her browser sends it to Cloud Storage, with where it was taken in it", upload["method"], upload["url"],
        content=photo, headers=upload["headers"], holds=lambda _: _position(photo) is not None,
    )  # fmt: skip
    _wait(stage, kari, file)
    _shown(stage, kari, file)
    stage.step("Ola, with its address, sees nothing", ola, "GET", f"{file}/content", expect={404})
    stage.step("Her photo takes room", kari, "GET", "/v1/me", expect={200}, tells=("storage",))
    stage.step("Kari deletes it", kari, "DELETE", file, expect={204})
    stage.step("It is gone", kari, "GET", f"{file}/content", expect={404})


def _shown(stage: Stage, kari: Person, file: str) -> None:
    content = stage.step("She opens it", kari, "GET", f"{file}/content", expect={302})
    stage.elsewhere(
        "It comes from Cloud Storage, and nobody can tell from it where it was taken",
        "GET", content.headers["location"], holds=lambda answer: _position(answer.content) is None,
    )  # fmt: skip
    small = stage.step("A list shows it small", kari, "GET", f"{file}/thumbnail", expect={302})
    stage.elsewhere(
        "As a WebP of 320 pixels", "GET", small.headers["location"],
        holds=lambda answer: max(Image.open(io.BytesIO(answer.content)).size) == 320,
    )  # fmt: skip


def _wait(stage: Stage, kari: Person, file: str) -> None:
    """Ask until the photo has been looked at, as a client does."""
    until = time.monotonic() + _PATIENCE
    while stage.look(kari, file)["state"] == "pending" and time.monotonic() < until:
        time.sleep(0.1)
    stage.step(
        "It has been looked at, and is ready", kari, "GET", file, expect={200},
        tells=("name", "state", "contentType", "size", "thumbnails"), holds=lambda answer: answer["state"] == "ready",
    )  # fmt: skip


def _photo() -> bytes:
    """A JPEG as a phone takes it: with a position."""
    picture = Image.effect_noise((1600, 1200), 40).convert("RGB")
    exif: Any = Image.Exif()
    exif[_GPS_IFD] = _SOGNSVANN
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=90, exif=exif)
    return written.getvalue()


def _position(content: bytes) -> dict[Any, Any] | None:
    return Image.open(io.BytesIO(content)).getexif().get_ifd(_GPS_IFD) or None
