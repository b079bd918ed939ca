"""The demo person of the embedded stack, and what a newcomer is told when it is ready."""

from dataclasses import dataclass

import httpx
from rich.console import Console

from infra.local.auth_accounts import OWNER, accounts_url
from infra.local.places import PROJECT_ID


@dataclass(frozen=True)
class DemoPerson:
    """Who signs in at the Auth emulator. No secret: the account exists nowhere else."""

    uid: str = "kari-nordmann"
    name: str = "Kari Nordmann"
    email: str = "kari@example.com"
    password: str = "bringebaer-og-graut"  # noqa: S105 — printed at each start, of an emulator on 127.0.0.1


KARI = DemoPerson()


def ensure(auth_url: str, person: DemoPerson = KARI) -> None:
    """Make the account, its e-mail verified, unless an earlier start did."""
    account = {
        "localId": person.uid,
        "displayName": person.name,
        "email": person.email,
        "password": person.password,
        "emailVerified": True,
    }
    answer = httpx.post(accounts_url(auth_url, PROJECT_ID), json=account, headers=OWNER, timeout=30)
    if "DUPLICATE_LOCAL_ID" not in answer.text and "EMAIL_EXISTS" not in answer.text:
        answer.raise_for_status()


def sign_in(auth_url: str, person: DemoPerson = KARI) -> str | None:
    """An ID token, as a client gets it; None when the person has changed the password or deleted the account."""
    wish = {"email": person.email, "password": person.password, "returnSecureToken": True}
    url = f"{auth_url}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=demo"
    answer = httpx.post(url, json=wish, timeout=30)
    return str(answer.json()["idToken"]) if answer.is_success else None


def welcome(console: Console, url: str, token: str | None, person: DemoPerson = KARI) -> None:
    """Say where everything is, and give lines to paste."""
    lines = [
        ("Dokker", url),
        ("Look inside", f"{url}/__local/"),
        ("API reference", f"{url}/docs   ({url}/openapi.json)"),
        ("Demo person", f"{person.email}   password: {person.password}"),
    ]
    console.print()
    for label, value in lines:
        console.print(f"  [bold]{label:<14}[/bold] {value}", highlight=False, soft_wrap=True)
    if token is None:
        console.print("\n  The demo person's password was changed: `make dev-reset` brings it back.")
    else:
        console.print("\n  Paste this to write a document and find it again (the token is good for an hour):\n")
        console.print(f"export TOKEN={token}\n{curls(url)}", markup=False, highlight=False, soft_wrap=True)
    console.print("\n  Ctrl-C or `make dev-stop` stops all and keeps the data.\n", highlight=False)


def curls(url: str) -> str:
    """The commands that write a document and find it, with the token in $TOKEN. The README shows them, too."""
    return f"""\
curl {url}/v1/documents -H "Authorization: Bearer $TOKEN" \\
     -H 'Content-Type: application/json' -d '{{"title": "Blåbærtur", "body": "Vi fant *mange* bær i skogen."}}'
curl '{url}/v1/documents?q=skog' -H "Authorization: Bearer $TOKEN\""""
