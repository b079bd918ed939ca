"""Commits: all writes or none, and knowing one again whose answer was lost.

Every guarded document keeps the random id of the commit that wrote it. When a commit is tried again after its answer
was lost, its own precondition refuses it; the id then tells that the first try was carried out.
"""

from collections.abc import Sequence
from typing import Any, Final

from core.data import codec
from core.data.codec import Message
from core.data.connection import PASSING, PASSING_WITHIN, Connection, Refused
from core.data.operations import Addition, Write
from core.data.records import COMMIT_FIELD, Version
from core.ids import random_id

MOST_WRITES: Final = 500
"""Writes in one commit. The API takes more today; what is bounded by this stays quick and below 10 MiB."""


class Moved(Exception):
    """A guarded write met a document that is not as expected: it exists already, is gone, or was changed."""


class Aborted(Exception):
    """A transaction lost against another and may be tried again."""


async def carry_out(connection: Connection, writes: Sequence[Write[Any]], transaction: bytes = b"") -> None:
    """Commit: 1 RPC. The written records then know their version.

    Raises Moved when a guarded document is not as expected, Aborted when the transaction has ended otherwise.
    """
    if not writes:
        return
    if len(writes) > MOST_WRITES:
        raise ValueError(f"a commit takes {MOST_WRITES} writes, not {len(writes)}")
    _refuse_double_effects(writes, in_transaction=bool(transaction))
    commit_id = random_id()
    request = connection.request("Commit", database=connection.name, transaction=transaction)
    for write in writes:
        _add(request.writes.add(), connection.root, write, commit_id if write.guarded or transaction else None)
    try:
        answer = await connection.call("Commit", request, passing=PASSING_WITHIN if transaction else PASSING)
    except Refused as refusal:
        # The first try may have been carried out and only its answer lost.
        if refusal.tries > 1 and await _took_place(connection, writes, request.writes, commit_id):
            return
        raise _meaning(refusal, in_transaction=bool(transaction)) from refusal
    _note_versions(writes, [result.update_time for result in answer.write_results])
    for write, result in zip(writes, answer.write_results, strict=True):
        if isinstance(write, Addition):
            write.note_totals(value.integer_value for value in result.transform_results)


def _refuse_double_effects(writes: Sequence[Write[Any]], *, in_transaction: bool) -> None:
    """Raise ValueError for an addition that would be made twice when the first answer is lost."""
    if in_transaction or not any(isinstance(write, Addition) for write in writes):
        return
    if not any(write.guarded and write.content is not None for write in writes):
        raise ValueError("a commit that adds needs a guarded write, by which it is known again")


def _meaning(refusal: Refused, *, in_transaction: bool) -> Exception:
    if refusal.not_as_expected:
        return Moved()
    # A second try also fails when the first has ended the transaction in whatever way.
    if in_transaction and (refusal.tries > 1 or refusal.aborted):
        return Aborted()
    return refusal


def _add(message: Message, root: str, write: Write[Any], mark: str | None) -> None:
    name = f"{root}/{write.key.path}"
    if write.kind == "delete":
        message.delete = name
    else:
        message.update.name = name
        _set_fields(message, write, mark)
    _set_precondition(message.current_document, write)


def _set_fields(message: Message, write: Write[Any], mark: str | None) -> None:
    fields, in_part = message.update.fields, write.kind in ("update", "add", "increment")
    if write.content is not None:
        codec.encode(fields, write.content, write.fields if in_part else None)
    if mark:
        codec.mark(fields, mark)
    if in_part:
        # An empty mask, which is what `increment` has, sets nothing; none at all would replace the document.
        message.update_mask.SetInParent()
        message.update_mask.field_paths.extend(
            [*map(codec.stored_name, write.fields), *([COMMIT_FIELD] if mark else [])]
        )
    if isinstance(write, Addition):
        for field, amount in write.amounts.items():
            message.update_transforms.add(field_path=codec.stored_name(field)).increment.integer_value = amount


def _set_precondition(condition: Message, write: Write[Any]) -> None:
    if write.kind == "create":
        condition.exists = False
    elif write.kind == "increment":
        condition.exists = True
    elif write.version:
        stamp = condition.update_time
        stamp.seconds, stamp.nanos = write.version.seconds, write.version.nanos


async def _took_place(
    connection: Connection, writes: Sequence[Write[Any]], sent: Sequence[Message], commit_id: str
) -> bool:
    """Tell from a document that bears the commit's mark whether it was carried out; note the versions if so.

    A commit that does nothing but delete took place when the first document that it guards is gone.
    """
    marked = [message.update.name for message in sent if COMMIT_FIELD in message.update.fields]
    deleted = [f"{connection.root}/{write.key.path}" for write in writes if write.guarded and write.kind == "delete"]
    if not marked and not deleted:
        return False
    request = connection.request("BatchGetDocuments", database=connection.name, documents=[*marked, *deleted][:1])
    request.mask.field_paths.append(COMMIT_FIELD)
    (answer,) = await connection.collect("BatchGetDocuments", request)
    if not marked:
        return not answer.HasField("found")
    if answer.found.fields[COMMIT_FIELD].string_value != commit_id:
        return False
    # All writes of a commit bear the same time.
    _note_versions(writes, [answer.found.update_time] * len(writes))
    return True


def _note_versions(writes: Sequence[Write[Any]], stamps: Sequence[Message]) -> None:
    for write, stamp in zip(writes, stamps, strict=True):
        # An addition's record holds what was added, so it is no version of the document.
        if write.content is not None and not isinstance(write, Addition):
            write.content.stored_at(Version(stamp.seconds, stamp.nanos))
