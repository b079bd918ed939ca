"""What a route can ask for, under one name each."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from core.caller import Caller
from core.conditions import EntityTags, IfMatch
from core.data.database import Database
from core.paging import PageRequest
from core.services import clients
from core.services.mail import Mail
from core.services.objects import Objects
from core.services.queue import Tasks
from core.settings import Settings
from core.web.events import ObjectFinalized, object_finalized
from core.web.idempotency import Idempotency, idempotency
from core.web.identity import Identity
from core.web.pages import page_request
from core.web.preconditions import if_match, if_none_match


async def _caller(request: Request) -> Caller:
    return request.scope["caller"]


async def _database() -> Database:
    return clients.current().database


async def _tasks() -> Tasks:
    return clients.current().tasks


async def _objects() -> Objects:
    return clients.current().objects


async def _mail() -> Mail:
    return clients.current().mail


async def _identity() -> Identity:
    return clients.current().identity


async def _settings() -> Settings:
    return clients.current().settings


TheCaller = Annotated[Caller, Depends(_caller)]
TheDatabase = Annotated[Database, Depends(_database)]
TheTasks = Annotated[Tasks, Depends(_tasks)]
TheObjects = Annotated[Objects, Depends(_objects)]
TheMail = Annotated[Mail, Depends(_mail)]
TheIdentity = Annotated[Identity, Depends(_identity)]
TheSettings = Annotated[Settings, Depends(_settings)]
TheObjectFinalized = Annotated[ObjectFinalized, Depends(object_finalized)]
TheIfMatch = Annotated[IfMatch, Depends(if_match)]
TheIfNoneMatch = Annotated[EntityTags | None, Depends(if_none_match)]
ThePage = Annotated[PageRequest, Depends(page_request)]
TheIdempotency = Annotated[Idempotency, Depends(idempotency)]
