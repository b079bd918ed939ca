"""The stage of a journey: people who sign in as clients do, and steps that are shown and checked."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from infra.local.auth_accounts import OWNER, accounts_url
from infra.local.places import PROJECT_ID


class Unexpected(Exception):
    """A step came out otherwise than the journey says; what follows would make no sense."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a real ID token of the Auth emulator."""

    name: str
    uid: str
    email: str
    token: str


@dataclass(frozen=True)
class Outcome:
    """One step as it is shown."""

    step: str
    request: str
    answer: str
    as_expected: bool


class Stage:
    """Where a journey happens: `api` and `auth` are addresses, every outcome goes to `show`."""

    def __init__(
        self, api: str, auth: str, show: Callable[[Outcome], None], *, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._auth = auth
        self._show = show
        self._client = httpx.Client(base_url=api, timeout=30, trust_env=False, transport=transport)

    def close(self) -> None:
        self._client.close()

    def sign_up(self, name: str, *, verified: bool = False) -> Person:
        """Make an account as an app does, by e-mail address and password.

        `verified` has the address confirmed as if the link in Firebase's own mail had been followed.
        """
        email = f"{name.partition(' ')[0].lower()}-{secrets.token_hex(4)}@example.org"
        known = {"email": email, "password": secrets.token_urlsafe(16), "returnSecureToken": True}
        request = self._accounts("signUp", {**known, "displayName": name})
        account = self._take(f"{name} signs up", request, expect={200}, tells=("email",), holds=_always).json()
        if verified:
            self._confirm(account["localId"])
            account = self._client.send(self._accounts("signInWithPassword", known)).raise_for_status().json()
        person = Person(name, account["localId"], email, account["idToken"])
        # The first call makes the profile, as a client's first page does.
        self.look(person, "/v1/me")
        return person

    def _accounts(self, verb: str, body: Mapping[str, object]) -> httpx.Request:
        url = f"{self._auth}/identitytoolkit.googleapis.com/v1/accounts:{verb}"
        return self._client.build_request("POST", url, params={"key": "any"}, json=body)

    def _confirm(self, uid: str) -> None:
        url = f"{accounts_url(self._auth, PROJECT_ID)}:update"
        self._client.post(url, json={"localId": uid, "emailVerified": True}, headers=OWNER).raise_for_status()

    def mails(self, to: str) -> list[Any]:
        """Return the mails that the stack's catcher keeps for an address, newest first."""
        return self._client.get("/__local/mails", params={"to": to}).raise_for_status().json()["items"]

    def step(
        self,
        what: str,
        person: Person | None,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, str] | None = None,
        if_match: str | None = None,
        expect: Collection[int],
        tells: Collection[str] = (),
        holds: Callable[[Any], bool] | None = None,
    ) -> httpx.Response:
        """Ask the API and show what came back.

        The step is as expected when the status is one of `expect` and `holds` is true of the JSON; `tells` names the
        fields that are shown. Raises Unexpected otherwise.
        """
        headers = {"Authorization": f"Bearer {person.token}"} if person else {}
        headers |= {"If-Match": if_match} if if_match else {}
        request = self._client.build_request(method, path, params=params, json=body, headers=headers)
        return self._take(what, request, expect=expect, tells=tells, holds=holds or _always)

    def look(self, person: Person, path: str) -> Any:
        """Ask the API for something without showing it, while waiting for it to change."""
        return self._client.get(path, headers={"Authorization": f"Bearer {person.token}"}).raise_for_status().json()

    def elsewhere(
        self,
        what: str,
        method: str,
        url: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        holds: Callable[[httpx.Response], bool],
    ) -> httpx.Response:
        """Ask another server at an address that the API gave, as a browser does: without a token of ours."""
        request = self._client.build_request(method, url, content=content, headers=headers)
        answer = self._client.send(request)
        as_expected = answer.is_success and holds(answer)
        told = f"{gist(answer, ())}\n{answer.headers.get('content-type', '')}, {len(answer.content)} bytes"
        self._show(Outcome(what, f"{method} {request.url.host}{request.url.path}", told, as_expected))
        if not as_expected:
            raise Unexpected(f"{what}: {answer.status_code}")
        return answer

    def _take(
        self,
        what: str,
        request: httpx.Request,
        *,
        expect: Collection[int],
        tells: Collection[str],
        holds: Callable[[Any], bool],
    ) -> httpx.Response:
        answer = self._client.send(request)
        as_expected = answer.status_code in expect and holds(_content(answer))
        self._show(Outcome(what, _asked(request), gist(answer, tells), as_expected))
        if not as_expected:
            raise Unexpected(f"{what}: {answer.status_code} {answer.text}")
        return answer


def gist(answer: httpx.Response, tells: Collection[str]) -> str:
    """Say what matters of an answer: status, a problem's code, the named fields, titles of a list, the ETag."""
    content: Any = _content(answer)
    told = [f"{answer.status_code} {answer.reason_phrase}"]
    if content is not None:
        names: Collection[str] = ("code", "detail") if answer.is_error else tells
        told += [f"{name}: {content[name]}" for name in names if name in content]
        if "items" in content:
            told.append(f"items: {[item.get('title', item.get('id')) for item in content['items']]}")
    if etag := answer.headers.get("etag"):
        told.append(f"ETag: {etag}")
    return "\n".join(told)


def _content(answer: httpx.Response) -> Any:
    return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else None


def _asked(request: httpx.Request) -> str:
    """The request as a person would write it: query readable, and of the Auth emulator's long path the end alone."""
    path, query = request.url.path, ""
    if "/accounts:" in path:
        path = f"…/{path.rpartition('/')[2]}"
    elif request.url.params:
        query = "?" + "&".join(f"{name}={value}" for name, value in request.url.params.multi_items())
    condition = f"\nIf-Match: {request.headers['if-match']}" if "if-match" in request.headers else ""
    return f"{request.method} {path}{query}{condition}"


def _always(_: Any) -> bool:
    return True
