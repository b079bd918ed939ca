"""Provisioning: a whole list of people is invited, each line with an answer of its own.

It goes in several commits, each with the seats that it takes. Ended half way, the same list goes on where it stopped:
whoever has an open invitation is not invited again.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from accounts.customers import authority, inviting, spreadsheet
from accounts.customers.inviting import AT_ONCE, MOST_GROUPS, Outcome, Wish
from accounts.customers.spreadsheet import Line
from accounts.profiles.admission import Need, admit
from accounts.records import customers
from core.caller import Caller
from core.data.database import Database
from core.failures import Fault, Invalid
from core.ids import ID_PATTERN, is_storable, random_id
from core.services.outbox import hand_over
from core.services.queue import Tasks

MOST_GROUPS_IN_ALL: Final = 200
"""Groups that one list names: each is looked up."""


class LineState(StrEnum):
    """What became of a line."""

    INVITED = "invited"
    ALREADY_INVITED = "already_invited"
    INVALID = "invalid"


@dataclass(frozen=True)
class LineAnswer:
    """What became of one line; `email` is given back only where it is an address."""

    line: int
    state: LineState
    email: str | None = None
    code: str | None = None
    invitation_id: str | None = None


async def provision(
    db: Database, tasks: Tasks, secret: bytes, caller: Caller, customer_id: str, content: bytes, now: datetime
) -> list[LineAnswer]:
    """Invite everybody on a list (see `spreadsheet`). Returns an answer for each line, in their order.

    Raises CustomerNotFound, CustomerForbidden, Invalid and TooLarge before anybody is invited; RateLimited may come
    after a part of the list.
    """
    profile, customer = await admit(db, caller, Need.WRITE, customers.at(customer_id), heavy=authority.HEAVY)
    inviting.demand_inviter(profile, customer_id, customer)
    lines = [_with_fault(line) for line in spreadsheet.read(content)]
    _refuse_too_many_groups(lines)
    answers = {line.number: _invalid(line, line.fault) for line in lines if line.fault}
    for part in _parts([line for line in lines if not line.fault]):
        wishes = [_wish(line) for line in part]
        outcomes, told = await inviting.invite(db, secret, caller, customer_id, wishes, now)
        await hand_over(tasks, *told)
        answers |= {line.number: _answer(line, outcome) for line, outcome in zip(part, outcomes, strict=True)}
    return [answers[line.number] for line in lines]


def _with_fault(line: Line) -> Line:
    fault = line.fault
    if len(line.group_ids) > MOST_GROUPS:
        fault = "too_many_groups"
    elif not all(re.fullmatch(ID_PATTERN, one) and is_storable(one) for one in line.group_ids):
        fault = inviting.Refusal.UNKNOWN_GROUP
    return Line(line.number, line.email, line.role, line.group_ids, fault)


def _refuse_too_many_groups(lines: Iterable[Line]) -> None:
    if len({one for line in lines if not line.fault for one in line.group_ids}) > MOST_GROUPS_IN_ALL:
        detail = f"A list names {MOST_GROUPS_IN_ALL} groups at most. Send it in parts."
        raise Invalid(detail, faults=[Fault("", "too_many_groups", detail)])


def _parts(lines: list[Line]) -> Iterator[list[Line]]:
    for start in range(0, len(lines), AT_ONCE):
        yield lines[start : start + AT_ONCE]


def _wish(line: Line) -> Wish:
    assert line.email
    return Wish(line.email, line.role, line.group_ids, seed=random_id(), fingerprint="")


def _answer(line: Line, outcome: Outcome) -> LineAnswer:
    if outcome.invitation is None:
        return _invalid(line, outcome.refusal)
    state = LineState.INVITED if outcome.is_new else LineState.ALREADY_INVITED
    return LineAnswer(line.number, state, line.email, None, outcome.invitation.id)


def _invalid(line: Line, code: str | None) -> LineAnswer:
    return LineAnswer(line.number, LineState.INVALID, line.email, code)
