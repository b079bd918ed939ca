"""The gRPC face: each method decodes, makes one call of the service and encodes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.empty_pb2 import Empty

from infra.local.tasks import wire
from infra.local.tasks.records import Queue, Task
from infra.local.tasks.refusals import Refusal, invalid
from infra.local.tasks.service import Service

SERVICE = "google.cloud.tasks.v2.CloudTasks"
MAX_QUEUES_A_PAGE = 9800
MAX_TASKS_A_PAGE = 1000


def handlers(service: Service) -> grpc.GenericRpcHandler:
    """The service's methods for a grpc.aio server; the others of the API answer UNIMPLEMENTED."""
    return grpc.method_handlers_generic_handler(SERVICE, {name: _handler(service, name) for name in _METHODS})


def _handler(service: Service, name: str) -> grpc.RpcMethodHandler[Any, Any]:
    call = _METHODS[name]

    async def answer(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return call(service, request)
        except Refusal as refusal:
            return await context.abort(refusal.code, refusal.message)

    return grpc.unary_unary_rpc_method_handler(
        answer,  # pyright: ignore[reportArgumentType] the stub knows the blocking server's handlers alone
        request_deserializer=wire.message_class(f"{name}Request").FromString,
        response_serializer=_serialize,
    )


def _serialize(message: Any) -> bytes:
    return message.SerializeToString()


def _create_queue(service: Service, request: Any) -> Any:
    config = wire.queue_config(request.queue)
    return wire.queue(service.create_queue(request.parent, request.queue.name, config))


def _get_queue(service: Service, request: Any) -> Any:
    return wire.queue(service.get_queue(request.name))


def _list_queues(service: Service, request: Any) -> Any:
    if request.filter:
        raise invalid("ListQueuesRequest.filter is not served here.")
    limit = _page_size(request, MAX_QUEUES_A_PAGE)
    found = service.list_queues(request.parent, _read_token(request.page_token), limit + 1)
    page = found[:limit]
    return wire.message_class("ListQueuesResponse")(
        queues=map(wire.queue, page), next_page_token=_write_token(page, more=len(found) > limit)
    )


def _update_queue(service: Service, request: Any) -> Any:
    paths = list(request.update_mask.paths)
    queue = service.update_queue(request.queue.name, lambda config: wire.changed_config(request.queue, paths, config))
    return wire.queue(queue)


def _delete_queue(service: Service, request: Any) -> Any:
    service.delete_queue(request.name)
    return Empty()


def _purge_queue(service: Service, request: Any) -> Any:
    return wire.queue(service.purge_queue(request.name))


def _pause_queue(service: Service, request: Any) -> Any:
    return wire.queue(service.pause_queue(request.name))


def _resume_queue(service: Service, request: Any) -> Any:
    return wire.queue(service.resume_queue(request.name))


def _create_task(service: Service, request: Any) -> Any:
    task = service.create_task(request.parent, wire.draft(request.task))
    return wire.task(task, full=wire.wants_full(request))


def _get_task(service: Service, request: Any) -> Any:
    return wire.task(service.get_task(request.name), full=wire.wants_full(request))


def _list_tasks(service: Service, request: Any) -> Any:
    limit = _page_size(request, MAX_TASKS_A_PAGE)
    found = service.list_tasks(request.parent, _read_token(request.page_token), limit + 1)
    page, full = found[:limit], wire.wants_full(request)
    return wire.message_class("ListTasksResponse")(
        tasks=[wire.task(task, full=full) for task in page],
        next_page_token=_write_token(page, more=len(found) > limit),
    )


def _delete_task(service: Service, request: Any) -> Any:
    service.delete_task(request.name)
    return Empty()


def _run_task(service: Service, request: Any) -> Any:
    return wire.task(service.run_task(request.name), full=wire.wants_full(request))


def _page_size(request: Any, most: int) -> int:
    if request.page_size < 0:
        raise invalid("pageSize cannot be negative.")
    return min(request.page_size or most, most)


def _write_token(page: list[Queue] | list[Task], *, more: bool) -> str:
    """The last name of the page, wrapped so that nobody is tempted to read it."""
    return base64.urlsafe_b64encode(page[-1].name.encode()).decode() if more else ""


def _read_token(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise invalid("pageToken is invalid.") from error


_METHODS: dict[str, Callable[[Service, Any], Any]] = {
    "CreateQueue": _create_queue,
    "GetQueue": _get_queue,
    "ListQueues": _list_queues,
    "UpdateQueue": _update_queue,
    "DeleteQueue": _delete_queue,
    "PurgeQueue": _purge_queue,
    "PauseQueue": _pause_queue,
    "ResumeQueue": _resume_queue,
    "CreateTask": _create_task,
    "GetTask": _get_task,
    "ListTasks": _list_tasks,
    "DeleteTask": _delete_task,
    "RunTask": _run_task,
}
