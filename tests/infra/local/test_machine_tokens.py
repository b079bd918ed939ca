from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from infra.local import machine_tokens
from infra.local.machine_tokens import machine_token

EMAIL = "tasks@demo.iam.gserviceaccount.com"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def read(segment: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))


def claims(token: str) -> dict[str, Any]:
    return read(token.split(".")[1])


class TestMachineToken:
    def test_is_a_jwt_without_its_signature(self) -> None:
        header, _, signature = machine_token(EMAIL, "https://dokker.example", NOON).split(".")

        assert read(header)["alg"] == "RS256"
        assert signature == "SIGNATURE_REMOVED_BY_GOOGLE"

    def test_says_what_googles_says(self) -> None:
        said = claims(machine_token(EMAIL, "https://dokker.example/brev?til=ærlig", NOON))

        account = said.pop("sub")
        assert said == {
            "iss": "https://accounts.google.com",
            "aud": "https://dokker.example/brev?til=ærlig",
            "azp": account,
            "email": EMAIL,
            "email_verified": True,
            "iat": int(NOON.timestamp()),
            "exp": int(NOON.timestamp()) + 3600,
        }

    def test_has_no_padding(self) -> None:
        tokens = [machine_token(EMAIL, "x" * length, NOON) for length in range(4)]

        assert not any("=" in token for token in tokens)

    def test_numbers_an_account_always_the_same(self) -> None:
        one, again, other = (
            claims(machine_token(email, "x", NOON))["sub"] for email in (EMAIL, EMAIL, "scheduler@demo.iam")
        )

        assert one == again != other
        assert len(one) == 21 and one.isdigit()


class TestMint:
    def test_goes_by_its_clock_at_each_call(self) -> None:
        hours = iter([NOON.replace(hour=1), NOON.replace(hour=2)])
        mint = machine_tokens.mint_by(lambda: next(hours))

        first, second = claims(mint(EMAIL, "x")), claims(mint(EMAIL, "x"))

        assert second["iat"] - first["iat"] == 3600
