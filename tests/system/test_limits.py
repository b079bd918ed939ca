"""Every limit that the OpenAPI document states: at it a value is taken, beyond it refused by its pointer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.api import Answer, Api, Person
from tests.support.customers import SCHOOL
from tests.support.routes import OPENAPI, Route, routes

DOCUMENT: dict[str, Any] = json.loads(OPENAPI.read_text())


# What a body must hold besides.
NEEDED: dict[str, dict[str, Any]] = {
    "POST /v1/documents/{document_id}/files": {"name": "a.txt", "contentType": "text/plain", "size": 3},
    "POST /v1/documents/{document_id}/comments": {"body": "Fint!"},
    "PATCH /v1/documents/{document_id}/comments/{comment_id}": {"body": "Fint!"},
    "PUT /v1/documents/{document_id}/comments/read": {},
    "POST /v1/conversations": {"groupId": "klassen"},
    "POST /v1/conversations/{conversation_id}/messages": {"body": "Hei!"},
    "PATCH /v1/conversations/{conversation_id}/messages/{message_id}": {"body": "Hei!"},
    "PUT /v1/conversations/{conversation_id}/read": {},
    "POST /v1/customers": SCHOOL,
    "POST /v1/customers/{customer_id}/invitations": {"email": "ny@example.com"},
    "PATCH /v1/customers/{customer_id}/members/{uid}": {"role": "helper"},
    "POST /v1/customers/{customer_id}/groups": {"name": "3B Turlag"},
    "PUT /v1/customers/{customer_id}/groups/{group_id}/members/{uid}": {"role": "member"},
    "POST /v1/customers/{customer_id}/groups/{group_id}/assign": {"helpers": ["kari"]},
    "POST /v1/customers/{customer_id}/groups/{group_id}/transfer": {"customerId": "koret"},
    "POST /v1/documents/{document_id}/shares": {"email": "ola@example.com", "role": "viewer"},
    "POST /v1/documents/{document_id}/transfer": {"principal": "customer:skolen"},
}
# Fields of which a body holds one alone.
ALTERNATIVES = ({"customerId", "ownerId"}, {"groupId", "people"})


@dataclass(frozen=True)
class Limit:
    """A place of a request, as a pointer names it, with a value at its limit and one beyond."""

    route: str
    place: str
    at: Any
    beyond: Any

    def __str__(self) -> str:
        return f"{self.route} {self.place} {str(self.beyond)[:3]}{len(str(self.beyond))}"


def limits() -> Iterator[Limit]:
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            for place, schema in places(operation):
                for at, beyond in edges(schema):
                    yield Limit(f"{method.upper()} {path}", place, at, beyond)


def places(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for parameter in operation.get("parameters", []):
        yield f"/{parameter['in']}/{parameter['name']}", parameter["schema"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if body:
        for name, schema in resolved(body["schema"])["properties"].items():
            yield f"/{name}", schema


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    return DOCUMENT["components"]["schemas"][reference.rpartition("/")[2]] if reference else schema


def edges(schema: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Values at a limit and beyond it. Of a format that only a database knows there are none to be made up."""
    for option in schema.get("anyOf", [schema]):
        if "format" in option or "examples" in option:
            continue
        if most := option.get("maxLength"):
            yield "x" * most, "x" * (most + 1)
        if option.get("pattern", "").endswith("{1,128}$"):
            yield "x" * 128, "x" * 129
        if option.get("minLength"):
            yield "x" * option["minLength"], ""
        if "minimum" in option:
            yield option["minimum"], option["minimum"] - 1
        if "maximum" in option:
            yield option["maximum"], option["maximum"] + 1
        if most := option.get("maxItems"):
            yield [str(number) for number in range(most)], [str(number) for number in range(most + 1)]


LIMITS = list(limits())


async def sent(person: Person, limit: Limit, value: Any, document_id: str) -> Answer:
    """A request that is good but for this value."""
    route: Route = routes()[limit.route]
    _, kind, name = limit.place.split("/") if limit.place.count("/") == 2 else ("", "body", limit.place[1:])
    fill = {"document_id": document_id, "uid": person.uid, "number": "1"}
    names = ("device_id", "file_id", "customer_id", "invitation_id", "group_id", "share_id", "comment_id")
    fill |= dict.fromkeys((*names, "conversation_id", "message_id", "notice_id"), "a")
    headers = {"If-Match": "*", **person.headers}
    query = ""
    content: dict[str, Any] = {}
    if kind == "path":
        fill[name] = quote(str(value), safe="")
    elif kind == "query":
        query = f"?{name}={quote(str(value))}"
    elif kind == "header":
        headers[name] = value
    if route.declared.path.endswith("/import"):
        kind = "text/csv" if "customers" in route.declared.path else "text/markdown"
        headers["Content-Type"], content = kind, {"content": b"# Tur"}
    elif route.declared.method in ("POST", "PATCH") or limit.route in NEEDED:
        given = {name: value} if kind == "body" else {}
        others = {other for fields in ALTERNATIVES if name in fields for other in fields}
        needed = {field: one for field, one in NEEDED.get(limit.route, {}).items() if field not in others}
        content = {"json": {**needed, **given}}
    path = route.declared.path.format_map(fill) + query
    return Answer(await person.http.request(route.declared.method, path, headers=headers, **content))


def leads_nowhere(answer: Answer) -> bool:
    """Tell whether an id was refused for its meaning alone: it has the form of one, and the person knows none such."""
    codes = {fault["code"] for fault in answer.json["errors"]} if answer.status == 422 else set[str]()
    return bool(codes) and codes <= {"unknown_customer", "unknown_group", "out_of_reach", "no_such_comment"}


class TestLimits:
    def test_are_of_every_kind(self) -> None:
        kinds = {limit.place.split("/")[1] for limit in LIMITS if limit.place.count("/") == 2}
        assert kinds == {"path", "query", "header"}
        assert {"/title", "/tags", "/name"} <= {limit.place for limit in LIMITS}

    @pytest.mark.parametrize("route", sorted({limit.route for limit in LIMITS}))
    async def test_hold_at_their_edge_and_no_further(self, api: Api, route: str) -> None:
        kari = await api.person("Kari")
        document = await kari.writes("Tur")

        for limit in (limit for limit in LIMITS if limit.route == route):
            taken = await sent(kari, limit, limit.at, document.id)
            refused = await sent(kari, limit, limit.beyond, document.id)

            assert leads_nowhere(taken) or taken.status in (200, 201, 204, 302, 404, 409, 413), (
                f"{limit}: {taken.response.text}"
            )
            # What no address can name is not there.
            said = (404, "not_found") if "/path/" in limit.place else (422, "validation_failed")
            assert refused.problem == said, limit
            assert limit.place in refused.pointers or limit.beyond == "", limit
