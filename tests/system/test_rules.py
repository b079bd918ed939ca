"""Clients never touch the database or the files directly: the rules deny everything, whoever asks."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.local.emulators import Firestore
from infra.local.places import ROOT
from tests.support.tokens import id_token

DENYING, ALLOWING = "demo-denying", "demo-allowing"
OPEN = "service cloud.firestore { match /databases/{d}/documents { match /{all=**} { allow read, write; } } }"
OWNER = "owner"
"""The token by which the emulator knows a server, for whom no rules count."""

KARI = {"fields": {"uid": {"stringValue": "kari"}}}


@pytest.fixture(scope="module")
def firestore(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator that has loaded our rules, and for one project rules that let everybody in."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(Firestore.variable, raising=False)
        emulator = Firestore(tmp_path_factory.mktemp("rules"), rules=ROOT / "firestore.rules")
        emulator.start()
        try:
            emulator.wait()
            wish = {"rules": {"files": [{"name": "firestore.rules", "content": OPEN}]}}
            url = f"{emulator.url}/emulator/v1/projects/{ALLOWING}:securityRules"
            httpx.put(url, json=wish, timeout=30).raise_for_status()
            yield emulator.url
        finally:
            emulator.stop()


def _attempts(firestore: str, project: str, token: str) -> dict[str, int]:
    """Try all that a client can do with a person's own profile. Returns the status of each."""
    root = f"{firestore}/v1/projects/{project}/databases/(default)/documents"
    query = {"structuredQuery": {"from": [{"collectionId": "users"}], "limit": 1}}
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        tried = {
            "write": client.patch(f"{root}/users/kari", json=KARI),
            "read": client.get(f"{root}/users/kari"),
            "list": client.get(f"{root}/users"),
            "query": client.post(f"{root}:runQuery", json=query),
            "delete": client.delete(f"{root}/users/kari"),
        }
    return {name: answer.status_code for name, answer in tried.items()}


class TestFirestore:
    @pytest.mark.promise("P43")
    def test_refuses_a_signed_in_person_everything(self, firestore: str) -> None:
        token = id_token(DENYING, "kari", "kari@example.com")
        assert set(_attempts(firestore, DENYING, token).values()) == {403}

    def test_serves_a_server(self, firestore: str) -> None:
        assert set(_attempts(firestore, DENYING, OWNER).values()) == {200}

    def test_would_serve_the_person_under_other_rules(self, firestore: str) -> None:
        """So it is the rules that refuse, and not the token."""
        token = id_token(ALLOWING, "kari", "kari@example.com")
        assert set(_attempts(firestore, ALLOWING, token).values()) == {200}


@pytest.mark.parametrize("name", ["firestore.rules", "storage.rules"])
class TestFiles:
    def test_allow_nothing(self, name: str) -> None:
        conditions = re.findall(r"\ballow\b[^;]*;", _code(ROOT / name))
        assert conditions == ["allow read, write: if false;"]


def _code(file: Path) -> str:
    return re.sub(r"//.*", "", file.read_text())
