"""One event of Cloud Storage, as fake-gcs-server tells it and as Eventarc posts it.

Source: https://cloud.google.com/storage/docs/pubsub-notifications, https://cloud.google.com/eventarc/docs/cloudevents
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from uuid import uuid4

_TYPES: Final = {"OBJECT_FINALIZE": "google.cloud.storage.object.v1.finalized"}


@dataclass(frozen=True)
class Event:
    """`bucket` is the real name, `content` the object's metadata as JSON."""

    id: str
    type: str
    bucket: str
    name: str
    time: str
    content: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The attributes of a CloudEvent in binary mode."""
        return {
            "ce-specversion": "1.0",
            "ce-id": self.id,
            "ce-type": self.type,
            "ce-source": f"//storage.googleapis.com/projects/_/buckets/{self.bucket}",
            "ce-subject": quote(f"objects/{self.name}", safe="/ "),
            "ce-time": self.time,
            "ce-bucket": self.bucket,
            "Content-Type": "application/json",
        }


def event_of(data: bytes, attributes: Mapping[str, str]) -> Event | None:
    """Return the event that a message of the Storage server tells of, or None for one that nobody is told of."""
    kind = _TYPES.get(attributes.get("eventType", ""))
    if kind is None:
        return None
    content = json.loads(data)
    return Event(uuid4().hex, kind, content["bucket"], content["name"], attributes["eventTime"], data)
