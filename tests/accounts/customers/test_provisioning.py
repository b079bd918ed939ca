"""Provisioning: a list of people is invited, line by line, and again where it stopped."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.records import invitations
from tests.support.api import Answer, Api
from tests.support.belonging import told
from tests.support.customers import Customer, a_customer, a_group, accepts, token


def lines_of(answer: Answer, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(line.get(name) for name in names) for line in answer["lines"]]


async def open_in(school: Customer) -> int:
    return len(await school.db.query(invitations.under().where("customer_id", "==", school.id)))


class TestImport:
    async def test_is_for_those_who_may_invite(self, api: Api) -> None:
        kari, mia, mallory = await api.people("Kari", "Mia", "Mallory")
        school = await a_customer(kari)
        await school.takes(mia)
        assert (await school.imports("en@example.com", by=mia)).problem == (403, "forbidden")
        assert (await school.imports("en@example.com", by=mallory)).problem == (404, "not_found")
        assert (await school.imports("=en@example.com", by=mallory)).problem == (404, "not_found")
        assert await open_in(school) == 1

    async def test_takes_csv_of_a_mebibyte(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari)
        assert (await school.imports("en@example.com", kind="application/json")).problem == (
            415,
            "unsupported_media_type",
        )
        assert (await school.imports(b"," * (1024 * 1024 + 1))).problem == (413, "too_large")
        assert (await school.imports("a@example.com\n" * 1_001)).problem == (413, "too_large")
        assert (await school.imports("")).problem == (422, "validation_failed")
        assert (await school.imports("en@example.com", kind="text/csv; charset=windows-1252"))["invited"] == 1

    @pytest.mark.promise("P35")
    async def test_answers_for_each_line(self, api: Api) -> None:
        kari, anne = await api.people("Kari", "Anne")
        school, other = await a_customer(kari), await a_customer(kari)
        await school.takes(anne, role="admin")
        group_id, foreign = await a_group(school), await a_group(other)
        await school.invites("gammel@example.com")
        text = (
            "E-post;Rolle;Grupper\n"
            f"OLA@example.com;helper;{group_id}\n"
            "\n"
            "ola@Example.com\n"
            "gammel@example.com\n"
            "=cmd|'/c calc'!A0\n"
            "sara@example.com;sjef\n"
            "per@example.com;owner\n"
            f"liv@example.com;;{foreign}\n"
            "eli@example.com;;../x\n"
            f"tor@example.com;;{';'.join(f'g{n}' for n in range(21))}\n"
            f"{anne.email}\n"
        )
        answer = await school.imports(text, by=anne)
        assert (answer.status, answer["invited"]) == (200, 1)
        assert lines_of(answer, "line", "email", "state", "code") == [
            (2, "ola@example.com", "invited", None),
            (4, "ola@example.com", "already_invited", None),
            (5, "gammel@example.com", "already_invited", None),
            (6, None, "invalid", "not_an_address"),
            (7, "sara@example.com", "invalid", "unknown_role"),
            (8, "per@example.com", "invalid", "role_not_allowed"),
            (9, "liv@example.com", "invalid", "unknown_group"),
            (10, "eli@example.com", "invalid", "unknown_group"),
            (11, "tor@example.com", "invalid", "too_many_groups"),
            (12, anne.email.lower(), "invalid", "own_address"),
        ]
        assert "cmd" not in answer.response.text and "sjef" not in answer.response.text
        ids = dict(lines_of(answer, "line", "invitationId"))
        assert ids[2] == ids[4] and ids[6] is None
        made = await kari.get(f"{school.path}/invitations/{ids[2]}")
        assert (made["role"], made["groupIds"], made["email"]) == ("helper", [group_id], "ola@example.com")

    async def test_stops_where_the_seats_end_and_goes_on_from_there(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari, seats=3)
        text = "".join(f"elev{n}@example.com\n" for n in range(4))
        states = lines_of(await school.imports(text), "state", "code")
        assert states == [("invited", None)] * 2 + [("invalid", "no_seats_left")] * 2
        await kari.patch(school.path, {"seats": 5}, if_match="*")
        states = lines_of(await school.imports(text), "state")
        assert states == [("already_invited",)] * 2 + [("invited",)] * 2
        assert (await school.stored()).seats_taken == 5 and await open_in(school) == 4

    @pytest.mark.usefixtures("queues_at_rest")
    async def test_of_a_whole_school_goes_in_several_commits_and_twice_is_once(self, api: Api) -> None:
        kari = await api.person("Kari")
        school = await a_customer(kari, seats=1_001)
        text = "".join(f"elev{n}@example.com\n" for n in range(1_000))
        api.wire.reset()
        first = await school.imports(text)
        assert (first["invited"], api.wire.rpcs.count("Commit")) == (1_000, 7)
        assert (await school.stored()).seats_taken == 1_001
        again = await school.imports(text)
        assert again["invited"] == 0
        assert lines_of(again, "invitationId") == lines_of(first, "invitationId")
        assert await open_in(school) == 1_000

    async def test_leads_into_the_customer(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        school = await a_customer(kari)
        (line,) = (await school.imports(f"{ola.email};admin"))["lines"]
        assert [notice.invitation_id for notice in await told(api)] == [line["invitationId"]]
        assert (await accepts(ola, await token(api, line["invitationId"])))["role"] == "admin"
