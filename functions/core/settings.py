"""Settings: every value that differs between deployments, read once from the environment, each with its meaning.

The environment is `production` unless it says `local`, so a forgotten variable errs on the safe side.
"""

import os
import re
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

REGION: Final = "europe-north1"
"""Where the functions and their queues are; generated files name it as well, so it is no variable."""

EMULATOR_VARIABLES: Final = (
    "FIRESTORE_EMULATOR_HOST",
    "FIREBASE_AUTH_EMULATOR_HOST",
    "STORAGE_EMULATOR_HOST",
    "CLOUD_TASKS_EMULATOR_HOST",
)

_EMULATOR: Final = re.compile(r"_EMULATOR_(?:HOST|HUB)$")
_NEEDED: Final = ("project_id", "function_url", "site_url", "smtp_host", "mail_from")
"""What production cannot guess."""


def _origins(given: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in given:
        raise ValueError("name the allowed origins; '*' would let any page use a signed-in person's token")
    return given


class Settings(BaseSettings):
    """What a function is told by its environment. `DOKKER_X` sets field `x`."""

    model_config = SettingsConfigDict(
        env_prefix="DOKKER_",
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        # What is refused is logged, and the secret may be among it.
        hide_input_in_errors=True,
    )

    environment: Literal["production", "local"] = "production"
    project_id: Annotated[str, Field(min_length=1, description="Google Cloud project")] = "demo-dokker"
    firestore_database: Annotated[str, Field(description="Firestore's database id; a restore makes a new one")] = (
        "(default)"
    )
    secret: Annotated[SecretStr, Field(description="key of all HMACs: tombstones, page tokens, derived ids")] = (
        SecretStr("")
    )
    allowed_origins: Annotated[tuple[str, ...], AfterValidator(_origins), NoDecode] = ()
    site_url: Annotated[str, Field(description="where people meet Dokker; links in mails lead there")] = (
        "https://dokker.example"
    )
    api_url: Annotated[
        str, Field(description="this API's public address, for links that mail programs call; by default the site's")
    ] = ""
    function_url: Annotated[str, Field(description="address of a private function, with {name} in it")] = (
        "https://{name}.invalid"
    )
    require_app_check: bool = False
    file_limit_bytes: Annotated[int, Field(ge=1, description="bytes that one file may have")] = 2 * 1024**3
    storage_limit_bytes: Annotated[
        int, Field(ge=1, description="bytes that the files of one person, or of one Customer, may have together")
    ] = 2 * 1024**3
    clamd_host: Annotated[str, Field(description="ClamAV's daemon; without one nothing is scanned")] = ""
    clamd_port: Annotated[int, Field(ge=1, le=65535)] = 3310
    signing_key: Annotated[
        SecretStr, Field(description="the embedded stack's own key for signed URLs: PEM, or the path of a PEM file")
    ] = SecretStr("")
    smtp_host: Annotated[str, Field(description="the relay that takes our mails; without one none leaves")] = ""
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"], Field(description="`none` is for a server on this machine")
    ] = "starttls"
    mail_from: Annotated[str, Field(description="the sender's address")] = "dokker@dokker.example"
    upload_minutes: Annotated[int, Field(ge=1, le=60, description="how long a signed upload holds")] = 15
    download_minutes: Annotated[int, Field(ge=1, le=60, description="how long a signed download holds")] = 5
    revision_window_seconds: Annotated[
        int, Field(ge=0, description="saves of one author within it are one revision")
    ] = 300
    trash_days: Annotated[int, Field(ge=1, description="days that a document stays in the trash")] = 30
    revisions_kept: Annotated[int, Field(ge=1, description="newest revisions that stay, whatever their age")] = 100
    revisions_kept_days: Annotated[int, Field(ge=1, description="days that older revisions stay")] = 365

    firestore_emulator_host: Annotated[str, Field(alias="FIRESTORE_EMULATOR_HOST")] = ""
    auth_emulator_host: Annotated[str, Field(alias="FIREBASE_AUTH_EMULATOR_HOST")] = ""
    storage_emulator_host: Annotated[str, Field(alias="STORAGE_EMULATOR_HOST")] = ""
    tasks_emulator_host: Annotated[str, Field(alias="CLOUD_TASKS_EMULATOR_HOST")] = ""

    @model_validator(mode="before")
    @classmethod
    def _split_origins(cls, values: dict[str, object]) -> dict[str, object]:
        given = values.get("allowed_origins")
        if isinstance(given, str):
            values["allowed_origins"] = tuple(origin.strip() for origin in given.split(",") if origin.strip())
        return values

    @model_validator(mode="after")
    def _production_is_real(self) -> Self:
        if self.environment != "production":
            return self
        told = {name for name, host in zip(EMULATOR_VARIABLES, self._emulators, strict=True) if host}
        # Google's libraries look for themselves: with the Auth emulator named, firebase-admin takes unsigned tokens.
        if found := sorted(told | {name for name in os.environ if _EMULATOR.search(name) and os.environ[name]}):
            raise ValueError(f"production refuses to start with {', '.join(found)} set")
        if missing := [f"DOKKER_{name.upper()}" for name in _NEEDED if name not in self.model_fields_set]:
            raise ValueError(f"production needs {', '.join(missing)}")
        if self.signing_key.get_secret_value():
            raise ValueError("production refuses to start with DOKKER_SIGNING_KEY set: it signs through IAM")
        if self.smtp_security == "none":
            raise ValueError("production refuses to start with DOKKER_SMTP_SECURITY=none: mails name people")
        if len(self.secret.get_secret_value()) < 32:
            raise ValueError("production needs DOKKER_SECRET, of at least 32 characters")
        return self

    @property
    def _emulators(self) -> tuple[str, ...]:
        return (
            self.firestore_emulator_host,
            self.auth_emulator_host,
            self.storage_emulator_host,
            self.tasks_emulator_host,
        )

    @cached_property
    def key(self) -> bytes:
        """The secret as bytes; the embedded stack has a known one."""
        return (self.secret.get_secret_value() or "the embedded stack keeps no secret").encode()

    @property
    def api_address(self) -> str:
        """The address in front of `/v1/…`."""
        return self.api_url or self.site_url

    def address_of(self, function: str) -> str:
        """Return the base address of a private function, which is also the audience of the tokens for it."""
        return self.function_url.format(name=function)

    def account(self, name: str) -> str:
        """Return the e-mail address of one of the project's service accounts."""
        return f"{name}@{self.project_id}.iam.gserviceaccount.com"

    @property
    def storage_url(self) -> str:
        """Base address of a Cloud Storage server that is not Google's, or nothing."""
        host = self.storage_emulator_host.rstrip("/")
        return f"http://{host}" if host and "://" not in host else host

    @property
    def upload_period(self) -> timedelta:
        return timedelta(minutes=self.upload_minutes)

    @property
    def download_period(self) -> timedelta:
        return timedelta(minutes=self.download_minutes)

    @property
    def trash_period(self) -> timedelta:
        return timedelta(days=self.trash_days)

    @property
    def revision_window(self) -> timedelta:
        return timedelta(seconds=self.revision_window_seconds)
