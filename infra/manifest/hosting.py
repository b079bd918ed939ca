"""firebase.json: what Firebase Hosting serves, and which function answers which path.

Source: https://firebase.google.com/docs/hosting/full-config
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from core.functions import Function, Trigger
from core.settings import REGION
from infra.local import ports
from infra.manifest.files import Generated, as_json

PUBLIC: Final = "infra/hosting"
"""The folder whose files Hosting serves as they are."""

MOST_SECONDS: Final = 60
"""Hosting waits no longer for a function: https://firebase.google.com/docs/hosting/cloud-run"""


def generated(functions: Iterable[Function]) -> Generated:
    """Return firebase.json. Raises ValueError when two functions claim a path, or one cannot be public."""
    return Generated("firebase.json", as_json(configuration(functions)))


def configuration(functions: Iterable[Function]) -> dict[str, Any]:
    """Return what firebase.json holds; of the functions, Hosting knows the public ones alone."""
    return {
        "$schema": "./node_modules/firebase-tools/schema/firebase-config.json",
        "hosting": {
            "public": PUBLIC,
            "ignore": ["**/.*"],
            "headers": _HEADERS,
            "rewrites": rewrites(functions),
        },
        "firestore": {"rules": "firestore.rules", "indexes": "firestore.indexes.json"},
        "storage": {"rules": "storage.rules"},
        "emulators": _emulators(),
    }


def rewrites(functions: Iterable[Function]) -> list[dict[str, Any]]:
    """Return the rewrites, the more specific glob first, as Hosting takes the first that matches."""
    claims: dict[str, str] = {}
    for function in functions:
        if function.trigger is Trigger.HTTP:
            _check_patience(function)
            _check_audience(function)
            _claim(claims, function.name, function.paths)
    return [
        {"source": glob, "run": {"serviceId": claims[glob], "region": REGION}}
        for glob in sorted(claims, key=specificity)
    ]


def specificity(glob: str) -> list[tuple[int, str]]:
    """Return a key by which globs sort segment by segment: a literal before `*` before `**`, then by letters."""
    return [(_openness(segment), segment) for segment in glob.split("/")]


def _openness(segment: str) -> int:
    return {"*": 2, "**": 3}.get(segment, 1 if "*" in segment else 0)


def _claim(claims: dict[str, str], name: str, paths: Sequence[str]) -> None:
    for glob in paths:
        if glob in claims:
            raise ValueError(f"{glob} is claimed by {claims[glob]!r} and by {name!r}; a path has one function")
        claims[glob] = name


def _check_patience(function: Function) -> None:
    if function.resources.timeout > MOST_SECONDS:
        raise ValueError(
            f"{function.name!r} may take {function.resources.timeout} s, and Hosting waits {MOST_SECONDS} s: "
            "do the rest in a task"
        )


def _check_audience(function: Function) -> None:
    """Raise ValueError for a route that relies on IAM, which asks nobody who comes through Hosting."""
    private = [route.path for route in function.application.declared if route.audience in ("machine", "event")]
    if private:
        raise ValueError(f"{function.name!r} is public, and {private} are for machines: give them a private function")


def _emulators() -> dict[str, Any]:
    """Return the section by which firebase-tools' own emulators stand where the embedded stack's would."""
    chosen = {name: {"host": ports.ADDRESS, "port": ports.DEFAULTS[name]} for name in ("auth", "firestore", "storage")}
    return {**chosen, "ui": {"enabled": False}}


def _header(source: str, **values: str) -> dict[str, Any]:
    pairs = [{"key": name.replace("_", "-"), "value": value} for name, value in values.items()]
    return {"source": source, "headers": pairs}


# Functions set the headers of their own answers (core.web.edge); these are for the static files alone.
_HEADERS: Final = [
    _header(
        "/openapi.json",
        Access_Control_Allow_Origin="*",
        Cache_Control="public, max-age=300",
        X_Content_Type_Options="nosniff",
    ),
    _header(
        "404.html",
        Cache_Control="public, max-age=300",
        Content_Security_Policy="default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        Referrer_Policy="no-referrer",
        X_Content_Type_Options="nosniff",
    ),
]
