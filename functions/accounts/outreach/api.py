"""The HTTP function `outreach`."""

from typing import Annotated, Any, Final

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from accounts.outreach import preferences, reading, unsubscribing
from accounts.outreach.schemas import NoticePage, NoticesRead, NoticeView, NotificationsChange, NotificationsView
from accounts.profiles.admission import REFUSALS
from core import clock
from core.failures import IfMatchRequired, Malformed, StaleEtag
from core.functions import http_function
from core.web.application import Application, Budget
from core.web.dependencies import TheCaller, TheDatabase, TheIfMatch, TheIfNoneMatch, ThePage, TheSettings
from core.web.preconditions import shown
from core.web.schemas import Id

app = Application("outreach", title="Outreach: notices, and which of them come by e-mail")

# For the document alone: a token that is none unsubscribes nobody (404), whatever is wrong with it.
_TOKEN: Final[dict[str, Any]] = {"minLength": 1, "examples": ["k_Vl9ZP53pkTXlfbzl1kdS.o1YlcQmD…"]}


@app.get(
    "/v1/me/notifications",
    shows=NotificationsView,
    raises=[*REFUSALS, Malformed],
    budget=Budget(rpcs=1, reads=1),
    may_answer={304: "Unchanged since the ETag in If-None-Match"},
)
async def read_notifications(caller: TheCaller, db: TheDatabase, unless: TheIfNoneMatch) -> Response:
    """Read which notices come to you by e-mail."""
    wanted = await preferences.read(db, caller)
    return shown(NotificationsView(activity_mail=wanted), etag=preferences.etag(activity_mail=wanted), unless=unless)


@app.put(
    "/v1/me/notifications",
    shows=NotificationsView,
    raises=[*REFUSALS, IfMatchRequired, StaleEtag],
    budget=Budget(rpcs=2, reads=1, writes=1),
    example={"activityMail": False},
)
async def change_notifications(
    draft: NotificationsChange, caller: TheCaller, db: TheDatabase, condition: TheIfMatch
) -> Response:
    """Say which notices come to you by e-mail. Those that belong to the service always do."""
    wanted = await preferences.change(db, caller, condition, activity_mail=draft.activity_mail)
    return shown(NotificationsView(activity_mail=wanted), etag=preferences.etag(activity_mail=wanted))


@app.get(
    "/v1/me/notices",
    shows=NoticePage,
    raises=[*REFUSALS, Malformed],
    budget=Budget(rpcs=3, reads=1, per="item, and one for each person who is named"),
)
async def list_notices(
    caller: TheCaller,
    db: TheDatabase,
    page: ThePage,
    unread: Annotated[bool, Query(description="only those that you have not read")] = False,
) -> Response:
    """List what you were told in the last 90 days, newest first."""
    found, names, token = await reading.listed(db, caller, page, unread=unread)
    return shown(NoticePage(items=[NoticeView.of(notice, names) for notice in found], next_page_token=token))


@app.post(
    "/v1/me/notices/{notice_id}/read",
    status=204,
    raises=[*REFUSALS, reading.NoticeNotFound],
    budget=Budget(rpcs=2, reads=2, writes=1),
)
async def read_notice(notice_id: Id, caller: TheCaller, db: TheDatabase) -> Response:
    """Note that you have read a notice."""
    await reading.mark_read(db, caller, notice_id, clock.now())
    return Response(status_code=204)


@app.post(
    "/v1/me/notices/read",
    shows=NoticesRead,
    raises=REFUSALS,
    budget=Budget(rpcs=3, reads=1, per="unread notice"),
)
async def read_all_notices(caller: TheCaller, db: TheDatabase) -> Response:
    """Note that you have read all your notices."""
    return shown(NoticesRead(read=await reading.mark_all_read(db, caller, clock.now())))


@app.post(
    "/v1/unsubscribe",
    status=204,
    audience="anyone",
    raises=[unsubscribing.WrongToken],
    budget=Budget(rpcs=3, reads=2, writes=1),
    reads=unsubscribing.MEDIA_TYPES,
    most_bytes=2_000,
)
async def unsubscribe(
    request: Request,
    db: TheDatabase,
    settings: TheSettings,
    token: Annotated[str, Query(description="as the mail has it", json_schema_extra=_TOKEN)],
) -> Response:
    """Get no more mail about activity: what a mail program calls for one click (RFC 8058), with no sign-in."""
    notice_id = unsubscribing.notice_of(settings.key, token)
    unsubscribing.refuse_unless_one_click(await request.body())
    await unsubscribing.unsubscribe(db, notice_id)
    return Response(status_code=204)


outreach = http_function(app, paths=["/v1/me/notifications", "/v1/me/notices", "/v1/me/notices/**", "/v1/unsubscribe"])
