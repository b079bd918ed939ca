"""Events on their last way: to the function that the registry has for the bucket, and a list of the latest."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from starlette.requests import Request
from starlette.responses import Response

from core import clock
from core.failures import Malformed
from infra.local.gateway.clocks import rfc3339
from infra.local.gateway.loading import Served
from infra.local.gateway.settings import Settings

_KEPT: Final = 100


@dataclass
class Events:
    """What Eventarc is to the served functions."""

    served: Mapping[str, Served]
    settings: Settings
    latest: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_KEPT))

    async def post(self, request: Request) -> Response:
        """Hand a CloudEvent to the function for its bucket and type, and answer as that does; 204 where there is none.

        The bucket stands in the attribute `bucket`, as Eventarc gives it.
        """
        bucket, kind = request.headers.get("ce-bucket"), request.headers.get("ce-type")
        if not bucket or not kind:
            raise Malformed("That is no CloudEvent of Cloud Storage.")
        if (function := self._function_for(bucket, kind)) is None:
            return Response(status_code=204)
        answer = await self._hand_over(function, request)
        self._note(function, request, answer.status_code)
        return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))

    def _function_for(self, bucket: str, kind: str) -> Served | None:
        for one in self.served.values():
            wanted = one.function.events
            if wanted and (wanted.bucket.named_in(self.settings.project_id), wanted.type) == (bucket, kind):
                return one
        return None

    async def _hand_over(self, function: Served, request: Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name.startswith(("ce-", "content-type"))}
        # Straight to the function's app, with the parameter that Eventarc's push adds.
        transport = httpx.ASGITransport(function.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=None) as client:  # noqa: S113
            address = "/?__GCP_CloudEventsMode=GCS_NOTIFICATION"
            return await client.post(address, content=await request.body(), headers=headers)

    def _note(self, function: Served, request: Request, status: int) -> None:
        self.latest.appendleft(
            {
                "id": request.headers.get("ce-id"),
                "type": request.headers["ce-type"],
                "bucket": request.headers["ce-bucket"],
                "subject": request.headers.get("ce-subject"),
                "function": function.function.name,
                "status": status,
                "at": rfc3339(clock.now()),
            }
        )
