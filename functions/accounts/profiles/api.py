"""The HTTP function `profiles`."""

from typing import Annotated

from fastapi import Header
from starlette.responses import Response

from accounts.profiles import devices, security_events, service
from accounts.profiles.admission import REFUSALS
from accounts.profiles.schemas import (
    DevicePage,
    DevicesForgotten,
    DeviceView,
    PersonView,
    ProfileChange,
    ProfileView,
    SecurityEventPage,
    SecurityEventView,
    SessionsRevoked,
)
from core import clock
from core.failures import IfMatchRequired, Malformed, StaleEtag
from core.functions import http_function
from core.web.application import Application, Budget
from core.web.dependencies import TheCaller, TheDatabase, TheIdentity, TheIfMatch, TheIfNoneMatch, ThePage
from core.web.preconditions import shown
from core.web.schemas import Id, Uid

app = Application("profiles", title="Profiles: a person's own account")


@app.get(
    "/v1/me",
    shows=ProfileView,
    raises=[*REFUSALS, Malformed],
    budget=Budget(rpcs=1, reads=1),
    may_answer={304: "Unchanged since the ETag in If-None-Match"},
)
async def read_me(
    caller: TheCaller,
    db: TheDatabase,
    unless: TheIfNoneMatch,
    x_device_id: Annotated[
        Id | None,
        Header(description="a random id that this client keeps; without it no device is noted"),
    ] = None,
    user_agent: Annotated[str, Header(include_in_schema=False)] = "",
    sec_ch_ua_platform: Annotated[str, Header(max_length=40, include_in_schema=False)] = "",
    sec_ch_ua_mobile: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response:
    """Read your account. The first call makes it; with X-Device-Id the device is noted, too."""
    profile = await service.read(db, caller)
    if x_device_id:
        seen = devices.SeenDevice.of(x_device_id, user_agent, sec_ch_ua_platform, sec_ch_ua_mobile)
        await devices.note(db, profile, seen, clock.now())
    return shown(ProfileView.showing(profile), etag=service.etag(profile), unless=unless)


@app.patch(
    "/v1/me",
    shows=ProfileView,
    raises=[*REFUSALS, IfMatchRequired, StaleEtag],
    budget=Budget(rpcs=2, reads=1, writes=1),
    example={"name": "Kari Nordmann", "locale": "nb", "phone": "+47 22 22 22 22"},
)
async def change_me(changes: ProfileChange, caller: TheCaller, db: TheDatabase, condition: TheIfMatch) -> Response:
    """Change name, telephone number, language or time zone."""
    profile = await service.change(db, caller, changes.model_dump(exclude_unset=True), condition)
    return shown(ProfileView.showing(profile), etag=service.etag(profile))


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
async def read_person(uid: Uid, caller: TheCaller, db: TheDatabase) -> Response:
    """Read the name of someone who shares something with you."""
    return shown(PersonView.showing(await service.person(db, caller, uid)))


# Hosting hands over what no other function claims, so that an unknown address, too, is answered with problem+json.
profiles = http_function(app, paths=["/v1/me", "/v1/me/**", "/v1/people/*", "/v1/**"])
