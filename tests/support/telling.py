"""Notices written straight into the database, for tests of what becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from accounts import invitations
from accounts.invitations import Invite
from accounts.outreach import delivery, unsubscribing
from accounts.outreach.delivery import Ending
from accounts.outreach.links import Links
from accounts.records import CustomerKind, CustomerRecord, CustomerSettings, GroupRecord, customers, groups
from core import clock
from core.ids import random_id
from core.services.outbox import NoticeKind, NoticeRecord, hand_over, notice, notices
from tests.support.api import Api, Person


async def tell(api: Api, kind: NoticeKind, to: Person, *, lost: bool = False, **more: Any) -> str:
    """Tell somebody something. Returns the notice's id; with `lost`, no task delivers it."""
    written = notice(kind, clock.now(), to=to.uid, **more)
    await api.db.commit(written)
    if not lost:
        await hand_over(api.clients.tasks, written)
    return written.key.id


async def a_comment(to: Person) -> str:
    """Tell somebody of a comment; no mail is sent. Returns the notice's id."""
    return await tell(to.api, NoticeKind.COMMENTED, to, lost=True)


async def one_click(person: Person) -> dict[str, Any]:
    """The request of a mail program that unsubscribes somebody, as a Call takes it."""
    token = unsubscribing.token(person.api.clients.settings.key, await a_comment(person))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return {"query": f"?token={token}", "body": b"List-Unsubscribe=One-Click", "headers": form}


async def invite(api: Api, inviter: Person, email: str, *, lost: bool = False, **more: Any) -> tuple[str, str, str]:
    """Invite whoever has an address. Returns the secret that accepts it, the invitation's id and the notice's."""
    invitee = Invite(email, **{"opens": "/v1/documents/tur", "language": "nb", **more})
    seed, key = random_id(), api.clients.settings.key
    invitation, told = invitations.issued(key, seed, invitee, inviter.uid, "", clock.now())
    await api.db.commit(invitation, told)
    if not lost:
        await hand_over(api.clients.tasks, told)
    return invitations.token_of(key, seed), invitation.key.id, told.key.id


async def deliver(api: Api, notice_id: str) -> Ending:
    """Deliver a notice, as its task does."""
    settings = api.clients.settings
    links = Links(settings.site_url, settings.api_address, settings.key)
    return await delivery.deliver(api.db, api.clients.mail, links, notice_id, clock.now())


async def stored(api: Api, notice_id: str) -> NoticeRecord:
    found = await api.db.get(notices.at(notice_id))
    assert found
    return found


async def comes_to(api: Api, notice_id: str, holds: Callable[[NoticeRecord], object]) -> NoticeRecord:
    """Wait until it holds of a notice, and return it."""
    async with asyncio.timeout(20):
        while not holds(found := await stored(api, notice_id)):  # noqa: ASYNC110  a test looks every few milliseconds
            await asyncio.sleep(0.01)
    return found


async def put_customer(api: Api, name: str = "Solberg skole") -> str:
    record = CustomerRecord(
        id=random_id(),
        kind=CustomerKind.EDUCATIONAL_INSTITUTION,
        name=name,
        country="NO",
        language="nb",
        seats=None,
        seats_taken=0,
        owners=[],
        settings=CustomerSettings(),
        fingerprint="",
        created_at=clock.now(),
    )
    await api.db.commit(customers.create(record))
    return record.id


async def a_group(api: Api, customer_id: str, name: str = "3B") -> str:
    record = GroupRecord(
        id=random_id(),
        customer_id=customer_id,
        name=name,
        member_count=0,
        created_by=None,
        fingerprint="",
        created_at=clock.now(),
    )
    await api.db.commit(groups.create(record))
    return record.id
