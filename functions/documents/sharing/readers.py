"""Readers: who can see a document, and through what."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from accounts.memberships import GroupRole
from accounts.profiles import names
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord
from accounts.records import CustomerRecord, GroupRecord, InvitationRecord, members, participants
from core.caller import Caller
from core.data.collections import Key
from core.data.database import Database
from core.paging import PageRequest, Place
from documents import access
from documents.access import Action
from documents.records import DocumentRecord, Role, documents
from documents.sharing import principals
from documents.sharing.principals import Holder

_ORDER: Final = ("user", "invitation", "member", "helpers", "group", "admins", "customer")


@dataclass(frozen=True)
class Reader:
    """Somebody who can see a document: a person, or as many as a group or Customer has that is not opened here."""

    role: Role
    through: str
    through_name: str | None = None
    uid: str | None = None
    name: str | None = None
    count: int | None = None

    @property
    def place(self) -> Place:
        """Where they stand in the list: people by themselves first, then those of groups, then Customers."""
        return *_place(self.through), self.uid or ""


@dataclass(frozen=True)
class _Walk:
    """One page's way through all through whom a document is seen."""

    db: Database
    document: DocumentRecord
    own: ProfileRecord
    holders: dict[str, Holder | None]
    after: Place | None
    most: int

    async def lines(self) -> AsyncIterator[Reader]:
        """Yield the readers behind `after`, in the order of their places."""
        for through in sorted(self.holders, key=_place):
            async for reader in self._of(through):
                if self.after is None or reader.place > self.after:
                    yield reader

    async def _of(self, through: str) -> AsyncIterator[Reader]:
        kind, name = principals.parts(through)
        holder = self.holders[through]
        title = holder.name if isinstance(holder, GroupRecord | CustomerRecord) else None
        line = Reader(self.document.roles[through], through, title)
        if kind == "user":
            yield replace(line, uid=name)
        elif isinstance(holder, InvitationRecord):
            if holder.accepted_by:
                yield replace(line, uid=holder.accepted_by)
        elif kind in ("group", "helpers") and f"group:{name}" in self.own.principals:
            for uid in await self._participants(through):
                yield replace(line, uid=uid)
        elif kind == "member":
            yield replace(line, uid=self.own.uid if through in self.own.principals else None)
        elif kind in ("group", "customer"):
            yield replace(line, count=await self._count(through, holder))
        else:
            yield line

    async def _participants(self, through: str) -> list[str]:
        """Read who is in a group, from where the page begins: 1 RPC, or none when the page begins behind it."""
        kind, group_id = principals.parts(through)
        query = participants.under(group_id)
        if kind == "helpers":
            query = query.where("role", "==", GroupRole.HELPER)
        if self.after and self.after[:2] > _place(through):
            return []
        if self.after and self.after[:2] == _place(through):
            query = query.start_after(participants.at(group_id, str(self.after[2])))
        return [line.uid for line in await self.db.query(query.limit(self.most))]

    async def _count(self, through: str, holder: Holder | None) -> int | None:
        if isinstance(holder, GroupRecord):
            return holder.member_count
        if self.after and self.after[:2] >= _place(through):
            return None
        return await self.db.count(members.under(principals.parts(through)[1]))


async def listed(
    db: Database, caller: Caller, document_id: str, page: PageRequest, now: datetime
) -> tuple[list[Reader], str | None]:
    """Return a page of those who can see a document, and the token of the next, to who may share it.

    Whoever sees it in several ways is there for each. A group is opened for who is in it; of other groups and of
    Customers it says how many they are. Costs 3 RPCs, and 1 for each group and Customer on the page.
    """
    own, found = await admit(db, caller, Need.READ, documents.at(document_id))
    document, _ = access.demand(found, own.principals, Action.SHARE, now, in_trash=True)
    through = [name for name in document.roles if access.role_of(document, [name], now)]
    walk = _Walk(db, document, own, await _holders(db, through), page.after, page.size + 1)
    readers: list[Reader] = []
    async for reader in walk.lines():
        readers.append(reader)
        if len(readers) > page.size:
            break
    on_page = readers[: page.size]
    known = await names.of(db, {one.uid for one in on_page if one.uid}, own)
    named = [replace(one, name=known[one.uid] if one.uid else None) for one in on_page]
    return named, page.token(on_page[-1].place) if len(readers) > page.size else None


async def _holders(db: Database, through: list[str]) -> dict[str, Holder | None]:
    keys: dict[str, Key[Any]] = {
        one: key for one in through if not one.startswith("user:") and (key := principals.holder_at(one))
    }
    found = dict(zip(keys, await db.get_all(*keys.values()), strict=True))
    return {one: found.get(one) for one in through}


def _place(through: str) -> tuple[int, str]:
    return _ORDER.index(principals.parts(through)[0]), through
