"""Portraits: the picture by which others know a person, cut square, and nothing left in it but pixels."""

import asyncio
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from accounts.profiles.admission import Need, admit
from accounts.profiles.records import ProfileRecord, pictures, profiles
from core.caller import Caller
from core.data.contention import again_when_moved
from core.data.database import Database
from core.failures import Fault, Invalid
from core.ids import random_id
from core.media import allowed, naming
from core.media import pictures as media
from core.media.rejection import Rejected
from core.services.objects import Objects

MOST_BYTES: Final = 5 * 1024 * 1024
MEDIA_TYPES: Final = tuple(
    kind.content_type for kind in (allowed.JPEG, allowed.PNG, allowed.WEBP, allowed.HEIC, allowed.GIF)
)

VALID: Final = timedelta(hours=1)
_REMEMBERED: Final = VALID / 2
_MOST_REMEMBERED: Final = 10_000
_YOUNG: Final = timedelta(hours=24)
_PAGE: Final = 300

_known: dict[tuple[str, str], tuple[str, float]] = {}


class PictureRefused(Invalid):
    title = "No such picture is taken"
    detail = "The picture cannot be used; 'errors' says why."


async def change(db: Database, objects: Objects, caller: Caller, content: bytes) -> ProfileRecord:
    """Make this the caller's picture. Returns the profile; raises PictureRefused with the reason.

    The object comes before the record that names it, and the old one goes after: what a crash leaves over is swept.
    """
    await admit(db, caller, Need.WRITE)
    try:
        square = await asyncio.to_thread(media.square, content)
    except Rejected as rejected:
        detail = "This is no picture that can be used."
        raise PictureRefused(faults=[Fault("", rejected.reason.value, detail)]) from rejected
    name = random_id()
    await objects.put(pictures.at(caller.uid, name), square, allowed.WEBP.content_type, disposition=_DISPOSITION)
    return await _exchange(db, objects, caller, name)


async def remove(db: Database, objects: Objects, caller: Caller) -> None:
    """Take the caller's picture away. Without one, nothing happens."""
    await _exchange(db, objects, caller, None)


async def _exchange(db: Database, objects: Objects, caller: Caller, name: str | None) -> ProfileRecord:
    before, after = await _name(db, caller, name)
    if before.picture and before.picture != name:
        await objects.delete(pictures.of(before))
    return after


@again_when_moved
async def _name(db: Database, caller: Caller, name: str | None) -> tuple[ProfileRecord, ProfileRecord]:
    profile = await admit(db, caller, Need.WRITE)
    if profile.picture == name:
        return profile, profile
    changed = profiles.update(profile, picture=name, revision=profile.revision + 1)
    await db.commit(changed)
    return profile, changed.record


async def address(objects: Objects, profile: ProfileRecord) -> str | None:
    """Return a signed address of somebody's picture that holds for half an hour or more, None without a picture.

    It is remembered as long, since signing may be a call to IAM.
    """
    if profile.picture is None:
        return None
    key = pictures.of(profile)
    known, until = _known.get((objects.project_id, key.name), ("", 0.0))
    if monotonic() < until:
        return known
    signed = await objects.signed_download(
        key, content_type=allowed.WEBP.content_type, disposition=_DISPOSITION, valid_for=VALID
    )
    if len(_known) >= _MOST_REMEMBERED:
        _known.clear()
    _known[objects.project_id, key.name] = signed, monotonic() + _REMEMBERED.total_seconds()
    return signed


async def sweep(db: Database, objects: Objects, now: datetime) -> int:
    """Delete pictures of more than a day that no profile names. Returns how many."""
    swept, after = 0, None
    while page := await objects.list(pictures.under(), after=after, limit=_PAGE):
        uids = [pictures.ids_of(stored.key.name)["uid"] for stored in page]
        held = await db.get_all(*(profiles.at(uid) for uid in uids))
        for stored, profile in zip(page, held, strict=True):
            named = profile is not None and pictures.ids_of(stored.key.name)["picture"] == profile.picture
            if not named and stored.updated <= now - _YOUNG:
                await objects.delete(stored.key)
                swept += 1
        after = page[-1].key.name
    return swept


_DISPOSITION: Final = naming.disposition("picture", allowed.WEBP.suffix, inline=True)
