"""What a person may say of themselves: each field is checked, and a refusal points at it."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from accounts.profiles.schemas import ProfileChange
from tests.support.api import Api


def _refused(field: str, value: Any) -> bool:
    try:
        ProfileChange.model_validate_json(json.dumps({field: value}))
    except ValidationError as error:
        return [found["loc"] for found in error.errors()] == [(field,)]
    return False


def _kept(field: str, value: Any) -> Any:
    change = ProfileChange.model_validate_json(json.dumps({field: value}))
    return change.model_dump(by_alias=True, exclude_unset=True)[field]


class TestRefusal:
    async def test_points_at_each_field_that_is_wrong(self, api: Api) -> None:
        kari = await api.person("Kari")
        before = await kari.get("/v1/me")
        wrong = {"name": " ", "phone": "12", "locale": "sv", "timeZone": "Europe/Trondheim", "uid": "ola", "state": 1}

        answer = await kari.patch("/v1/me", wrong, if_match=before.etag)

        assert answer.problem == (422, "validation_failed")
        assert sorted(answer.pointers) == sorted(f"/{name}" for name in wrong)
        assert all(fault["code"] and fault["detail"] for fault in answer.json["errors"])
        assert (await kari.get("/v1/me")).etag == before.etag

    async def test_names_a_body_that_is_no_change_at_all(self, api: Api) -> None:
        kari = await api.person("Kari")
        headers = {**kari.headers, "If-Match": "*"}

        async def sent(content: bytes, kind: str = "application/json") -> tuple[int, list[str]]:
            response = await kari.http.patch("/v1/me", content=content, headers={**headers, "Content-Type": kind})
            return response.status_code, [fault["pointer"] for fault in response.json().get("errors", [])]

        assert await sent(b'["Kari"]') == (422, [""])
        assert (await sent(b"{"))[0] == 400
        assert await sent(b'{"name": "Kari", "name": "Ola"}') == (400, ["/name"])
        assert await sent(b'{"name": "Ka\\u0000ri"}') == (400, ["/name"])
        assert await sent(b'{"name": "Ka\\ud800ri"}') == (400, ["/name"])
        assert (await sent('{"name": "Bjørn"}'.encode("latin-1")))[0] == 400
        assert (await sent(b"name=Kari", "application/x-www-form-urlencoded"))[0] == 415

    @pytest.mark.promise("P07")
    async def test_comes_for_a_password(self, api: Api) -> None:
        """Passwords are the identity provider's alone: there is no field that takes one."""
        kari = await api.person("Kari")
        answer = await kari.patch("/v1/me", {"password": "hemmelig"}, if_match="*")
        assert (answer.problem, answer.pointers) == ((422, "validation_failed"), ["/password"])


class TestName:
    @pytest.mark.parametrize("given", ["Kari", "Bjørn-Åge Ærlig", "李小龍", "👩‍🌾 Kari", "مريم", "x", "y" * 200])
    def test_may_be_any_that_people_have(self, given: str) -> None:
        assert _kept("name", given) == given

    def test_loses_surplus_white_space(self) -> None:
        assert _kept("name", "  Kari \u00a0 Nordmann ") == "Kari Nordmann"

    @pytest.mark.parametrize(
        "given",
        [
            "",
            " ",
            "\u00a0\u2003",
            "\u200b",
            "\u2060\u200d",
            "a\x07",
            "a\nb",
            "a\x7f",
            "y" * 201,
            7,
            None,
            ["Kari"],
            True,
        ],
    )
    def test_is_refused_when_nobody_could_read_it(self, given: Any) -> None:
        assert _refused("name", given)


class TestPhone:
    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("22 22 22 22", "+4722222222"),
            ("+47 412 34 567", "+4741234567"),
            ("0047 41234567", "+4741234567"),
            ("+46 8 123 456 78", "+46812345678"),
            ("+1 (650) 253-0000", "+16502530000"),
            (None, None),
        ],
    )
    def test_is_kept_as_e164(self, given: str | None, kept: str | None) -> None:
        assert _kept("phone", given) == kept

    @pytest.mark.parametrize(
        "given", ["", "12", "112", "+47 1", "+999 123456", "ring meg", "+47 22 22 22 22\n", "4" * 33, 22222222]
    )
    def test_is_refused_when_no_telephone_has_it(self, given: Any) -> None:
        assert _refused("phone", given)


class TestLocale:
    def test_is_one_of_the_two_languages(self) -> None:
        assert [_kept("locale", given) for given in ("nb", "en")] == ["nb", "en"]
        assert all(_refused("locale", given) for given in ("nn", "NB", "no", "en-GB", "", None, 1))


class TestTimeZone:
    def test_is_one_that_iana_names(self) -> None:
        given = ["Europe/Oslo", "UTC", "America/Argentina/Buenos_Aires"]
        assert [_kept("timeZone", zone) for zone in given] == given
        wrong = [
            "Europe",
            "Oslo",
            "../../etc/passwd",
            "/etc/localtime",
            "Europe/Oslo\n",
            "+01:00",
            "",
            "x" * 65,
            1,
            None,
        ]
        assert [zone for zone in wrong if not _refused("timeZone", zone)] == []
