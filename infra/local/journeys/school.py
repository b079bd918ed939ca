"""A class: a school invites its people by e-mail, a pupil shares work, a teacher comments, the pupil leaves with it."""

from __future__ import annotations

import re
import time
from typing import Any

from infra.local.journeys.stage import Person, Stage, Unexpected

_PATIENCE = 30
_LINK = re.compile(r"/invitations#([A-Za-z0-9_-]{43})")


def journey(stage: Stage) -> None:
    head = stage.sign_up("Randi Rektor", verified=True)
    school, group = _school(stage, head)
    teacher = _invited(stage, head, "Lars Lærer", school, {"role": "helper", "groupIds": [group]})
    kari = _invited(stage, head, "Kari Nordmann", school, {"role": "member", "groupIds": [group]})
    ola = _invited(stage, head, "Ola Hansen", school, {"role": "member", "groupIds": [group]})
    stage.step(
        "The head makes Lars the helper of the class", head, "POST", f"/v1/customers/{school}/groups/{group}/assign",
        body={"helpers": [teacher.uid]}, expect={200},
    )  # fmt: skip
    work = _shared(stage, kari, group)
    _discussed(stage, teacher, kari, work)
    stage.step("Ola, of the same class, sees nothing of it", ola, "GET", work, expect={404})
    _leaves(stage, kari, teacher, school, work, group)


def _school(stage: Stage, head: Person) -> tuple[str, str]:
    draft = {"kind": "educational_institution", "name": "Åsen skole", "country": "NO", "language": "nb", "seats": 30}
    made = stage.step(
        "The head of a school makes it a Customer", head, "POST", "/v1/customers", body=draft, expect={201},
        tells=("name", "kind", "seats", "role"),
    )  # fmt: skip
    school = made.json()["id"]
    group = stage.step(
        "She makes a class", head, "POST", f"/v1/customers/{school}/groups", body={"name": "Klasse 8B"},
        expect={201}, tells=("name", "memberCount"),
    )  # fmt: skip
    return school, group.json()["id"]


def _invited(stage: Stage, head: Person, name: str, school: str, place: dict[str, Any]) -> Person:
    person = stage.sign_up(name, verified=True)
    stage.step(
        f"She invites {name} by e-mail", head, "POST", f"/v1/customers/{school}/invitations",
        body={"email": person.email, **place}, expect={201}, tells=("email", "role", "state"),
    )  # fmt: skip
    mail = _mail(stage, person, "invitations#")
    stage.step(
        f"{name} opens the mail «{mail['subject']}» and accepts", person, "POST", "/v1/invitations/accept",
        body={"token": _token(mail)}, expect={200}, tells=("opens", "role"),
    )  # fmt: skip
    return person


def _shared(stage: Stage, kari: Person, group: str) -> str:
    draft = {"title": "Blåbærtur", "body": "Vi fant *mange* bær i skogen."}
    written = stage.step(
        "Kari writes of a trip; the document is her own", kari, "POST", "/v1/documents", body=draft, expect={201},
        tells=("title", "role"),
    )  # fmt: skip
    work = f"/v1/documents/{written.json()['id']}"
    stage.step(
        "She shares it with the helpers of her class", kari, "POST", f"{work}/shares",
        body={"principal": f"helpers:{group}", "role": "commenter"}, expect={201}, tells=("principal", "name", "role"),
    )  # fmt: skip
    return work


def _discussed(stage: Stage, teacher: Person, kari: Person, work: str) -> None:
    stage.step(
        "Lars finds it among what others share with him", teacher, "GET", "/v1/documents",
        params={"sharedWithMe": "true"}, expect={200}, holds=lambda found: len(found["items"]) == 1,
    )  # fmt: skip
    stage.step(
        "He comments on a passage, and names her", teacher, "POST", f"{work}/comments",
        body={"body": f"Fint, @{{{kari.uid}}}! Hvor mange?", "anchor": {"quote": "mange"}}, expect={201},
        tells=("authorName", "body"),
    )  # fmt: skip
    mail = _mail(stage, kari, work.removeprefix("/v1"))
    stage.step(
        f"Kari has got the mail «{mail['subject']}», and reads the comment", kari, "GET", f"{work}/comments",
        expect={200}, holds=lambda found: found["items"][0]["mentions"][0]["uid"] == kari.uid,
    )  # fmt: skip
    stage.step(
        "In the app, too, it stands among her notices", kari, "GET", "/v1/me/notices", expect={200},
        holds=lambda found: "mentioned" in [one["kind"] for one in found["items"]],
    )  # fmt: skip


def _leaves(stage: Stage, kari: Person, teacher: Person, school: str, work: str, group: str) -> None:
    stage.step(
        "Kari leaves the school", kari, "DELETE", f"/v1/customers/{school}/members/{kari.uid}", expect={204},
    )  # fmt: skip
    stage.step("She sees its class no more", kari, "GET", f"/v1/customers/{school}/groups/{group}", expect={404})
    stage.step(
        "Her work is hers", kari, "GET", work, expect={200}, tells=("title", "role"),
        holds=lambda document: document["role"] == "owner",
    )  # fmt: skip
    stage.step("Lars can still read what she shared", teacher, "GET", work, expect={200}, tells=("role",))
    stage.step(
        "until she takes it back", kari, "POST", "/v1/documents/withdraw", body={"principal": f"helpers:{group}"},
        expect={200}, tells=("withdrawn",),
    )  # fmt: skip
    stage.step("Now he sees nothing of it", teacher, "GET", work, expect={404})


def _mail(stage: Stage, person: Person, holding: str) -> dict[str, Any]:
    """Wait for a mail to somebody whose text holds this."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        for mail in stage.mails(person.email):
            if holding in mail["text"]:
                return mail
        time.sleep(0.1)
    raise Unexpected(f"no mail with {holding} came to {person.name}")


def _token(mail: dict[str, Any]) -> str:
    found = _LINK.search(mail["text"])
    if found is None:
        raise Unexpected("the mail has no link to accept by")
    return found[1]
