"""The floor of a cold start: FastAPI under functions-framework, the SDKs named by FLOOR_SDKS, and nothing else."""

import os
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, cast

import functions_framework.aio
from fastapi import FastAPI, Request

for name in os.environ["FLOOR_SDKS"].split(","):
    import_module(name)

app = FastAPI()
PROJECT = os.environ["GOOGLE_CLOUD_PROJECT"]


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/profile")
async def profile(request: Request) -> dict[str, Any]:
    """Verify the token where there is one, and read one document: the least that a request to ours does."""
    firestore = import_module("google.cloud.firestore")
    if token := request.headers.get("authorization"):
        firebase_admin, auth = import_module("firebase_admin"), import_module("firebase_admin.auth")
        made = firebase_admin.initialize_app(options={"projectId": PROJECT})
        auth.verify_id_token(token.removeprefix("Bearer "), app=made)
    found = await firestore.AsyncClient(project=PROJECT).collection("users").document("nobody").get()
    return {"found": found.exists}


async def _entry_point(_: Request) -> Callable[..., Awaitable[None]]:
    return app


_entry_point.__name__ = "floor"
floor = cast("Any", functions_framework.aio.http)(_entry_point)
