"""Taking somebody out of a Customer: one commit of their profile, however much was shared with them through it."""

import asyncio

import pytest

from accounts.memberships import CustomerRole
from documents.records import Role, documents
from tests.documents.authoring.stored import a_stored_document, store
from tests.support.api import Api
from tests.support.belonging import enters, joins, leaves

SCHOOL, CLASS, MANY = "skolen", "klasse-8b", 300


@pytest.mark.promise("P35")
@pytest.mark.promise("P43")
class TestDeprovisioning:
    async def test_ends_access_to_all_that_the_customer_opened_and_writes_no_document(self, api: Api) -> None:
        kari, ola = await api.people("Kari", "Ola")
        await asyncio.gather(joins(kari, SCHOOL, CustomerRole.ADMIN), joins(ola, SCHOOL))
        await enters(kari, CLASS, SCHOOL, helper=True)
        doors = [f"customer:{SCHOOL}", f"group:{CLASS}", f"helpers:{CLASS}", f"admins:{SCHOOL}"]
        made = [
            a_stored_document(
                ola, "Felles tur", tags=["tur"], roles={f"user:{ola.uid}": Role.OWNER, doors[n % 4]: Role.EDITOR}
            )
            for n in range(MANY)
        ]
        given = a_stored_document(ola, "Gave", roles={f"user:{ola.uid}": Role.OWNER, f"user:{kari.uid}": Role.VIEWER})
        await store(api.db, [*made, given])
        own = await kari.writes("Min egen")
        assert len(await kari.listed(pageSize=100)) == MANY + 2
        versions = {document.id: document.version for document in await api.db.query(documents.under())}
        api.wire.reset()

        await leaves(kari, SCHOOL)

        assert api.wire.rpcs == ["BatchGetDocuments", "Commit"]
        assert api.wire.writes == 1
        # Her own stays hers, and what somebody gave to her alone stays open.
        assert await kari.listed() == [own.id, given.id]
        assert await kari.listed(q="tur") == await kari.listed(tag="tur") == await kari.listed(customerId=SCHOOL) == []
        answers = await asyncio.gather(*(kari.get(f"/v1/documents/{document.id}") for document in made[:20]))
        assert {answer.problem for answer in answers} == {(404, "not_found")}
        await api.tasks.idle()
        assert {document.id: document.version for document in await api.db.query(documents.under())} == versions
