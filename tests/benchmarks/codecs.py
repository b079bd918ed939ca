"""Writing and reading a record's messages against the official client's own codec."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle
from time import perf_counter
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.client import Client
from google.cloud.firestore_v1.types import document as types

from core.data import codec
from documents import access
from documents.authoring import search
from documents.records import DocumentRecord, Role
from tests.benchmarks import material
from tests.benchmarks.figures import Section, Spread, Target
from tests.benchmarks.servers import Stage


def record() -> DocumentRecord:
    """The document of 10 KB as it is stored."""
    draft, roles, now = material.draft(), {"user:kari": Role.OWNER}, datetime.now(UTC)
    lists: dict[str, Any] = access.lists(roles, draft["tags"], trashed=False)
    return DocumentRecord(
        **draft,
        **lists,
        id="A" * 22,
        owner_id="kari",
        author_id="kari",
        roles=roles,
        fingerprint="f" * 43,
        terms=dict.fromkeys(search.terms(draft["title"], draft["tags"], draft["body"]), True),
        revision=1,
        slot="s" * 22,
        slot_opened_at=now,
        slots=1,
        created_at=now,
        updated_at=now,
    )


def measure(stage: Stage) -> Section:
    made, message_type = record(), types.Document.pb()
    client = Client(project=stage.project_id, credentials=AnonymousCredentials())
    stored = message_type()
    stored.update_time.seconds = 1
    codec.encode(stored.fields, made)
    lines = codec.plan(DocumentRecord)
    wrapped = types.Document.wrap(stored)
    plain = _helpers.decode_dict(wrapped.fields, client)
    section = Section(
        "codec",
        "Codec",
        ("what", "ratio", "ours, µs", "client's, µs"),
        f"A document of 10 KB with {len(made.terms)} search terms: our plan of a record's class against the client's "
        "`encode_dict` and `decode_dict`. The ratio is theirs to ours.",
    )
    pairs: tuple[tuple[str, Callable[[], object], Callable[[], object], Target | None], ...] = (
        (
            "encode",
            lambda: codec.encode(message_type().fields, made),
            lambda: _helpers.encode_dict(plain),
            Target(5, at_least=True),
        ),
        (
            "decode",
            lambda: codec.decode(stored, DocumentRecord, lines),
            lambda: _helpers.decode_dict(wrapped.fields, client),
            None,
        ),
    )
    for name, ours, theirs, target in pairs:
        times = _turns(ours, theirs, rounds=15 if stage.quick else 61)
        ratio = Spread.of([their / our for our, their in zip(*times, strict=True)])
        spreads = [Spread.of([seconds * 1e6 for seconds in found]) for found in times]
        section.add(
            *(name, ratio.shown(".1f"), *(spread.shown(".0f") for spread in spreads)),
            judged=ratio.median,
            target=target,
            what=name,
            ratio=ratio.data,
            ours_us=spreads[0].data,
            clients_us=spreads[1].data,
        )
    return section


def _turns(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[list[float], list[float]]:
    """Seconds a call of each, taking turns; a turn is twenty calls, and the first of each is left out."""
    found: tuple[list[float], list[float]] = ([], [])
    for times, call in zip(cycle(found), [ours, theirs] * (rounds + 1), strict=False):
        started = perf_counter()
        for _ in range(20):
            call()
        times.append((perf_counter() - started) / 20)
    return found[0][1:], found[1][1:]
