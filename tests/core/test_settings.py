"""Settings: read from the environment, and unsafe ones stop the start."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from core.settings import EMULATOR_VARIABLES, Settings

OTHERS = ("PUBSUB_EMULATOR_HOST", "FIREBASE_STORAGE_EMULATOR_HOST", "DATASTORE_EMULATOR_HOST", "FIREBASE_EMULATOR_HUB")
SECRET = "a secret that is long enough to be one"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment of a deployment: no emulators, a secret."""
    for name in (*EMULATOR_VARIABLES, *OTHERS, "DOKKER_ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOKKER_SECRET", SECRET)
    monkeypatch.setenv("DOKKER_PROJECT_ID", "dokker-prod")
    monkeypatch.setenv("DOKKER_FUNCTION_URL", "https://{name}.example")
    monkeypatch.setenv("DOKKER_SITE_URL", "https://dokker.example")
    monkeypatch.setenv("DOKKER_SMTP_HOST", "smtp.dokker.example")
    monkeypatch.setenv("DOKKER_MAIL_FROM", "dokker@dokker.example")
    return monkeypatch


class TestProduction:
    def test_is_what_a_forgotten_variable_leads_to(self) -> None:
        assert Settings().environment == "production"

    @pytest.mark.promise("P43")
    @pytest.mark.parametrize("variable", [*EMULATOR_VARIABLES, *OTHERS])
    def test_refuses_each_emulator(self, environment: pytest.MonkeyPatch, variable: str) -> None:
        environment.setenv(variable, "127.0.0.1:1")
        with pytest.raises(ValidationError, match=f"production refuses to start with {variable} set"):
            Settings()

    def test_refuses_an_emulator_that_it_is_told_of_otherwise(self) -> None:
        with pytest.raises(ValidationError, match="FIRESTORE_EMULATOR_HOST"):
            Settings(firestore_emulator_host="127.0.0.1:1")

    @pytest.mark.parametrize("name", ["PROJECT_ID", "FUNCTION_URL", "SITE_URL", "SMTP_HOST", "MAIL_FROM"])
    def test_guesses_neither_project_nor_addresses(self, environment: pytest.MonkeyPatch, name: str) -> None:
        environment.delenv(f"DOKKER_{name}")
        with pytest.raises(ValidationError, match=f"production needs DOKKER_{name}"):
            Settings()

    @pytest.mark.parametrize("secret", ["", "short", "x" * 31])
    def test_refuses_a_secret_that_is_none(self, environment: pytest.MonkeyPatch, secret: str) -> None:
        environment.setenv("DOKKER_SECRET", secret)
        with pytest.raises(ValidationError, match="DOKKER_SECRET"):
            Settings()

    @pytest.mark.promise("P43")
    def test_refuses_a_signing_key_of_its_own(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("DOKKER_SIGNING_KEY", "-----BEGIN PRIVATE KEY-----")
        with pytest.raises(ValidationError, match="DOKKER_SIGNING_KEY"):
            Settings()

    @pytest.mark.promise("P43")
    def test_refuses_to_send_mail_in_clear(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("DOKKER_SMTP_SECURITY", "none")
        with pytest.raises(ValidationError, match="DOKKER_SMTP_SECURITY"):
            Settings()

    def test_says_no_secret_when_it_refuses(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
        with pytest.raises(ValidationError) as caught:
            Settings()
        assert "a secret" not in str(caught.value)
        assert "a secret" not in repr(Settings(environment="local"))

    @pytest.mark.parametrize("origins", ["*", "https://dokker.example,*", " * "])
    def test_refuses_any_origin(self, environment: pytest.MonkeyPatch, origins: str) -> None:
        environment.setenv("DOKKER_ALLOWED_ORIGINS", origins)
        with pytest.raises(ValidationError, match="allowed origins"):
            Settings()


class TestLocally:
    def test_emulators_are_fine_and_a_secret_need_not_be(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("DOKKER_ENVIRONMENT", "local")
        environment.setenv("DOKKER_SECRET", "")
        for variable in EMULATOR_VARIABLES:
            environment.setenv(variable, "127.0.0.1:1")
        settings = Settings()
        assert settings.firestore_emulator_host == settings.tasks_emulator_host == "127.0.0.1:1"
        assert len(settings.key) >= 32


class TestValues:
    def test_come_from_the_environment(self, environment: pytest.MonkeyPatch) -> None:
        for name, value in {
            "PROJECT_ID": "dokker-prod",
            "FIRESTORE_DATABASE": "restored-1",
            "ALLOWED_ORIGINS": "https://a.example, https://b.example,",
            "FUNCTION_URL": "https://{name}-abc.run.app",
            "REQUIRE_APP_CHECK": "true",
            "REVISION_WINDOW_SECONDS": "60",
            "TRASH_DAYS": "7",
        }.items():
            environment.setenv(f"DOKKER_{name}", value)
        settings = Settings()
        assert (settings.project_id, settings.firestore_database) == ("dokker-prod", "restored-1")
        assert settings.allowed_origins == ("https://a.example", "https://b.example")
        assert settings.address_of("files-tasks") == "https://files-tasks-abc.run.app"
        assert settings.account("tasks-invoker") == "tasks-invoker@dokker-prod.iam.gserviceaccount.com"
        assert settings.require_app_check is True
        assert (settings.revision_window, settings.trash_period) == (timedelta(minutes=1), timedelta(days=7))
        assert settings.key == SECRET.encode()

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("ENVIRONMENT", "staging"),
            ("TRASH_DAYS", "0"),
            ("TRASH_DAYS", "many"),
            ("PROJECT_ID", ""),
            ("REVISIONS_KEPT", "-1"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, environment: pytest.MonkeyPatch, name: str, value: str) -> None:
        environment.setenv(f"DOKKER_{name}", value)
        with pytest.raises(ValidationError):
            Settings()

    def test_cannot_be_changed(self) -> None:
        with pytest.raises(ValidationError):
            Settings().project_id = "another"
