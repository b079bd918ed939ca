"""A person's own account: reading it, changing it, ending its sessions, and being seen by others."""

from datetime import datetime
from typing import Any

from accounts.profiles.acquaintance import acquainted
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import AccountState, ProfileRecord, SecurityEventKind, profiles, storage_use
from accounts.profiles.security_events import event
from core.caller import Caller
from core.conditions import IfMatch
from core.data.contention import again_when_moved
from core.data.database import Database, Moved
from core.failures import NotFound, Unavailable
from core.web.identity import Identity


class PersonNotFound(NotFound):
    detail = "There is no such person, or you share nothing with them."


class FirebaseUntold(Unavailable):
    detail = (
        "Your sessions are over here, this one too, but Firebase did not answer. "
        "Sign in again and repeat this, so that nothing of before is renewed there either."
    )


def etag(profile: ProfileRecord, used: int) -> str:
    """Return the profile's ETag: `revision` counts every change of it; beside it stands the room that files take."""
    return f"{profile.revision}-{used}"


async def read(db: Database, caller: Caller) -> tuple[ProfileRecord, int]:
    """Return the caller's profile and the bytes that their files take.

    The e-mail address is the one that their token gives (as it was while restricted).
    """
    profile, use = await admit(db, caller, Need.READ, storage_use.at(caller.principal))
    used = use.used_bytes if use else 0
    unchanged = (profile.email, profile.email_verified) == (caller.email, caller.email_verified)
    if unchanged or profile.state is AccountState.RESTRICTED:
        return profile, used
    return await _follow_token(db, caller, profile), used


async def _follow_token(db: Database, caller: Caller, profile: ProfileRecord) -> ProfileRecord:
    change = profiles.update(
        profile, email=caller.email, email_verified=caller.email_verified, revision=profile.revision + 1
    )
    try:
        await db.commit(change)
    except Moved:
        return await admit(db, caller, Need.READ)
    return change.record


@again_when_moved
async def change(
    db: Database, caller: Caller, changes: dict[str, Any], condition: IfMatch
) -> tuple[ProfileRecord, int]:
    """Change the named fields of the caller's profile; return it and the bytes that their files take.

    Raises StaleEtag when it is no longer as the caller read it. When only something beside it moved, the ETag still
    holds and the change is tried again.
    """
    profile, use = await admit(db, caller, Need.WRITE, storage_use.at(caller.principal))
    used = use.used_bytes if use else 0
    condition.check_revision(profile.revision)
    if all(getattr(profile, name) == value for name, value in changes.items()):
        return profile, used
    changed = profiles.update(profile, **changes, revision=profile.revision + 1)
    await db.commit(changed)
    return changed.record, used


async def revoke_sessions(db: Database, identity: Identity, caller: Caller, now: datetime, wall: datetime) -> datetime:
    """End all of the caller's sessions, this one too. Returns the time before which a sign-in no longer counts.

    The profile comes first: from its commit on every older token is refused here, and a call to Firebase that fails can
    be repeated, while the other order would leave older tokens valid for an hour. Raises FirebaseUntold for that.
    """
    await _end_sessions(db, caller, now, wall)
    try:
        await identity.revoke_sessions(caller.uid)
    except Unavailable as error:
        raise FirebaseUntold(retry_after=error.retry_after) from error
    return wall


@again_when_moved
async def _end_sessions(db: Database, caller: Caller, now: datetime, wall: datetime) -> None:
    profile = await admit(db, caller, Need.WRITE)
    changed = profiles.update(profile, valid_after=wall)
    await db.commit(changed, event(caller.uid, SecurityEventKind.SESSIONS_REVOKED, now))


@again_when_moved
async def change_state(db: Database, uid: str, state: AccountState, now: datetime) -> ProfileRecord:
    """Move an account into another state, and record that for its owner. Raises PersonNotFound."""
    profile = await db.get(profiles.at(uid))
    if profile is None:
        raise PersonNotFound
    if profile.state is state:
        return profile
    changed = profiles.update(profile, state=state, revision=profile.revision + 1)
    await db.commit(changed, event(uid, SecurityEventKind.STATE_CHANGED, now, state=state))
    return changed.record


async def person(db: Database, caller: Caller, uid: str) -> ProfileRecord:
    """Return another's profile to someone who shares something with them. Raises PersonNotFound for anybody else."""
    own, other = await admit(db, caller, Need.READ, profiles.at(uid))
    if other is None or not acquainted(own, other):
        raise PersonNotFound
    return other
