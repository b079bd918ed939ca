"""schemathesis over the OpenAPI document: requests made from it, by all its phases, and every check on the answers."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar

import schemathesis
from hypothesis import strategies as st
from pydantic import ValidationError
from schemathesis import Case, HookContext, Response
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, Failure, ServerError
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.generation.meta import CoverageScenario, coverage_scenario
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData, UseAfterFree

from accounts.groups.schemas import AssignmentDraft
from core.conditions import PATTERN
from core.ids import random_id
from core.web.schemas import Draft
from documents.discussion.schemas import ConversationDraft
from tests.support import samples
from tests.support.belonging import CLASS
from tests.support.routes import OPENAPI

MEMBER: Final = "kari-nordmann"
"""The uid that the document's examples name: in a run, a member of the Customer."""

D = TypeVar("D", bound=Draft)

_ETAG: Final = re.compile(PATTERN)
_PAGE_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]+")
_PRINCIPAL: Final = re.compile(r"(?:user|group|helpers|customer):[A-Za-z0-9]+")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
_ACCEPTED: Final = ["2xx", "3xx", "401", "403", "404", "409", "412", "429"]
_PLACES: Final = {"token": "query"}
"""Where an id of the cast stands, if not in the path."""

_STILL_THERE: Final = {
    # In the trash a document is still its owner's to read, and so is a revoked invitation.
    "DELETE /v1/documents/{document_id}",
    "DELETE /v1/customers/{customer_id}/invitations/{invitation_id}",
}

_EXCUSED: Final = {
    # No pattern counts different words.
    "too_many_words",
    # Some of Unicode grows when it is put into lower case or composed: a tag of fifty letters may become longer.
    "too_long",
    # How large a file may be depends on its type and on the room that is left.
    "too_large",
    "quota_exceeded",
    # Any bytes may be sent as a picture, and most are none.
    "empty",
    "type_not_allowed",
    "unreadable",
    # To which Customers and groups somebody belongs no document can say.
    "unknown_customer",
    "unknown_group",
    "other_customer",
    # Whose an address is, which groups there are, and which of them one may invite into.
    "own_address",
    "too_many_groups",
    # Who belongs to a Customer is not in the document.
    "not_a_member",
    # Which moments lie ahead, and whom the caller shares a Customer with, no document says.
    "not_in_future",
    "unknown_principal",
    "is_owner",
    "is_yourself",
    # A form is any bytes for the document, and most say no One-Click.
    "not_one_click",
    # Who and what is there to talk with and about, no document can say.
    "cannot_be_mentioned",
    "group_or_people",
    "no_such_comment",
    "oneself",
    "out_of_reach",
}


@dataclass(frozen=True)
class Cast:
    """Who calls, and the ids that most requests are about.

    `tokens` are of those who call the routes after which the person of the run could not go on.
    """

    url: str
    token: str
    tokens: dict[str, str]
    ids: dict[str, Sequence[str | int]]


@dataclass
class Tried:
    """What was sent and what came of it: requests by phase, statuses by operation, and each fault with an example."""

    requests: Counter[str] = field(default_factory=Counter[str])
    statuses: dict[str, set[int]] = field(default_factory=dict[str, set[int]])
    checks: set[str] = field(default_factory=set[str])
    faults: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    @property
    def unserved(self) -> set[str]:
        """The operations that never succeeded: what is below their door was not tried."""
        return {name for name, seen in self.statuses.items() if not any(status < 400 for status in seen)}

    def add(self, phase: str, recorder: ScenarioRecorder) -> None:
        self.requests[phase] += len(recorder.interactions)
        for id_, met in recorder.interactions.items():
            if met.response and not phase.startswith("stateful"):
                self.statuses.setdefault(recorder.cases[id_].value.operation.label, set()).add(met.response.status_code)
        for id_, checks in recorder.checks.items():
            for check in checks:
                self.checks.add(check.name)
                if check.failure_info:
                    met = recorder.interactions.get(id_)
                    said = met.response.text if met and met.response else ""
                    failure = check.failure_info.failure
                    text = f"{failure.title}: {failure.message}\n{check.failure_info.code_sample}\n{said}"
                    self.faults.setdefault((check.name, recorder.cases[id_].value.operation.label), text)


def settings(cast: Cast, seed: int, examples: int, *, thorough: bool) -> dict[str, Any]:
    """What schemathesis is told. A thorough run also tries every parameter's edges; others are the same every time."""
    return {
        "seed": seed,
        "base-url": cast.url,
        "headers": {"Authorization": f"Bearer {cast.token}"},
        "operations": [
            {"include-path": path, "headers": {"Authorization": f"Bearer {token}"}}
            for path, token in cast.tokens.items()
        ],
        "dictionaries": {name: {"values": ids} for name, ids in cast.ids.items()},
        "parameters": {
            f"{_PLACES.get(name, 'path')}.{name}": {"dictionary": name, "probability": 0.8} for name in cast.ids
        },
        "phases": {"coverage": {"enabled": thorough}},
        "checks": {
            # A document cannot say which ETag is the present one (RFC 9110, 13.1.1), nor what was done a minute ago.
            "positive_data_acceptance": {"expected-statuses": _ACCEPTED},
            # What is missing is the condition, for which there is a status of its own (RFC 6585, section 3).
            "missing_required_header": {"expected-statuses": ["401", "428"]},
        },
        "generation": {
            "max-examples": examples,
            "deterministic": not thorough,
            "database": "none",
            "no-shrink": True,
        },
        "continue-on-failure": True,
    }


def try_all(settings: dict[str, Any]) -> Tried:
    """Run all phases: examples, coverage, fuzzing, and sequences of requests. Blocks until all is done."""
    _teach()
    config = SchemathesisConfig.from_dict(settings)
    schema = schemathesis.openapi.from_dict(json.loads(OPENAPI.read_text()), config=config)
    tried = Tried()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            tried.add(event.phase.value, event.recorder)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            tried.faults["error", getattr(event, "label", "")] = str(getattr(event, "value", event))
    return tried


@cache
def _teach() -> None:
    """Tell schemathesis, once a process, what cannot be read in the document.

    Which values of its own formats exist only a database of theirs knows.
    """
    phones = ["+47 22 22 22 22", "22 22 22 22", "+46 8 123 456 78", "+1 (650) 253-0000"]
    schemathesis.openapi.format("phone", st.sampled_from(phones))
    schemathesis.openapi.format("time-zone", st.sampled_from(["Europe/Oslo", "UTC", "America/Argentina/Buenos_Aires"]))
    schemathesis.hook("before_call")(_fitted_in)
    schemathesis.hook("filter_failure")(_is_a_fault)


def _fitted_in(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    """Mend what is right in form, but what only an earlier answer of the API can make right.

    Otherwise it would end nearly every request before the rest of it is looked at. What is wrong in form is left.
    """
    if coverage_scenario(case) is CoverageScenario.MISSING_PARAMETER:
        return  # who mends one thing is taken to have mended what is missing
    headers, query = case.headers, case.query
    for name in ("If-Match", "If-None-Match"):
        if headers.get(name) == "0":
            headers[name] = '"0"'  # the phase of edges takes "0" for a value of this pattern, which it is not
    if case.body:
        case.body = _meant(case.operation.label, case.body)
    if _fits(_ETAG, headers.get("If-Match")):
        headers["If-Match"] = "*"
    if _fits(_KEY, headers.get("Idempotency-Key")):
        headers["Idempotency-Key"] = f"{random_id()}{headers['Idempotency-Key']}"[:200]
    if _fits(_PAGE_TOKEN, query.get("pageToken")):
        del query["pageToken"]
    if isinstance(case.body, dict) and _fits(_PRINCIPAL, case.body.get("principal")):
        # Whom the caller can name; but nothing is to be taken back from them, or there would be nothing to change.
        case.body["principal"] = "group:noen" if case.path.endswith("/withdraw") else "customer:skolen"


def _meant(route: str, body: Any) -> Any:
    """Return the body as somebody sends it who means it."""
    if route == "POST /v1/conversations" and (draft := _read(ConversationDraft, body)):
        return {"groupId": CLASS, "title": draft.title}
    if route.endswith("/assign") and (draft := _read(AssignmentDraft, body)):
        return {"helpers": [MEMBER for _ in draft.helpers]}
    if route == "PUT /v1/me/picture":
        return samples.photo()
    if route == "POST /v1/unsubscribe":
        return {"List-Unsubscribe": "One-Click"}
    return body


def _read(draft: type[D], body: object) -> D | None:
    try:
        return draft.model_validate(body)
    except ValidationError:
        return None


def _fits(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _is_a_fault(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    # functions-framework's own route, `/{path:path}`, matches no line end: it answers before we are asked.
    return "%0A" not in str(response.request.url).partition("?")[0] and _is_ours(failure, case, response)


def _is_ours(failure: Failure, case: Case, response: Response) -> bool:
    match failure:
        case UseAfterFree():
            return failure.operation not in _STILL_THERE
        case EnsureResourceAvailability():
            # What has just been made is offered to nobody, and what is offered is for another to accept.
            return not case.path.endswith(("/transfer", "/transfer/accept"))
        case ServerError():
            # The run has filled its room: the status is of this class (RFC 4918, 11.5), and the client's to mend.
            return response.status_code != 507
        case AcceptedNegativeData():
            # A picture is any bytes, so none are wrong in form.
            return failure.operation != "PUT /v1/me/picture"
        case RejectedPositiveData():
            codes = {fault["code"] for fault in response.json().get("errors", [])}
            return not codes or not codes <= _EXCUSED
        case _:
            return True
