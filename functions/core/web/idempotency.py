"""Idempotency-Key: the same request twice has one effect.

The id of what is created is derived from caller and key, so that a repeated request meets what the first one made: no
record of keys is kept, and it costs no read. A fingerprint of the payload tells a repetition from another request.
Draft: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from core.ids import derived_id, keyed_hash, random_id
from core.services import clients


@dataclass(frozen=True)
class Idempotency:
    """How a creating request is known again. Without a key it is known only to itself."""

    key: str | None
    secret: bytes

    def id_for(self, uid: str, kind: str) -> str:
        """Return the id under which this request creates its record."""
        return derived_id(self.secret, kind, uid, self.key) if self.key else random_id()

    def fingerprint(self, payload: BaseModel | bytes, what: str) -> str:
        """Return what a repetition has in common with the first request: a keyed hash of the wish and its payload."""
        content = payload if isinstance(payload, bytes) else payload.model_dump_json(exclude_unset=True).encode()
        return keyed_hash(self.secret, "payload", what, sha256(content).hexdigest())


async def idempotency(
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=r"^[\x21-\x7e]+$",
            description="any string of yours; the same one gives the first result",
        ),
    ] = None,
) -> Idempotency:
    """Dependency: the Idempotency-Key of this request."""
    return Idempotency(idempotency_key, clients.current().settings.key)
