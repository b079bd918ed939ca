"""Structured logs in Cloud Logging's form, one JSON object a line, without personal data.

A line holds what is passed by name: a short event name, numbers, codes, route templates. Never an address, a uid, a
title or a URL with an id in it. Where a person must be told apart, `core.ids.keyed_hash` stands in.

Fields: https://cloud.google.com/logging/docs/structured-logging#structured_logging_special_fields
"""

import json
import logging
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

ROOT = "dokker"
_NAMED = "dokker_fields"

_context: ContextVar[dict[str, str] | None] = ContextVar("log_context", default=None)


class _CloudLogging(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Return the line. Of what JSON has no form for, only the type is named: a log neither fails nor tells."""
        line = {
            "message": record.getMessage(),
            "severity": record.levelname,
            "module": record.name.removeprefix(f"{ROOT}."),
            **getattr(record, _NAMED, {}),
            **(_context.get() or {}),
        }
        return json.dumps(line, default=lambda value: type(value).__name__)


class Log:
    """The log of one module: an event name, and what is to be known of it by name."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"{ROOT}.{name}")

    def info(self, event: str, **fields: Any) -> None:
        self._logger.info(event, extra={_NAMED: fields})

    def warning(self, event: str, **fields: Any) -> None:
        self._logger.warning(event, extra={_NAMED: fields})

    def error(self, event: str, **fields: Any) -> None:
        self._logger.error(event, extra={_NAMED: fields})

    def crash(self, event: str, **fields: Any) -> None:
        """Log the exception at hand by where it was raised. Its message stays out: it may hold what a person wrote."""
        kind, _, trace = sys.exc_info()
        frames: list[str] = []
        while trace:
            frames.append(f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno} {trace.tb_frame.f_code.co_name}")
            trace = trace.tb_next
        named = {**fields, "exception": kind.__name__ if kind else "", "frames": frames}
        self._logger.error(event, extra={_NAMED: named})


def configure(stream: TextIO | None = None) -> None:
    """Send this process's log to `stream`, or standard output, as JSON lines; called again, it moves there."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(_CloudLogging())
    logger = logging.getLogger(ROOT)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


@contextmanager
def context(**fields: str) -> Generator[None]:
    """Let every line logged inside carry these fields."""
    token = _context.set({**(_context.get() or {}), **fields})
    try:
        yield
    finally:
        _context.reset(token)
