"""What a change of who may do what changes in a document's record: pure, so that it goes into whatever commit."""

from collections.abc import Collection

from documents import access
from documents.access import Grant
from documents.records import DocumentRecord, Role


def opened(
    document: DocumentRecord, principal: str, grant: Grant, *, instead_of: Collection[str] = ()
) -> dict[str, object]:
    """Return the fields after a principal has got this, and others have lost theirs."""
    roles = {name: role for name, role in document.roles.items() if name not in instead_of} | {principal: grant.role}
    expires = {name: end for name, end in document.expires.items() if name != principal}
    return access.held(document, roles, expires | ({principal: grant.until} if grant.until else {}))


def closed(document: DocumentRecord, *principals: str) -> dict[str, object]:
    """Return the fields after these principals have lost what they had."""
    return access.held(
        document, {n: role for n, role in document.roles.items() if n not in principals}, document.expires
    )


def handed(document: DocumentRecord, owners: Collection[str], gone: Collection[str]) -> dict[str, object]:
    """Return the fields after these principals have become the owners, and `gone` have no role any more.

    Who was an owner before can edit from now on.
    """
    before = {name: Role.EDITOR if role is Role.OWNER else role for name, role in document.roles.items()}
    roles = {name: role for name, role in before.items() if name not in gone} | dict.fromkeys(owners, Role.OWNER)
    expires = {name: end for name, end in document.expires.items() if name not in owners}
    return {**access.held(document, roles, expires), "offered_to": None, "offered_at": None}
