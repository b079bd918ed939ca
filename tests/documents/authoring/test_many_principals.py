"""Finding for somebody who belongs to more than one query can ask for: one list, in order, nothing twice."""

import random
from datetime import timedelta
from itertools import product
from math import ceil
from typing import Any

import pytest

from accounts.memberships import HEAVY, Belonging, GroupRole, Membership, Place
from accounts.memberships import CustomerRole as In
from accounts.profiles.records import profiles
from core import clock
from documents import access
from documents.records import DocumentRecord, Role
from tests.documents.authoring.stored import a_stored_document, store
from tests.support.api import Api, Person

SCHOOL, CLUB = "skolen", "turlaget"
OWNER, EDITOR, VIEWER = Role.OWNER, Role.EDITOR, Role.VIEWER


async def belongs_to_all(person: Person, count: int) -> list[str]:
    """Put somebody into a school and so many groups of it, as a helper of each. Returns their principals."""
    db = person.api.db
    profile = await db.get(profiles.at(person.uid), heavy=HEAVY)
    assert profile
    belonging = Belonging.of(profile).joining(SCHOOL, Membership(id=f"i-{person.uid}", role=In.MEMBER))
    for number in range(count):
        belonging = belonging.entering(f"klasse-{number}", Place(customer_id=SCHOOL, role=GroupRole.HELPER))
    await db.commit(profiles.update(profile, **belonging.fields(person.uid)))
    return belonging.principals(person.uid)


def a_shelf(kari: Person, ola: Person, groups_of_hers: int, count: int) -> list[DocumentRecord]:
    """Documents of Kari's, of Ola's and of Customers', some shared with groups of hers, the last changed first."""
    dice, now = random.Random(11), clock.now()

    def a_document(number: int) -> DocumentRecord:
        groups = [f"group:klasse-{dice.randrange(groups_of_hers + 10)}" for _ in range(dice.choice([0, 1, 1, 4]))]
        owner = dice.choice([f"user:{kari.uid}", f"user:{ola.uid}", f"admins:{SCHOOL}", f"admins:{CLUB}"])
        roles = {owner: OWNER, **dict.fromkeys(groups, VIEWER)}
        if owner == f"admins:{SCHOOL}":
            roles[dice.choice([f"member:i-{kari.uid}", "member:i-ola"])] = OWNER
        if dice.random() < 0.3:
            roles.setdefault(f"user:{kari.uid}", EDITOR)
        kind, _, name = owner.partition(":")
        return a_stored_document(
            kari,
            f"{dice.choice(['Tur', 'Dagbok'])} {number}",
            updated_at=now - timedelta(seconds=number),
            roles=roles,
            tags=dice.choice([[], ["natur"], ["natur", "mat"]]),
            owner_id=name if kind == "user" else None,
            customer_id=name if kind == "admins" else None,
            group_id=groups[0].removeprefix("group:") if groups and kind == "admins" else None,
        )

    made = [a_document(number) for number in range(count)]
    return sorted(made, key=lambda document: (document.updated_at, document.id), reverse=True)


def expected(shelf: list[DocumentRecord], principals: list[str], wanted: dict[str, Any]) -> list[str]:
    """The ids of what should be found, by the rules and nothing else."""

    def fits(document: DocumentRecord) -> bool:
        role = access.role_of(document, principals, clock.now())
        return (
            role is not None
            and not ("sharedWithMe" in wanted and role is OWNER)
            and ("tag" not in wanted or wanted["tag"] in document.tags)
            and ("q" not in wanted or document.title.startswith("Tur"))
            and wanted.get("owner", document.owner_id) == document.owner_id
            and wanted.get("groupId", document.group_id) == document.group_id
            and wanted.get("customerId", document.customer_id) == document.customer_id
        )

    return [document.id for document in shelf if fits(document)]


class TestAPersonInManyGroups:
    @pytest.mark.promise("P43")
    async def test_finds_what_is_theirs_to_read_under_every_filter(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        principals = await belongs_to_all(kari, 20)
        shelf = a_shelf(kari, ola, 20, 80)
        await store(api.db, shelf)
        group = next(document.group_id for document in shelf if document.group_id and document.customer_id == SCHOOL)
        choices: list[dict[str, Any]] = [
            {"sharedWithMe": "true"},
            {"groupId": group},
            {"customerId": SCHOOL},
            {"owner": ola.uid},
            {"tag": "mat"},
            {"q": "tur"},
        ]

        for chosen in product([False, True], repeat=len(choices)):
            wanted = {
                name: value for yes, one in zip(chosen, choices, strict=True) if yes for name, value in one.items()
            }
            hits = expected(shelf, principals, wanted)
            assert await kari.listed(pageSize=100, **wanted) == hits, wanted
        assert 0 < len(expected(shelf, principals, {"sharedWithMe": "true"})) < len(expected(shelf, principals, {}))

    async def test_pages_exactly_at_the_price_of_one_call_for_thirty_principals(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        principals = await belongs_to_all(kari, 200)
        shelf = a_shelf(kari, ola, 200, 40)
        await store(api.db, shelf)
        hits = expected(shelf, principals, {})
        api.wire.reset()

        page = await kari.get("/v1/documents?pageSize=10")

        assert [item["id"] for item in page["items"]] == hits[:10]
        assert len(principals) > 400 and len(hits) > 20
        assert api.wire.rpcs == ["BatchGetDocuments", *["RunQuery"] * ceil(len(principals) / 30)]
        for wanted in ({}, {"tag": "mat"}, {"q": "tur"}):
            assert await kari.listed(pageSize=7, **wanted) == expected(shelf, principals, wanted), wanted

    async def test_searches_a_thousand_matches_in_all(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        hers = await belongs_to_all(kari, 15)
        first = a_stored_document(ola, "Bær")
        made = [_shared(first, f"tur-{n:04}", hers[n % 3], hers[-1 - n % 3]) for n in range(1_001)]
        await store(api.db, made[:999])

        whole = await kari.get("/v1/documents?q=b%C3%A6r&pageSize=100")
        await store(api.db, made[999:])
        cut = await kari.get("/v1/documents?q=b%C3%A6r&pageSize=100")

        assert ("truncated" in whole.json, cut["truncated"]) == (False, True)
        seen = await kari.listed(q="bær", pageSize=100)
        assert len(seen) == len(set(seen)) == 1_000


def _shared(document: DocumentRecord, id_: str, *principals: str) -> DocumentRecord:
    roles = {**document.roles, **dict.fromkeys(principals, VIEWER)}
    return document.model_copy(
        update={"id": id_, "roles": roles, **access.lists(roles, document.tags, trashed=document.trashed)}
    )


class TestSharedWithMe:
    async def test_leaves_out_what_is_ones_own_in_whatever_way(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await belongs_to_all(kari, 20)
        hers, his, group = f"user:{kari.uid}", f"user:{ola.uid}", "group:klasse-19"
        own = a_stored_document(kari, "Min", roles={hers: OWNER, group: VIEWER})
        made_in_school = a_stored_document(
            kari,
            "Skolens",
            owner_id=None,
            customer_id=SCHOOL,
            group_id="klasse-19",
            roles={
                f"admins:{SCHOOL}": OWNER,
                f"member:i-{kari.uid}": OWNER,
                "helpers:klasse-19": EDITOR,
                group: VIEWER,
            },
        )
        twice = a_stored_document(
            ola, "Olas", roles={his: OWNER, hers: EDITOR, group: VIEWER, "group:klasse-0": VIEWER}
        )
        await store(api.db, [own, made_in_school, twice])

        assert await kari.listed(sharedWithMe="true") == [twice.id]
        assert await kari.listed(sharedWithMe="true", pageSize=1) == [twice.id]
        assert await kari.listed(sharedWithMe="true", q="min skolens olas") == []
        assert await kari.listed(sharedWithMe="true", groupId="klasse-19") == []
        assert sorted(await kari.listed()) == sorted([own.id, made_in_school.id, twice.id])
        (shown,) = (await kari.get("/v1/documents?sharedWithMe=true"))["items"]
        assert shown["role"] == "editor"


class TestSharesThatEnd:
    @pytest.mark.promise("P43")
    async def test_show_nothing_from_then_on_and_break_no_page(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await belongs_to_all(kari, 20)
        now = clock.now()
        made = [_until(ola, number, now + timedelta(hours=1) if number % 3 else None) for number in range(12)]
        await store(api.db, made)
        ids = [document.id for document in made]
        ways: list[dict[str, Any]] = [{}, {"sharedWithMe": "true"}, {"tag": "tur"}, {"q": "notat"}]
        for way in ways:
            assert await kari.listed(pageSize=2, **way) == ids, way

        api.advance(hours=1)

        for way in ways:
            assert await kari.listed(pageSize=2, **way) == ids[::3], way
        assert (await kari.get(f"/v1/documents/{ids[1]}")).problem == (404, "not_found")


def _until(owner: Person, number: int, end: Any) -> DocumentRecord:
    group = f"group:klasse-{number}"
    return a_stored_document(
        owner,
        "Notat",
        updated_at=clock.now() - timedelta(minutes=number),
        tags=["tur"],
        roles={f"user:{owner.uid}": OWNER, group: VIEWER},
        expires={group: end} if end else {},
        next_expiry=end,
    )
