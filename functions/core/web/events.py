"""CloudEvents of Cloud Storage, in binary and in structured mode, as Eventarc posts them: at least once, in any order.

Formats: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md and
https://github.com/googleapis/google-cloudevents (google.events.cloud.storage.v1.StorageObjectData)
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, BaseModel, Field, ValidationError
from starlette.requests import Request

from core.data.buckets import Bucket
from core.data.objects import MOST_BYTES, ObjectKey, prefix_of
from core.failures import TooLarge
from core.functions import FINALIZED
from core.services import clients
from core.web import json_body

_MOST_BYTES: Final = 256 * 1024


class UnreadableEvent(Exception):
    """What came is no event that this function takes. The message says which part, and quotes nothing of it."""


@dataclass(frozen=True)
class ObjectFinalized:
    """An object is there: this generation of it, whole. `event_id` is the same in each delivery of one event."""

    bucket: Bucket
    name: str
    generation: int
    size: int
    content_type: str
    event_id: str
    time: datetime

    @property
    def key(self) -> ObjectKey | None:
        """The object's key, or None for a name that no declared prefix knows."""
        return ObjectKey(self.bucket, self.name) if prefix_of(self.bucket, self.name) else None


class _Data(BaseModel):
    """The part of the object's metadata that is wanted; 64-bit numbers travel as strings."""

    bucket: str
    name: Annotated[str, Field(min_length=1, max_length=MOST_BYTES)]
    generation: Annotated[int, Field(ge=1)]
    size: Annotated[int, Field(ge=0)]
    contentType: str = ""  # noqa: N815  as it travels


class _Attributes(BaseModel):
    id: Annotated[str, Field(min_length=1, max_length=1_000)]
    type: str
    time: AwareDatetime


async def object_finalized(request: Request) -> ObjectFinalized:
    """Read the event. Raises UnreadableEvent, which is logged and acknowledged."""
    try:
        body = await json_body.read(request, _MOST_BYTES)
    except TooLarge as error:
        raise UnreadableEvent("size") from error
    return decode(dict(request.headers), body, clients.current().settings.project_id)


def decode(headers: dict[str, str], body: bytes, project_id: str) -> ObjectFinalized:
    """Make an event of a request. Raises UnreadableEvent unless it is a finalized one about a bucket of ours."""
    attributes, data = _parts(headers, body)
    if attributes.type != FINALIZED:
        raise UnreadableEvent("type")
    bucket = next((one for one in Bucket.declared.values() if one.named_in(project_id) == data.bucket), None)
    if bucket is None:
        raise UnreadableEvent("bucket")
    return ObjectFinalized(
        bucket, data.name, data.generation, data.size, data.contentType, attributes.id, attributes.time
    )


def _parts(headers: dict[str, str], body: bytes) -> tuple[_Attributes, _Data]:
    from cloudevents.exceptions import GenericException
    from cloudevents.http import from_http  # pyright: ignore[reportUnknownVariableType]  its unmarshaller

    try:
        event: Any = from_http(headers, body)
        return _Attributes.model_validate(event.get_attributes()), _Data.model_validate(event.get_data())
    except ValidationError as error:
        raise UnreadableEvent("fields") from error
    except (GenericException, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnreadableEvent("form") from error
