"""The mails that the stack's mail catcher kept, one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def kept(path: Path, *, to: str | None = None) -> list[dict[str, Any]]:
    """Return the mails newest first, those to one address alone if `to` names it (letter case aside)."""
    try:
        # Not splitlines: a mail's text may hold any of the line breaks that Unicode has besides.
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    mails = [mail for line in reversed(lines) if (mail := _parsed(line))]
    return [mail for mail in mails if to is None or _is_to(mail, to)]


def _parsed(line: str) -> dict[str, Any] | None:
    """Return the line's mail; a last line that is still being written is none yet."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def _is_to(mail: dict[str, Any], address: str) -> bool:
    given: str | list[str] = mail.get("to", [])
    recipients = [given] if isinstance(given, str) else given
    return any(address.casefold() == recipient.casefold() for recipient in recipients)
