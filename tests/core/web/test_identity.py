"""Identity: who may be believed. Signatures and times against a key set of our own, as the emulator signs nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any, ClassVar

import firebase_admin
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from firebase_admin import _token_gen
from jwt import algorithms
from jwt.utils import base64url_encode

from core.failures import AppCheckFailed, Unauthenticated, Unavailable
from core.ids import random_id
from core.settings import Settings
from core.web.identity import REMEMBERED, REMEMBERED_SECONDS, Identity, NotTheMachine
from tests.core.web.keys import KeyServer, certificate, claims_of, key, pem, served, signed


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    with served({"/certs": {"known": certificate("known")}, "/jwks": {"keys": [_jwk("known")]}}) as made:
        yield made


def _jwk(name: str) -> dict[str, Any]:
    return json.loads(algorithms.RSAAlgorithm.to_jwk(key(name).public_key())) | {"kid": name, "use": "sig"}


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keys: KeyServer) -> str:
    """A project as in production, but for where the certificates lie."""
    account = {
        "type": "service_account",
        "client_email": "fn@demo.iam.gserviceaccount.com",
        "private_key": pem("account"),
        "token_uri": "http://127.0.0.1:1/token",
    }
    (tmp_path / "account.json").write_text(json.dumps(account))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
    monkeypatch.delenv("FIREBASE_AUTH_EMULATOR_HOST", raising=False)
    monkeypatch.setattr(_token_gen, "ID_TOKEN_CERT_URI", f"{keys.url}/certs")
    return f"demo-{random_id().lower()}"


def an_identity(project: str, **settings: Any) -> Identity:
    host = {"FIREBASE_AUTH_EMULATOR_HOST": ""}
    return Identity(Settings(environment="local", project_id=project, **host, **settings))


@pytest.fixture
def identity(project: str) -> Iterator[Identity]:
    yield an_identity(project)
    firebase_admin.delete_app(firebase_admin.get_app(project)) if project in firebase_admin._apps else None


@pytest.mark.promise("P43")
class TestASignedToken:
    async def test_is_believed(self, identity: Identity, project: str) -> None:
        claims = claims_of(project, email="kari@example.com", email_verified=True, staff=True, name="Kari")
        caller = await identity.caller(f"Bearer {signed(claims)}")
        assert (caller.uid, caller.email, caller.email_verified, caller.is_staff, caller.name) == (
            "kari",
            "kari@example.com",
            True,
            True,
            "Kari",
        )
        assert caller.signed_in_at.timestamp() == claims["auth_time"]

    async def test_just_expired_is_believed_for_the_skew_of_our_clocks(self, identity: Identity, project: str) -> None:
        assert await identity.caller(f"Bearer {signed(claims_of(project, exp=int(time()) - 5))}")

    @pytest.mark.parametrize(
        "changes",
        [
            {"exp": int(time()) - 60},
            {"exp": None},
            {"iat": int(time()) + 3_600},
            {"aud": "another-project"},
            {"iss": "https://securetoken.google.com/another-project"},
            {"iss": "https://accounts.google.com"},
            {"sub": ""},
            {"sub": None},
            {"sub": "x" * 129},
            {"sub": "__reserved__"},
            {"sub": "with/slash"},
            {"sub": "not\u200bprintable"},
            {"auth_time": None},
            {"auth_time": 1e300},
            {"firebase": {"tenant": "school-1"}},
            {"firebase": "nothing"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    async def test_with_other_claims_is_refused(
        self, identity: Identity, project: str, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(Unauthenticated):
            await identity.caller(f"Bearer {signed(claims_of(project, **changes))}")

    async def test_of_another_key_is_refused(self, identity: Identity, project: str) -> None:
        for token in (
            signed(claims_of(project), by="stranger", kid="known"),
            signed(claims_of(project), by="stranger"),
            signed(claims_of(project), algorithm="RS512"),
            jwt.encode(claims_of(project), pem("known"), algorithm="RS256"),
        ):
            with pytest.raises(Unauthenticated):
                await identity.caller(f"Bearer {token}")

    async def test_without_a_signature_or_signed_with_the_public_key_is_refused(
        self, identity: Identity, project: str
    ) -> None:
        public = key("known").public_key()
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        secret = public.public_bytes(serialization.Encoding.PEM, form)
        hmac: Any = algorithms.HMACAlgorithm(algorithms.HMACAlgorithm.SHA256)
        parts = jwt.encode(claims_of(project), "x" * 32, algorithm="HS256", headers={"kid": "known"}).rpartition(".")
        forged = hmac.sign(parts[0].encode(), secret)
        none = jwt.encode(claims_of(project), "", algorithm="none", headers={"kid": "known"})
        good = signed(claims_of(project))
        for token in (none, f"{parts[0]}.{base64url_encode(forged).decode()}", good[:-8], good + "A"):
            with pytest.raises(Unauthenticated):
                await identity.caller(f"Bearer {token}")


@pytest.mark.promise("P43")
class TestGarbage:
    @pytest.mark.parametrize(
        "header",
        [
            None,
            "",
            "Bearer",
            "Bearer ",
            "Basic a2FyaTpwYXNz",
            "Bearer x",
            "Bearer ..",
            "Bearer a.b.c",
            "Bearer é.é.é",
            "Bearer W10.W10.W10",
            "Bearer bnVsbA.bnVsbA.",
            "Bearer " + "x" * 100_000,
            "Bearer " + base64url_encode(b"[" * 30_000).decode() + ".e30.e30",
            "Bearer e30." + base64url_encode(b'{"a":' * 30_000).decode() + ".e30",
        ],
        ids=lambda header: str(header)[:30],
    )
    async def test_is_refused(self, identity: Identity, header: str | None) -> None:
        with pytest.raises(Unauthenticated):
            await identity.caller(header)
        with pytest.raises(Unauthenticated):
            identity.machine(header, audience="a", email="e")


class TestRemembering:
    async def test_certificates_are_fetched_once(self, identity: Identity, project: str, keys: KeyServer) -> None:
        for uid in ("kari", "ola", "per"):
            await identity.caller(f"Bearer {signed(claims_of(project, uid))}")
        assert keys.fetched == ["/certs"]

    async def test_a_token_is_not_verified_twice(self, project: str, identity: Identity, keys: KeyServer) -> None:
        token = signed(claims_of(project))
        first = await identity.caller(f"Bearer {token}")
        # What is verified now wants the certificates again, and they cannot be had.
        firebase_admin.delete_app(firebase_admin.get_app(project))
        identity._app = None
        keys.close()
        assert await identity.caller(f"bearer {token}") is first
        with pytest.raises(Unavailable):
            await identity.caller(f"Bearer {signed(claims_of(project, 'ola'))}")

    async def test_is_for_five_minutes_at_most(self, project: str, identity: Identity) -> None:
        await identity.caller(f"Bearer {signed(claims_of(project))}")
        ((_, until),) = identity._known.values()
        assert time() + 290 < until <= time() + REMEMBERED_SECONDS

    async def test_is_no_longer_than_the_token_holds(self, project: str, identity: Identity) -> None:
        token = signed(claims_of(project, exp=int(time()) - 5))
        first = await identity.caller(f"Bearer {token}")
        assert await identity.caller(f"Bearer {token}") is not first

    async def test_is_of_a_thousand_tokens_at_most(self, project: str, identity: Identity) -> None:
        token = signed(claims_of(project))
        first = await identity.caller(f"Bearer {token}")
        for number in range(REMEMBERED):
            identity._remember(str(number).encode(), first, time() + 60)
        assert len(identity._known) == REMEMBERED
        assert await identity.caller(f"Bearer {token}") is not first

    async def test_certificates_that_cannot_be_had_are_not_the_callers_fault(
        self, project: str, identity: Identity, keys: KeyServer
    ) -> None:
        keys.close()
        with pytest.raises(Unavailable):
            await identity.caller(f"Bearer {signed(claims_of(project))}")


async def test_many_at_once_at_the_very_start_are_all_let_in(project: str) -> None:
    tokens = [signed(claims_of(project, f"person-{number}")) for number in range(12)]
    for _ in range(3):
        identity = an_identity(project)
        callers = await asyncio.gather(*(identity.caller(f"Bearer {token}") for token in tokens))
        assert len({caller.uid for caller in callers}) == 12
        firebase_admin.delete_app(firebase_admin.get_app(project))


@pytest.mark.promise("P28")
class TestAppCheck:
    def a_token(self, project: str, **changes: Any) -> str:
        now = int(time())
        claims = {
            "iss": "https://firebaseappcheck.googleapis.com/1",
            "aud": [f"projects/{project}"],
            "sub": "1:1:web:1",
            "exp": now + 60,
            "iat": now,
        }
        return jwt.encode(claims | changes, pem("known"), algorithm="RS256", headers={"kid": "known"})

    @pytest.fixture
    def strict(self, project: str, keys: KeyServer, monkeypatch: pytest.MonkeyPatch) -> Identity:
        from firebase_admin import app_check  # noqa: PLC0415

        monkeypatch.setattr(app_check._AppCheckService, "_JWKS_URL", f"{keys.url}/jwks")
        return an_identity(project, require_app_check=True)

    async def test_is_asked_for_only_when_the_setting_says_so(self, identity: Identity) -> None:
        await identity.check_app(None)
        await identity.check_app("garbage")

    async def test_lets_in_what_an_app_of_ours_sent(self, strict: Identity, project: str) -> None:
        await strict.check_app(self.a_token(project))

    @pytest.mark.parametrize("token", [None, "", "garbage", "a.b.c", "é"])
    async def test_refuses_garbage(self, strict: Identity, token: str | None) -> None:
        with pytest.raises(AppCheckFailed):
            await strict.check_app(token)

    async def test_refuses_what_is_old_or_anothers(self, strict: Identity, project: str) -> None:
        for token in (
            self.a_token(project, exp=int(time()) - 60),
            self.a_token("another-project"),
            self.a_token(project, iss="https://example.com/1"),
            signed(claims_of(project), by="stranger"),
        ):
            with pytest.raises(AppCheckFailed):
                await strict.check_app(token)

    async def test_is_unavailable_without_its_keys(self, strict: Identity, project: str, keys: KeyServer) -> None:
        keys.close()
        with pytest.raises(Unavailable):
            await strict.check_app(self.a_token(project))


class TestMachines:
    GOOD: ClassVar = {"aud": "https://files-tasks", "email": "tasks@x", "email_verified": True, "exp": time() + 600}

    def admitted(self, **changes: Any) -> str:
        token = jwt.encode(self.GOOD | changes, "x" * 32, algorithm="HS256").rpartition(".")[0] + ".SIGNATURE_REMOVED"
        identity = Identity(Settings(environment="local"))
        return identity.machine(f"Bearer {token}", audience="https://files-tasks", email="tasks@x").email

    def test_are_known_by_audience_and_address(self) -> None:
        assert self.admitted() == "tasks@x"

    @pytest.mark.parametrize(
        "changes",
        [{"aud": "https://other"}, {"email": "x@x"}, {"email_verified": False}],
    )
    def test_of_another_service_are_refused(self, changes: dict[str, object]) -> None:
        with pytest.raises(NotTheMachine):
            self.admitted(**changes)

    @pytest.mark.parametrize(
        "changes",
        [
            {"exp": time() - 60},
            {"exp": float("nan")},
            {"exp": "soon"},
            {"exp": None},
            {"aud": ["https://files-tasks"]},
            {"email_verified": "true"},
        ],
        ids=["over", "nan", "text", "none", "audiences", "verified as text"],
    )
    def test_whose_token_ran_out_or_is_none_are_refused(self, changes: dict[str, object]) -> None:
        with pytest.raises(Unauthenticated):
            self.admitted(**changes)
