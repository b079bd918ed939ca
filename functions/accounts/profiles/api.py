"""The HTTP function `profiles`."""

from typing import Annotated

from fastapi import Header
from starlette.requests import Request
from starlette.responses import Response

from accounts.profiles import devices, portraits, security_events, service
from accounts.profiles.admission import REFUSALS
from accounts.profiles.records import ProfileRecord
from accounts.profiles.schemas import (
    DevicePage,
    DevicesForgotten,
    DeviceView,
    PersonView,
    PictureChanged,
    ProfileChange,
    ProfileView,
    SecurityEventPage,
    SecurityEventView,
    SessionsRevoked,
    StorageView,
)
from core import clock
from core.failures import IfMatchRequired, Malformed, StaleEtag
from core.functions import http_function
from core.services.objects import Objects
from core.settings import Settings
from core.web.application import Application, Budget
from core.web.dependencies import (
    TheCaller,
    TheDatabase,
    TheIdentity,
    TheIfMatch,
    TheIfNoneMatch,
    TheObjects,
    ThePage,
    TheSettings,
    TheTasks,
)
from core.web.preconditions import shown
from core.web.schemas import Id, Uid

app = Application("profiles", title="Profiles: a person's own account")


@app.get(
    "/v1/me",
    shows=ProfileView,
    raises=[*REFUSALS, Malformed],
    budget=Budget(rpcs=1, reads=2),
    may_answer={304: "Unchanged since the ETag in If-None-Match"},
)
async def read_me(
    caller: TheCaller,
    db: TheDatabase,
    unless: TheIfNoneMatch,
    objects: TheObjects,
    settings: TheSettings,
    tasks: TheTasks,
    x_device_id: Annotated[
        Id | None,
        Header(description="a random id that this client keeps; without it no device is noted"),
    ] = None,
    user_agent: Annotated[str, Header(include_in_schema=False)] = "",
    sec_ch_ua_platform: Annotated[str, Header(max_length=40, include_in_schema=False)] = "",
    sec_ch_ua_mobile: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Read your account. The first call makes it; with X-Device-Id the device is noted, too."""
    profile, used = await service.read(db, caller)
    if x_device_id:
        seen = devices.SeenDevice.of(x_device_id, user_agent, sec_ch_ua_platform, sec_ch_ua_mobile)
        await devices.note(db, tasks, profile, seen, clock.now())
    view = await _whole(profile, used, objects, settings)
    return shown(view, etag=service.etag(profile, used), unless=unless)


async def _whole(profile: ProfileRecord, used: int, objects: Objects, settings: Settings) -> ProfileView:
    storage = StorageView(used_bytes=used, limit_bytes=settings.storage_limit_bytes)
    return ProfileView.showing(profile, storage=storage, picture_url=await portraits.address(objects, profile))


@app.patch(
    "/v1/me",
    shows=ProfileView,
    raises=[*REFUSALS, IfMatchRequired, StaleEtag],
    budget=Budget(rpcs=2, reads=2, writes=1),
    example={"name": "Kari Nordmann", "locale": "nb", "phone": "+47 22 22 22 22"},
)
async def change_me(
    changes: ProfileChange,
    caller: TheCaller,
    db: TheDatabase,
    objects: TheObjects,
    condition: TheIfMatch,
    settings: TheSettings,
) -> Response:
    """Change name, telephone number, language or time zone."""
    profile, used = await service.change(db, caller, changes.model_dump(exclude_unset=True), condition)
    return shown(await _whole(profile, used, objects, settings), etag=service.etag(profile, used))


@app.put(
    "/v1/me/picture",
    shows=PictureChanged,
    raises=[*REFUSALS, portraits.PictureRefused],
    budget=Budget(rpcs=3, reads=2, writes=1),
    reads=portraits.MEDIA_TYPES,
    most_bytes=portraits.MOST_BYTES,
)
async def change_picture(request: Request, caller: TheCaller, db: TheDatabase, objects: TheObjects) -> Response:
    """Set your picture: the request's body, at most 5 MiB. It is cut square and cleaned of everything but pixels."""
    profile = await portraits.change(db, objects, caller, await request.body())
    return shown(PictureChanged(picture_url=await portraits.address(objects, profile)))


@app.delete("/v1/me/picture", status=204, raises=REFUSALS, budget=Budget(rpcs=2, reads=1, writes=1))
async def remove_picture(caller: TheCaller, db: TheDatabase, objects: TheObjects) -> Response:
    """Take your picture away."""
    await portraits.remove(db, objects, caller)
    return Response(status_code=204)


@app.get(
    "/v1/me/devices",
    shows=DevicePage,
    raises=[*REFUSALS, Malformed],
    budget=Budget(rpcs=2, reads=1, per="item"),
)
async def list_devices(caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List the devices that you come from, the last seen first."""
    found, token = await devices.listed(db, caller, page)
    return shown(DevicePage(items=[DeviceView.showing(device) for device in found], next_page_token=token))


@app.delete(
    "/v1/me/devices",
    shows=DevicesForgotten,
    raises=REFUSALS,
    budget=Budget(rpcs=3, reads=1, per="item"),
)
async def forget_devices(caller: TheCaller, db: TheDatabase) -> Response:
    """Forget all your devices. Those that come back are noted again."""
    return shown(DevicesForgotten(forgotten=await devices.forget_all(db, caller)))


@app.delete(
    "/v1/me/devices/{device_id}",
    status=204,
    raises=[*REFUSALS, devices.DeviceNotFound],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def forget_device(device_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Forget a device. It is noted again when it comes back."""
    await devices.forget(db, caller, device_id)
    return Response(status_code=204)


@app.post(
    "/v1/me/sessions/revoke",
    shows=SessionsRevoked,
    raises=[*REFUSALS, service.FirebaseUntold],
    budget=Budget(rpcs=2, reads=1, writes=2),
)
async def revoke_sessions(caller: TheCaller, db: TheDatabase, identity: TheIdentity) -> Response:
    """Sign out everywhere, here too: sessions that began before this call are refused from now on."""
    at = await service.revoke_sessions(db, identity, caller, clock.now(), clock.wall())
    return shown(SessionsRevoked(revoked_at=at))


@app.get(
    "/v1/me/security-events",
    shows=SecurityEventPage,
    raises=[*REFUSALS, Malformed],
    budget=Budget(rpcs=2, reads=1, per="item"),
)
async def list_security_events(caller: TheCaller, db: TheDatabase, page: ThePage) -> Response:
    """List what happened to your account in the last 90 days, newest first."""
    found, token = await security_events.listed(db, caller, page, clock.now())
    return shown(SecurityEventPage(items=[SecurityEventView.showing(event) for event in found], next_page_token=token))


@app.get(
    "/v1/people/{uid}",
    shows=PersonView,
    raises=[*REFUSALS, service.PersonNotFound],
    budget=Budget(rpcs=1, reads=2),
)
async def read_person(uid: Uid, caller: TheCaller, db: TheDatabase, objects: TheObjects) -> Response:
    """Read name and picture of someone who shares something with you."""
    person = await service.person(db, caller, uid)
    return shown(PersonView.showing(person, picture_url=await portraits.address(objects, person)))


# Hosting hands over what no other function claims, so that an unknown address, too, is answered with problem+json.
profiles = http_function(app, paths=["/v1/me", "/v1/me/**", "/v1/people/*", "/v1/**"])
