"""How people come to comment and to talk: a document that is shared, a class that several are in."""

from __future__ import annotations

from typing import Any

from documents.records import Role, documents
from tests.documents.authoring.stored import a_stored_document, store
from tests.support.api import Answer, Api, Document, Person
from tests.support.belonging import CLASS, enters, told


async def shared(owner: Person, *, trashed: bool = False, **roles: Person) -> Document:
    """A document that others may see, in roles by name: `shared(kari, commenter=ola)`."""
    held = {f"user:{owner.uid}": Role.OWNER} | {f"user:{one.uid}": Role(role) for role, one in roles.items()}
    document = a_stored_document(owner, "Tur", "Vi fant mange bær.", roles=held, trashed=trashed)
    await store(owner.api.db, [document])
    return Document(document.id, "")


async def commented(person: Person, document: Document, body: str = "Fint!", **more: Any) -> Answer:
    """The answer to a comment."""
    return await person.post(f"{document.path}/comments", {"body": body, **more})


async def replied(person: Person, document: Document, to: Answer, body: str = "Takk!") -> Answer:
    return await commented(person, document, body, parentId=to["id"])


def at(document: Document, comment: Answer) -> str:
    """Where a comment is."""
    return f"{document.path}/comments/{comment['id']}"


async def bodies(person: Person, document: Document) -> list[str]:
    """The text of all comments, in the order of the list."""
    return await person.listed(f"{document.path}/comments", "body")


async def notices(api: Api) -> list[tuple[str, str]]:
    """Who was told what: kinds and uids, in no order that counts."""
    return sorted((notice.kind.value, notice.uid or "") for notice in await told(api))


async def withdrawn(document: Document, person: Person) -> None:
    """Take a share away."""
    db = person.api.db
    found = await db.get(documents.at(document.id))
    assert found
    kept = {principal: role for principal, role in found.roles.items() if principal != f"user:{person.uid}"}
    await db.commit(documents.update(found, roles=kept))


async def classmates(api: Api, *names: str) -> list[Person]:
    """People who are in one class."""
    people = await api.people(*names)
    for person in people:
        await enters(person, CLASS)
    return people


async def between(one: Person, *others: Person) -> str:
    """The path of a conversation with these people."""
    answer = await one.post("/v1/conversations", {"people": [other.uid for other in others]})
    return f"/v1/conversations/{answer['id']}"


async def said(person: Person, conversation: str, body: str = "Hei!") -> Answer:
    return await person.post(f"{conversation}/messages", {"body": body})
