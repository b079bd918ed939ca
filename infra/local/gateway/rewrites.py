"""Which function serves a path: the `hosting.rewrites` of firebase.json, matched as Firebase Hosting matches them.

Hosting matches with minimatch: `*` stays within a segment, `**` as a whole segment crosses any number of them, and
`/a/**` is about what lies below `/a`, not `/a` itself.
Source: https://firebase.google.com/docs/hosting/full-config#glob_pattern_matching
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_UNSUPPORTED = re.compile(r"[?{}\[\]()!@+]")


@dataclass(frozen=True)
class Rewrite:
    """One entry of the ordered list: a glob over the percent-encoded path, and the service behind it."""

    source: str
    service: str

    def matches(self, path: str) -> bool:
        return matches(self.source, path)


@dataclass(frozen=True)
class HostingConfig:
    """The part of firebase.json that the gateway follows: rewrites in order, and static files with their headers."""

    rewrites: tuple[Rewrite, ...]
    public: Path
    headers: tuple[tuple[str, dict[str, str]], ...] = ()

    def service_for(self, path: str) -> str | None:
        """Return the service of the first rewrite that matches the percent-encoded path."""
        return next((rewrite.service for rewrite in self.rewrites if rewrite.matches(path)), None)

    def headers_for(self, path: str) -> dict[str, str]:
        """Return the headers that are set on the static file of this path."""
        return {
            name: value for source, headers in self.headers if matches(source, path) for name, value in headers.items()
        }


def matches(glob: str, path: str) -> bool:
    """Tell whether the glob matches the percent-encoded path. Raises ValueError as `_expression` does."""
    return _pattern(glob).fullmatch(path) is not None


@lru_cache
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(_expression(glob))


def _expression(source: str) -> str:
    """Translate a glob into a regular expression. Raises ValueError for syntax that the generator never writes."""
    if _UNSUPPORTED.search(source) or not source.startswith("/"):
        raise ValueError(
            f"the rewrite source {source!r} is more than '*' and '**' below '/': the gateway knows no more"
        )
    *folders, last = source[1:].split("/")
    before = "".join("(?:[^/]+/)*" if folder == "**" else f"{_segment(folder)}/" for folder in folders)
    # As minimatch has it, a trailing slash makes no difference to a path that is otherwise matched.
    return f"/{before}.*" if last == "**" else f"/{before}{_segment(last)}/?"


def _segment(glob: str) -> str:
    if glob == "*":
        return "[^/]+"
    return re.sub(r"(?:\\\*)+", "[^/]*", re.escape(glob))


def parse(configuration: dict[str, Any], root: Path) -> HostingConfig:
    """Read a parsed firebase.json that stands in `root`. Raises ValueError where a rewrite leads to no service."""
    hosting: dict[str, Any] = configuration.get("hosting", {})
    rewrites: Sequence[dict[str, Any]] = hosting.get("rewrites", [])
    public = root / hosting.get("public", "infra/hosting")
    return HostingConfig(tuple(map(_rewrite, rewrites)), public, tuple(map(_headers, hosting.get("headers", []))))


def _rewrite(entry: dict[str, Any]) -> Rewrite:
    try:
        rewrite = Rewrite(entry["source"], entry["run"]["serviceId"])
    except (KeyError, TypeError):
        raise ValueError(f"the rewrite {entry} is not a 'source' with a 'run.serviceId'") from None
    _expression(rewrite.source)
    return rewrite


def _headers(entry: dict[str, Any]) -> tuple[str, dict[str, str]]:
    source = f"/{entry['source'].lstrip('/')}"  # "404.html" is how a file of the root may be written there
    _expression(source)
    return source, {header["key"]: header["value"] for header in entry["headers"]}


class ConfigFile:
    """firebase.json as it is now: `make manifest` writes it anew while the gateway runs."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, HostingConfig] | None = None

    def current(self) -> HostingConfig:
        """Return the configuration; a missing file is one without rewrites."""
        try:
            version = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return parse({}, self._path.parent)
        if self._read is None or self._read[0] != version:
            self._read = version, parse(json.loads(self._path.read_bytes()), self._path.parent)
        return self._read[1]
