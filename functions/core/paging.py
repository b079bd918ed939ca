"""Pages of lists: size, and a token that holds the place and can be neither changed nor used elsewhere."""

import asyncio
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, TypeVar

from core.data.collections import Key
from core.data.database import Database
from core.data.operations import Query
from core.data.records import Record
from core.failures import Fault, Malformed

_MAC_BYTES: Final = 16
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Place = tuple[str | int | datetime, ...]
"""Where a page ended: the ordered values of its last item, and its id."""

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class PageRequest:
    """Which page is wanted: how many items, and behind which place.

    `scope` is what its token is bound to: the caller, the path and the other parameters.
    """

    size: int
    after: Place | None
    scope: bytes
    key: bytes

    @classmethod
    def reading(cls, token: str | None, size: int, scope: bytes, key: bytes) -> "PageRequest":
        """Ask for the page that a token names, or for the first. Raises Malformed for a token of another list."""
        return cls(size, None if token is None else _place(token, key, scope), scope, key)

    def token(self, place: Place) -> str:
        """Return the token of the page that begins behind this place."""
        payload = json.dumps([_packed(value) for value in place], separators=(",", ":")).encode()
        return _spelt(_mac(self.key, self.scope, payload) + payload)

    async def of(self, db: Database, query: Query[R], place: Callable[[R], Place]) -> tuple[list[R], str | None]:
        """Return a page of an ordered query and the next page's token: 1 RPC, one document more than shown is read."""
        return await self.of_all(db, [query], place)

    async def of_all(
        self, db: Database, queries: Sequence[Query[R]], place: Callable[[R], Place]
    ) -> tuple[list[R], str | None]:
        """Return a page of what any of the queries finds, and the next page's token: 1 RPC for each, all at once.

        They are of one collection and one order, so that a place in what is merged is a place in each of them. What
        several find is there once. As many documents as a page holds, and one more, are read of each.
        """
        if not queries:
            return [], None
        parts = await asyncio.gather(*(db.query(self._from_here(query)) for query in queries))
        found = _merged(parts, place, queries[0].order) if len(parts) > 1 else parts[0]
        shown = found[: self.size]
        return shown, self.token(place(shown[-1])) if len(found) > self.size else None

    def _from_here(self, query: Query[R]) -> Query[R]:
        if self.after is not None:
            *values, last = self.after
            below = f"{query.parent}/{query.collection.name}" if query.parent else query.collection.name
            query = query.start_after(*values, Key(query.collection, f"{below}/{last}"))
        return query.limit(self.size + 1)


def _merged(parts: Sequence[list[R]], place: Callable[[R], Place], order: Sequence[tuple[str, bool]]) -> list[R]:
    """Put what several queries found into the order that each of them has."""
    placed = [(place(record), record) for part in parts for record in part]
    directions = [descending for _, descending in order]
    # The id, which breaks ties, goes the way of the last field. Sorting is stable, so what counts least comes first.
    for number, descending in reversed([*enumerate([*directions, directions[-1] if directions else False])]):
        placed.sort(key=lambda found, at=number: found[0][at], reverse=descending)
    once: dict[object, R] = {}
    for (*_, id_), record in placed:
        once.setdefault(id_, record)
    return list(once.values())


def _place(token: str, key: bytes, scope: bytes) -> Place:
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except ValueError:
        raw = b""
    # base64 decodes several spellings alike; only the one that was given out counts.
    if _spelt(raw) != token:
        raw = b""
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, scope, payload)):
        detail = "The pageToken is not one of this list with these parameters."
        raise Malformed(detail, faults=[Fault("/query/pageToken", "wrong_page_token", detail)])
    return tuple(_unpacked(value) for value in json.loads(payload))


def _spelt(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(key: bytes, scope: bytes, payload: bytes) -> bytes:
    # The scope's length is fixed by hashing it, so that no byte can wander between scope and payload.
    return hmac.digest(key, b"page" + sha256(scope).digest() + payload, "sha256")[:_MAC_BYTES]


def _packed(value: str | int | datetime) -> str | int | list[int]:
    return [(value - _EPOCH) // timedelta(microseconds=1)] if isinstance(value, datetime) else value


def _unpacked(value: str | int | list[int]) -> str | int | datetime:
    return _EPOCH + timedelta(microseconds=value[0]) if isinstance(value, list) else value
