"""An event function in a process of its own, as Cloud Functions deploys it: FUNCTION_SIGNATURE_TYPE says cloudevent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.functions import FINALIZED
from infra.local.ports import free_port
from tests.support.api import ROOT

PATIENCE = 60

SOURCE = """
from fastapi import Response

from core.data.buckets import UPLOADS
from core.functions import event_function
from core.web.application import Application, Budget
from core.web.dependencies import TheObjectFinalized

app = Application("parcels-events", audience="event", invoker="events-invoker")


@app.post("/", budget=Budget())
async def finalized(event: TheObjectFinalized) -> Response:
    return Response(event.name, media_type="text/plain")


parcels_events = event_function(app, bucket=UPLOADS)
"""

EVENT = {
    "ce-specversion": "1.0",
    "ce-id": "an-event",
    "ce-type": FINALIZED,
    "ce-source": "//storage.googleapis.com/projects/_/buckets/dokker-test-uploads",
    "ce-time": "2026-11-25T03:50:58Z",
}
DATA = {"bucket": "dokker-test-uploads", "name": "parcels/kari/a", "generation": "1", "size": "3"}


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "main.py").write_text(SOURCE)
    port = free_port()
    with subprocess.Popen(
        [
            Path(sys.executable).with_name("functions-framework"),
            *("--target", "parcels_events", "--source", str(tmp_path / "main.py"), "--port", str(port)),
        ],
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT / "functions"),
            "FUNCTION_USE_ASGI": "true",
            "FUNCTION_SIGNATURE_TYPE": "cloudevent",
            "DOKKER_ENVIRONMENT": "local",
            "DOKKER_PROJECT_ID": "dokker-test",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            _wait(url)
            yield url
        finally:
            process.terminate()


def _wait(url: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            httpx.get(f"{url}/health", timeout=PATIENCE)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(url)


def test_an_event_function_reads_its_events_itself(deployed: str) -> None:
    answer = httpx.post(f"{deployed}/?__GCP_CloudEventsMode=GCS_NOTIFICATION", json=DATA, headers=EVENT)
    assert (answer.status_code, answer.text) == (200, DATA["name"])
    # The framework itself would answer 400, and the event would come again for days.
    assert httpx.post(deployed, content=b"no event").status_code == 204
