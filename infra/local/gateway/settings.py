"""What the gateway is told by its environment, which the stack's supervisor sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.places import HOME, PROJECT_ID, ROOT


@dataclass(frozen=True)
class Settings:
    """Where things are. `url` is the gateway's own address, `function_url` a template with a literal `{name}`."""

    url: str
    project_id: str
    function_url: str
    firebase_json: Path = ROOT / "firebase.json"
    openapi: Path = ROOT / "docs" / "openapi.json"
    swagger_ui: Path = ROOT / "node_modules" / "swagger-ui-dist"
    clock_file: Path = HOME.path / "clock.json"
    mails_file: Path = HOME.path / "mails.jsonl"
    tasks_host: str | None = None
    storage_url: str | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, url: str) -> Settings:
        return cls(
            url=url,
            project_id=environ.get("DOKKER_PROJECT_ID", PROJECT_ID),
            function_url=environ.get("DOKKER_FUNCTION_URL") or default_function_url(url),
            clock_file=Path(environ.get("DOKKER_LOCAL_CLOCK", cls.clock_file)),
            mails_file=Path(environ.get("DOKKER_LOCAL_MAILS", cls.mails_file)),
            tasks_host=environ.get("CLOUD_TASKS_EMULATOR_HOST"),
            storage_url=environ.get("STORAGE_EMULATOR_HOST"),
        )

    def address_of(self, function: str) -> str:
        """Return a function's own address, which is also the audience of the tokens that it takes."""
        return self.function_url.replace("{name}", function)


def default_function_url(url: str) -> str:
    """Return the template of the addresses at which the gateway itself serves each function alone."""
    return f"{url}/__local/functions/{{name}}"
