"""Who may do what with a document: the whole table, as pure functions."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from documents import access
from documents.access import (
    OFFERED_FOR,
    Action,
    DocumentForbidden,
    DocumentNotFound,
    DocumentTrashed,
    Grant,
    MoreThanYouHold,
)
from documents.records import DocumentRecord, Role

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SOON, LATER = NOW + timedelta(days=1), NOW + timedelta(days=7)
KARI, OLA, CLASS = "user:kari", "user:ola", "group:klasse-8b"
SCHOOL, ADMINS, WORK = "customer:skolen", "admins:skolen", "member:m1"

ALLOWED = {
    None: set(),
    Role.VIEWER: {Action.READ},
    Role.COMMENTER: {Action.READ, Action.COMMENT},
    Role.EDITOR: {Action.READ, Action.COMMENT, Action.EDIT, Action.SHARE},
    Role.OWNER: set(Action),
}


def a_document(roles: dict[str, Role], *, trashed: bool = False, **more: Any) -> DocumentRecord:
    return DocumentRecord(
        **{"owner_id": "kari", **more},
        id="tur",
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


def _outcome(role: Role | None, action: Action, *, trashed: bool, in_trash: bool, until: datetime | None = None) -> str:
    expires = {OLA: until} if until else {}
    document = a_document({KARI: Role.OWNER} | ({OLA: role} if role else {}), trashed=trashed, expires=expires)
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

    @pytest.mark.parametrize(("role", "action", "until"), list(product(Role, Action, [NOW, SOON])))
    def test_goes_by_the_table_until_a_role_ends_and_then_finds_nothing(
        self, role: Role, action: Action, until: datetime
    ) -> None:
        outcome = _outcome(role, action, trashed=False, in_trash=False, until=until)
        assert outcome == _expected(None if until == NOW else role, action, trashed=False, in_trash=False)

    def test_lets_a_customers_document_go_by_its_admins_alone(self) -> None:
        document = a_document({ADMINS: Role.OWNER, WORK: Role.OWNER}, owner_id=None, customer_id="skolen")
        assert access.demand(document, [OLA, ADMINS], Action.TRANSFER, NOW)[1] is Role.OWNER
        for others in ([KARI, SCHOOL, WORK], ["admins:en-annen", WORK]):
            assert access.demand(document, others, Action.TRASH, NOW)[1] is Role.OWNER
            with pytest.raises(DocumentForbidden):
                access.demand(document, others, Action.TRANSFER, NOW)

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

    def test_is_the_highest_that_has_not_ended(self) -> None:
        roles = {KARI: Role.OWNER, OLA: Role.EDITOR, CLASS: Role.VIEWER}
        document = a_document(roles, expires={OLA: SOON, CLASS: LATER})
        ends = [(NOW, Role.EDITOR), (SOON, Role.VIEWER), (LATER, None)]
        assert [access.role_of(document, [OLA, CLASS], at) for at, _ in ends] == [role for _, role in ends]


GRANTS = [Grant(role, until) for role in list(Role)[:3] for until in (None, SOON, LATER)]


@pytest.mark.promise("P43")
class TestDemandGrant:
    """Nobody gives more than they hold, nor touches what is above them."""

    @pytest.mark.parametrize(("mine", "wanted"), list(product(GRANTS, GRANTS)))
    def test_of_a_new_share_lets_through_what_is_within_ones_own(self, mine: Grant, wanted: Grant) -> None:
        document = a_document({OLA: mine.role}, expires={OLA: mine.until} if mine.until else {})
        assert _granted(document, None, wanted) is (
            access.at_least(mine.role, wanted.role)
            and (mine.until is None or (wanted.until is not None and wanted.until <= mine.until))
        )

    @pytest.mark.parametrize(("had", "wanted"), list(product(GRANTS, [*GRANTS, None])))
    def test_of_a_change_lets_through_what_is_less_than_before(self, had: Grant, wanted: Grant | None) -> None:
        document = a_document({OLA: Role.COMMENTER}, expires={OLA: SOON})
        mine = Grant(Role.COMMENTER, SOON)
        within = wanted is None or mine.covers(wanted) or had.covers(wanted)
        assert _granted(document, had, wanted) is (had.role is not Role.EDITOR and within)

    def test_is_not_passed_by_two_halves(self) -> None:
        document = a_document({OLA: Role.EDITOR, CLASS: Role.VIEWER}, expires={OLA: SOON})
        assert not _granted(document, None, Grant(Role.EDITOR, None), CLASS)
        assert _granted(document, None, Grant(Role.VIEWER, None), CLASS)
        assert not _granted(document, None, Grant(Role.VIEWER, SOON), now=LATER)


def _granted(
    document: DocumentRecord, had: Grant | None, wanted: Grant | None, *more: str, now: datetime = NOW
) -> bool:
    try:
        access.demand_grant(document, [OLA, *more], had, wanted, now)
    except MoreThanYouHold:
        return False
    return True


class TestMayAccept:
    @pytest.mark.parametrize(
        ("to", "principals", "may"),
        [
            (OLA, [OLA], True),
            (OLA, [KARI, ADMINS], False),
            (SCHOOL, [OLA, SCHOOL, ADMINS], True),
            (SCHOOL, [OLA, SCHOOL], False),
            (SCHOOL, [KARI, SCHOOL], True),
            (SCHOOL, [KARI], False),
            (SCHOOL, ["admins:en-annen"], False),
            (None, [KARI, OLA, ADMINS], False),
        ],
    )
    def test_is_for_whom_it_is_offered_to(self, to: str | None, principals: list[str], *, may: bool) -> None:
        offer = {"offered_to": to, "offered_at": NOW}
        document = a_document({KARI: Role.OWNER, OLA: Role.EDITOR}, **offer)
        assert access.may_accept(document, principals, NOW) is may
        assert not access.may_accept(document, principals, NOW + OFFERED_FOR)
        assert not access.may_accept(a_document(document.roles, trashed=True, **offer), principals, NOW)

    def test_of_a_customers_document_is_not_for_its_maker(self) -> None:
        owned = {"owner_id": None, "customer_id": "en-annen", "offered_to": SCHOOL, "offered_at": NOW}
        document = a_document({"admins:en-annen": Role.OWNER, WORK: Role.OWNER}, **owned)
        assert not access.may_accept(document, [KARI, WORK, SCHOOL, "admins:en-annen"], NOW)
        assert access.may_accept(document, [ADMINS], NOW)


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
