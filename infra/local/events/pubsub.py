"""The one method of Cloud Pub/Sub that fake-gcs-server calls: Publish, with the messages that it takes and gives.

Messages: https://cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1 (no package that is here brings them)
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import uuid4

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from infra.local.events.event import Event, event_of

_PACKAGE: Final = "google.pubsub.v1"
_BYTES, _STRING, _MESSAGE = 12, 9, 11
_OPTIONAL, _REPEATED = 1, 3


class Publisher:
    """A gRPC server on 127.0.0.1 that hands every event to `receive`, in a thread of its own.

    `port` 0 takes a free one. `host` is where it listens, for PUBSUB_EMULATOR_HOST.
    """

    def __init__(self, receive: Callable[[Event], None], port: int = 0) -> None:
        self._receive = receive
        self._server = grpc.server(ThreadPoolExecutor(2, thread_name_prefix="publisher"))
        self._server.add_generic_rpc_handlers((self._handler(),))
        self.host = f"127.0.0.1:{self._server.add_insecure_port(f'127.0.0.1:{port}')}"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(None).wait()

    def _handler(self) -> grpc.GenericRpcHandler:
        publish = grpc.unary_unary_rpc_method_handler(
            self._publish,
            request_deserializer=_message("PublishRequest").FromString,
            response_serializer=_serialize,
        )
        return grpc.method_handlers_generic_handler(f"{_PACKAGE}.Publisher", {"Publish": publish})

    def _publish(self, request: Any, _: object) -> Any:
        for message in request.messages:
            attributes = {pair.key: pair.value for pair in message.attributes}
            if (event := event_of(message.data, attributes)) is not None:
                self._receive(event)
        # An id for each message, or the publisher's client library ends its program.
        return _message("PublishResponse")(message_ids=[uuid4().hex for _ in request.messages])


def _serialize(message: Any) -> bytes:
    return message.SerializeToString()


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="dokker/pubsub.proto", package=_PACKAGE, syntax="proto3")
    _add(file, "Pair", key=(1, _STRING), value=(2, _STRING))  # what a map's entry is on the wire
    _add(file, "PubsubMessage", data=(1, _BYTES), attributes=(2, "Pair"))
    _add(file, "PublishRequest", topic=(1, _STRING), messages=(2, "PubsubMessage"))
    _add(file, "PublishResponse", message_ids=(1, _STRING, _REPEATED))
    return file


def _add(file: descriptor_pb2.FileDescriptorProto, name: str, **fields: Any) -> None:
    message = file.message_type.add(name=name)
    for field, (number, kind, *label) in fields.items():
        if isinstance(kind, str):
            message.field.add(
                name=field, number=number, type=_MESSAGE, label=_REPEATED, type_name=f".{_PACKAGE}.{kind}"
            )
        else:
            message.field.add(name=field, number=number, type=kind, label=label[0] if label else _OPTIONAL)


# A pool of its own: another package may bring the real ones.
_pool: Final = descriptor_pool.DescriptorPool()
_pool.Add(_file())  # pyright: ignore[reportUnknownMemberType]


def _message(name: str) -> Any:
    found: Any = _pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")  # pyright: ignore[reportUnknownMemberType]
    return message_factory.GetMessageClass(found)
