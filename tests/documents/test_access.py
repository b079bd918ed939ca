"""Who may do what with a document: the whole table, as pure functions."""

from datetime import UTC, datetime
from itertools import product

import pytest

from documents import access
from documents.access import Action, DocumentForbidden, DocumentNotFound, DocumentTrashed
from documents.records import DocumentRecord, Role

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KARI, OLA, CLASS = "user:kari", "user:ola", "group:klasse-8b"

ALLOWED = {
    None: set(),
    Role.VIEWER: {Action.READ},
    Role.COMMENTER: {Action.READ, Action.COMMENT},
    Role.EDITOR: {Action.READ, Action.COMMENT, Action.EDIT, Action.SHARE},
    Role.OWNER: set(Action),
}


def a_document(roles: dict[str, Role], *, trashed: bool = False) -> DocumentRecord:
    return DocumentRecord(
        id="tur",
        owner_id="kari",
        title="Blåbærtur",
        body="",
        tags=["tur"],
        language="nb",
        roles=roles,
        readers=[],
        can_read={},
        shared_with=[],
        tagged=[],
        terms={},
        revision=1,
        slot="a",
        slot_opened_at=NOW,
        slots=1,
        author_id="kari",
        fingerprint="",
        created_at=NOW,
        updated_at=NOW,
        trashed=trashed,
        trashed_at=NOW if trashed else None,
    )


def _outcome(role: Role | None, action: Action, *, trashed: bool, in_trash: bool) -> str:
    document = a_document({KARI: Role.OWNER} | ({OLA: role} if role else {}), trashed=trashed)
    try:
        return access.demand(document, [OLA], action, NOW, in_trash=in_trash)[1]
    except (DocumentNotFound, DocumentForbidden, DocumentTrashed) as refusal:
        return type(refusal).__name__


def _expected(role: Role | None, action: Action, *, trashed: bool, in_trash: bool) -> str:
    if role is None or (trashed and role is not Role.OWNER):
        return "DocumentNotFound"
    if action not in ALLOWED[role]:
        return "DocumentForbidden"
    if trashed and not in_trash and action is not Action.READ:
        return "DocumentTrashed"
    return role


@pytest.mark.promise("P43")
class TestDemand:
    @pytest.mark.parametrize(
        ("role", "action", "trashed", "in_trash"),
        list(product([None, *Role], Action, [False, True], [False, True])),
    )
    def test_goes_by_the_table(self, role: Role | None, action: Action, trashed: bool, in_trash: bool) -> None:
        outcome = _outcome(role, action, trashed=trashed, in_trash=in_trash)
        assert outcome == _expected(role, action, trashed=trashed, in_trash=in_trash)

    @pytest.mark.parametrize("action", Action)
    def test_finds_nothing_where_nothing_is(self, action: Action) -> None:
        with pytest.raises(DocumentNotFound):
            access.demand(None, [KARI], action, NOW, in_trash=True)

    def test_gives_nothing_for_what_only_looks_like_a_principal(self) -> None:
        document = a_document({KARI: Role.OWNER})
        for close in ("kari", "user:kar", "user:karin", "group:kari", "user:Kari", ""):
            with pytest.raises(DocumentNotFound):
                access.demand(document, [close], Action.READ, NOW)


class TestRoleOf:
    def test_is_the_highest_of_all_principals(self) -> None:
        document = a_document({OLA: Role.VIEWER, CLASS: Role.EDITOR, KARI: Role.OWNER})
        assert access.role_of(document, [OLA], NOW) is Role.VIEWER
        assert access.role_of(document, [OLA, CLASS], NOW) is Role.EDITOR
        assert access.role_of(document, [CLASS, OLA], NOW) is Role.EDITOR
        assert access.role_of(document, [], NOW) is None


class TestLists:
    def test_name_all_readers_and_whom_it_is_shared_with(self) -> None:
        lists = access.lists({OLA: Role.VIEWER, KARI: Role.OWNER}, ["tur", "bær"], trashed=False)
        assert lists["readers"] == [KARI, OLA]
        assert lists["can_read"] == {KARI: True, OLA: True}
        assert lists["shared_with"] == [OLA]
        assert lists["tagged"] == [access.tag_mark(p, tag) for p in (KARI, OLA) for tag in ("tur", "bær")]

    def test_of_a_trashed_document_name_who_may_see_it_there(self) -> None:
        lists = access.lists({OLA: Role.EDITOR, KARI: Role.OWNER}, ["tur"], trashed=True)
        assert (lists["readers"], lists["shared_with"]) == ([KARI], [])
        assert lists["tagged"] == [access.tag_mark(KARI, "tur")]

    def test_of_nobody_are_empty(self) -> None:
        assert not any(access.lists({}, ["tur"], trashed=True).values())


class TestTagMark:
    def test_is_of_one_principal_and_one_tag(self) -> None:
        marks = {access.tag_mark(p, tag) for p in (KARI, OLA) for tag in ("tur", "bær")}
        assert len(marks) == 4
        assert all(len(mark) == 18 for mark in marks)
        assert access.tag_mark("user:a|b", "c") != access.tag_mark("user:a", "b|c")
