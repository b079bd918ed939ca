from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from tests.infra.local.gateway.conftest import Gateway, MakeGateway


def ahead(moment: str) -> timedelta:
    """How far that moment lies ahead, to the minute."""
    return timedelta(minutes=round((datetime.fromisoformat(moment) - datetime.now(UTC)) / timedelta(minutes=1)))


class TestClock:
    async def test_runs_with_the_machine_at_first(self, gateway: Gateway) -> None:
        shown = (await gateway.get("/__local/clock")).json()

        assert shown["offset"] == "P0D"
        assert ahead(shown["now"]) == timedelta()

    async def test_moves_for_every_function_and_adds_up(self, gateway: Gateway) -> None:
        await gateway.post("/__local/clock", json={"advance": "P15D"})
        shown = (await gateway.post("/__local/clock", json={"advance": "PT36H"})).json()

        seen = (await gateway.get("/v1/letters")).json()
        assert shown["offset"] == "P16DT12H"
        assert ahead(seen["now"]) == ahead(shown["now"]) == timedelta(days=16, hours=12)
        assert json.loads(gateway.settings.clock_file.read_text()) == {"offsetSeconds": 16.5 * 86_400}

    async def test_keeps_identity_on_wall_time(self, gateway: Gateway) -> None:
        await gateway.post("/__local/clock", json={"advance": "P15D"})

        assert ahead(clock.wall().isoformat()) == timedelta()

    async def test_is_where_it_was_after_a_restart(self, gateway: Gateway, make_gateway: MakeGateway) -> None:
        await gateway.post("/__local/clock", json={"advance": "P1D"})
        clock.shift(timedelta())

        make_gateway()

        assert ahead(clock.now().isoformat()) == timedelta(days=1)

    @pytest.mark.parametrize(
        "body",
        [
            {"advance": "-P1D"}, {"advance": "P0D"}, {"advance": "PT0.5S"}, {"advance": "15 days"}, {"advance": ""},
            {"advance": "P9999Y"}, {"advance": "P99999999999D"}, {"advance": 15}, {}, [], "P1D",
        ],
    )  # fmt: skip
    async def test_refuses_what_is_no_step_ahead(self, gateway: Gateway, body: object) -> None:
        answer = await gateway.post("/__local/clock", json=body)

        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        assert answer.json()["errors"][0]["pointer"] == "/advance"
        assert (await gateway.get("/__local/clock")).json()["offset"] == "P0D"

    async def test_refuses_what_is_no_json(self, gateway: Gateway) -> None:
        answer = await gateway.post("/__local/clock", content="P15D")

        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_request")
