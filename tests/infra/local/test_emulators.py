"""The real parts, really running."""

from collections.abc import Iterator

import pytest
from firebase_admin import App, auth, delete_app, initialize_app
from google.api_core.exceptions import NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore, storage

from tests.support import tokens
from tests.support.emulators import Emulators
from tests.support.storage import ObjectStore


@pytest.fixture
def project(emulators: Emulators) -> str:
    return "demo-emulators"


@pytest.fixture
def app(project: str) -> Iterator[App]:
    app = initialize_app(options={"projectId": project}, name=project)
    yield app
    delete_app(app)


class TestFirestore:
    def test_keeps_projects_apart(self, project: str) -> None:
        here, there = (firestore.Client(name, AnonymousCredentials()) for name in (project, project + "-2"))

        here.document("a/b").set({"title": "Blåbærtur"})

        assert here.document("a/b").get().to_dict() == {"title": "Blåbærtur"}
        assert not there.document("a/b").get().exists


class TestAuth:
    def test_takes_an_unsigned_token_of_any_project(self, project: str, app: App) -> None:
        token = tokens.id_token(project, "kari", "kari@example.com", staff=True)

        claims = auth.verify_id_token(token, app=app)

        assert (claims["uid"], claims["email"], claims["email_verified"], claims["staff"]) == (
            "kari",
            "kari@example.com",
            True,
            True,
        )

    def test_makes_people_by_its_admin_side(self, emulators: Emulators, project: str, app: App) -> None:
        tokens.make_user(emulators.auth, project, "ola", "ola@example.com", displayName="Ola Nordmann")

        person = auth.get_user("ola", app=app)

        assert (person.email, person.email_verified, person.display_name) == ("ola@example.com", True, "Ola Nordmann")

    def test_refuses_a_revoked_token_when_asked(self, emulators: Emulators, project: str, app: App) -> None:
        tokens.make_user(emulators.auth, project, "per", "per@example.com")
        token = tokens.id_token(project, "per", "per@example.com", iat=1_780_000_000)
        tokens.change_user(emulators.auth, project, "per", validSince="1790000000")

        with pytest.raises(auth.RevokedIdTokenError):
            auth.verify_id_token(token, app=app, check_revoked=True)

    def test_signs_in_people_of_its_own_project(self, emulators: Emulators) -> None:
        tokens.make_user(emulators.auth, emulators.project_id, "liv", "liv@example.com", "hemmelig passord")

        assert tokens.sign_in(emulators.auth, "liv@example.com", "hemmelig passord").count(".") == 2


class TestStorage:
    def test_keeps_objects(self, object_store: ObjectStore) -> None:
        client = storage.Client(
            "demo-emulators", AnonymousCredentials(), client_options={"api_endpoint": object_store.url}
        )
        bucket = client.create_bucket("demo-emulators")

        bucket.blob("a/b").upload_from_string(b"abc")

        assert bucket.blob("a/b").download_as_bytes() == b"abc"
        with pytest.raises(NotFound):
            bucket.blob("a/c").download_as_bytes()
