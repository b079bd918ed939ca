"""What people want to be told by e-mail: the same stored value as the consent `activity_mail`."""

from accounts.outreach.recipients import ACTIVITY_MAIL, wants_activity
from accounts.profiles.admission import Need, admit
from accounts.profiles.records import profiles
from core.caller import Caller
from core.conditions import IfMatch
from core.data.contention import again_when_moved
from core.data.database import Database


def etag(*, activity_mail: bool) -> str:
    """Return the preferences' ETag, which says all that they hold."""
    return f"activity-{'on' if activity_mail else 'off'}"


async def read(db: Database, caller: Caller) -> bool:
    """Tell whether the caller gets mail about activity."""
    return wants_activity(await admit(db, caller, Need.READ))


@again_when_moved
async def change(db: Database, caller: Caller, condition: IfMatch, *, activity_mail: bool) -> bool:
    """Switch mail about activity on or off. It is one's own right, so a restricted account may.

    Raises StaleEtag when the preferences are no longer as the caller read them.
    """
    profile = await admit(db, caller, Need.OWN_RIGHTS)
    wanted = wants_activity(profile)
    condition.check(etag(activity_mail=wanted))
    if wanted != activity_mail:
        # Not the profile's revision: whoever changes their name meanwhile has lost nothing.
        await db.commit(profiles.update(profile, consents={**profile.consents, ACTIVITY_MAIL: activity_mail}))
    return activity_mail
