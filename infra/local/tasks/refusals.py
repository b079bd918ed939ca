"""The server's refusals, with the status and the words of the real service where these are known."""

from __future__ import annotations

from grpc import StatusCode

QUEUE_MISSING = (
    "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize."
)
QUEUE_TOO_RECENT = "The queue cannot be created because a queue with this name existed too recently."
TASK_TOO_RECENT = "The task cannot be created because a task with this name existed too recently."
TASK_ENDED = (
    "The task no longer exists, though a task with this name existed recently. "
    "The task either successfully completed or was deleted."
)
ENTITY_MISSING = "Requested entity was not found."
ENTITY_EXISTS = "Requested entity already exists"


class Refusal(Exception):
    """A call that is answered with a gRPC status instead of a result."""

    def __init__(self, code: StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> Refusal:
    return Refusal(StatusCode.INVALID_ARGUMENT, message)


def missing(message: str = ENTITY_MISSING) -> Refusal:
    return Refusal(StatusCode.NOT_FOUND, message)


def taken(message: str = ENTITY_EXISTS) -> Refusal:
    return Refusal(StatusCode.ALREADY_EXISTS, message)


def premature(message: str) -> Refusal:
    return Refusal(StatusCode.FAILED_PRECONDITION, message)
