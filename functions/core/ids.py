"""Identifiers: random ones, ones derived from a key, and keyed hashes that stand in for a person."""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode

ID_PATTERN = r"^[A-Za-z0-9_-]{1,128}$"
"""What an id of ours looks like in a path. `core.data.records` refuses Firestore's reserved `__x__` besides."""

_RESERVED = re.compile(r"^(?:\.|\.\.|__.*__)$")


def random_id() -> str:
    """Return 22 characters of base64url that hold 132 random bits; never one of Firestore's reserved names."""
    while _RESERVED.match(candidate := secrets.token_urlsafe(17)[:22]):
        continue
    return candidate


def derived_id(secret: bytes, *parts: str) -> str:
    """Return the id that these parts always lead to, of the same form as a random one and as hard to guess."""
    while _RESERVED.match(candidate := keyed_hash(secret, "id", *parts)[:22]):
        parts = (*parts, candidate)
    return candidate


def keyed_hash(secret: bytes, *parts: str) -> str:
    """Return HMAC-SHA256 of the parts as 43 characters of base64url (RFC 2104).

    Each part is prefixed with its length, so that ("ab", "c") and ("a", "bc") differ.
    """
    message = b"".join(len(raw).to_bytes(8) + raw for raw in (part.encode() for part in parts))
    return urlsafe_b64encode(hmac.digest(secret, message, hashlib.sha256)).rstrip(b"=").decode()


def is_uid(uid: str) -> bool:
    """Tell whether a person of ours can have this uid, which is part of paths and of objects' names.

    Firebase makes uids of letters and digits. Imported ones may hold what Firestore or Cloud Storage does not take.
    """
    return is_storable(uid) and uid.isprintable()


def is_storable(segment: str) -> bool:
    """Tell whether Firestore takes this as a document id.

    Source: https://firebase.google.com/docs/firestore/quotas#collections_documents_and_fields
    """
    return 0 < len(segment.encode()) <= 1500 and "/" not in segment and not _RESERVED.match(segment)
