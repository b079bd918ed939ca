"""Letting a caller in: the one place where an account's state decides what a valid token opens."""

from enum import StrEnum
from typing import Any, Final, TypeVar, overload

from accounts.profiles.records import AccountState, ProfileRecord, profiles, tombstones
from core import clock
from core.caller import Caller
from core.data.collections import Key
from core.data.database import Database, Moved
from core.data.records import Record
from core.failures import Forbidden, Unauthenticated

A = TypeVar("A", bound=Record)
B = TypeVar("B", bound=Record)
C = TypeVar("C", bound=Record)


class Need(StrEnum):
    """What a route wants of the account."""

    READ = "read"
    WRITE = "write"
    OWN_RIGHTS = "own_rights"
    EXPORT = "export"
    SUPPORT = "support"


_ALLOWED: Final[dict[AccountState, set[Need]]] = {
    AccountState.ACTIVE: set(Need),
    # GDPR article 18: what is there may be kept and shown, and the person keeps every right.
    AccountState.RESTRICTED: {Need.READ, Need.OWN_RIGHTS, Need.EXPORT, Need.SUPPORT},
    AccountState.SUSPENDED: {Need.READ, Need.EXPORT, Need.SUPPORT},
    AccountState.ERASING: set(),
}


class AccountRestricted(Forbidden):
    code = "account_restricted"
    title = "Account restricted"
    detail = (
        "Processing is restricted at your own wish. You can read, and use your rights; lift the restriction to write."
    )


class AccountSuspended(Forbidden):
    code = "account_suspended"
    title = "Account suspended"
    detail = "The account is suspended. You can read, export what is yours, and write to support."


class AccountErasing(Forbidden):
    code = "account_erasing"
    title = "Account erased"
    detail = "This account is being erased, or has been."


_REFUSAL: Final[dict[AccountState, type[Forbidden]]] = {
    AccountState.RESTRICTED: AccountRestricted,
    AccountState.SUSPENDED: AccountSuspended,
    AccountState.ERASING: AccountErasing,
}

REFUSALS: Final = (AccountRestricted, AccountSuspended, AccountErasing)
"""What every route for a signed-in person can raise; it belongs into the route's `raises`."""


@overload
async def admit(db: Database, caller: Caller, need: Need, /, *, heavy: tuple[str, ...] = ()) -> ProfileRecord: ...
@overload
async def admit(
    db: Database, caller: Caller, need: Need, target: Key[A], /, *, heavy: tuple[str, ...] = ()
) -> tuple[ProfileRecord, A | None]: ...
@overload
async def admit(
    db: Database, caller: Caller, need: Need, target: Key[A], other: Key[B], /, *, heavy: tuple[str, ...] = ()
) -> tuple[ProfileRecord, A | None, B | None]: ...
@overload
async def admit(
    db: Database,
    caller: Caller,
    need: Need,
    target: Key[A],
    other: Key[B],
    third: Key[C],
    /,
    *,
    heavy: tuple[str, ...] = (),
) -> tuple[ProfileRecord, A | None, B | None, C | None]: ...
async def admit(db: Database, caller: Caller, need: Need, /, *targets: Key[Any], heavy: tuple[str, ...] = ()) -> Any:
    """Read the caller's profile, and with it what they came for: 1 RPC. A first call makes the profile.

    Raises Unauthenticated for a session that was ended, and the refusal of the account's state.
    """
    profile, *found = await db.get_all(profiles.at(caller.uid), *targets, heavy=heavy)
    profile = _check(profile or await _enrol(db, caller, heavy), caller, need)
    return (profile, *found) if targets else profile


def _check(profile: ProfileRecord, caller: Caller, need: Need) -> ProfileRecord:
    # A sign-in is known to the second, so one of the very second of the revocation counts as before it.
    if profile.valid_after and caller.signed_in_at < profile.valid_after:
        raise Unauthenticated
    if need not in _ALLOWED[profile.state]:
        raise _REFUSAL[profile.state]
    return profile


async def _enrol(db: Database, caller: Caller, heavy: tuple[str, ...]) -> ProfileRecord:
    """Make the profile, unless the person was erased or another call has just made it.

    The tombstone is written while the profile is still there and the profile goes a day later at the earliest, so who
    has seen neither has not been erased.
    """
    if await db.get(tombstones.at(caller.subject_hash)):
        raise AccountErasing
    profile = ProfileRecord(
        uid=caller.uid,
        name=_spelt(caller.name or ""),
        email=caller.email,
        email_verified=caller.email_verified,
        principals=[caller.principal],
        created_at=clock.now(),
    )
    try:
        await db.commit(profiles.create(profile))
    except Moved:
        made_by_another = await db.get(profiles.at(caller.uid), heavy=heavy)
        if made_by_another is None:
            raise AccountErasing from None
        return made_by_another
    return profile


def _spelt(name: str) -> str:
    """Return a token's name as `PATCH /v1/me` would take it: clients set it in Firebase as they like."""
    return " ".join("".join(letter if ord(letter) >= 32 and letter != "\x7f" else " " for letter in name).split())[:200]
