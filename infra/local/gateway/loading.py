"""The functions, loaded as functions-framework loads them in Cloud Functions, all in this one process."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions_framework import aio
from starlette.types import ASGIApp

from core.functions import Function, registry


@dataclass(frozen=True)
class Served:
    """One function: what the registry says of it, and the ASGI app that functions-framework makes of it."""

    function: Function
    app: ASGIApp


def load(source: Path) -> dict[str, Served]:
    """Return every function of the front door by its name.

    `source` is a main.py with a table ENTRY_POINTS. Whatever an import raises, comes through.
    """
    entry_points: Mapping[str, str] = runpy.run_path(str(source))["ENTRY_POINTS"]
    apps = {entry_point: _application(entry_point, source) for entry_point in entry_points}
    declared = {function.entry_point: function for function in registry.values()}
    return {declared[name].name: Served(declared[name], app) for name, app in apps.items()}


def _application(entry_point: str, source: Path) -> ASGIApp:
    framework: Any = aio
    return framework.create_asgi_app(target=entry_point, source=str(source), signature_type="http")
