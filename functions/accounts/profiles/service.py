"""A person's own account: reading it, changing it, ending its sessions, and being seen by others."""

from datetime import datetime
from typing import Any

from accounts.profiles.admission import Need, admit
from accounts.profiles.records import AccountState, ProfileRecord, SecurityEventKind, profiles
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


def etag(profile: ProfileRecord) -> str:
    """Return the profile's ETag: every change of what the person sees counts `revision` up."""
    return str(profile.revision)


async def read(db: Database, caller: Caller) -> ProfileRecord:
    """Return the caller's profile, with the e-mail address that their token gives (as it was while restricted)."""
    profile = await admit(db, caller, Need.READ)
    unchanged = (profile.email, profile.email_verified) == (caller.email, caller.email_verified)
    if unchanged or profile.state is AccountState.RESTRICTED:
        return profile
    return await _follow_token(db, caller, profile)


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
async def change(db: Database, caller: Caller, changes: dict[str, Any], condition: IfMatch) -> ProfileRecord:
    """Change the named fields of the caller's profile. Raises StaleEtag when it is no longer as the caller read it.

    When only something beside it moved, the ETag still holds and the change is tried again.
    """
    profile = await admit(db, caller, Need.WRITE)
    condition.check(etag(profile))
    if all(getattr(profile, name) == value for name, value in changes.items()):
        return profile
    changed = profiles.update(profile, **changes, revision=profile.revision + 1)
    await db.commit(changed)
    return changed.record


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
    if other is None or not set(own.principals) & set(other.principals) or other.state is AccountState.ERASING:
        raise PersonNotFound
    return other
