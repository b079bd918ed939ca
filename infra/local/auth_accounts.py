"""The Auth emulator's accounts, carried over a restart and made by its admin side.

It keeps them in memory alone. firebase-tools saves and loads them by the same two admin calls.
"""

import json
from pathlib import Path
from typing import Any

import httpx

OWNER = {"Authorization": "Bearer owner"}
"""The emulator's word for an administrator."""


def save(url: str, project_id: str, file: Path) -> None:
    """Write all accounts of a project, their password hashes included, to a file that replaces the old one at once."""
    everyone = accounts_url(url, project_id) + ":batchGet?maxResults=-1"
    answer = httpx.get(everyone, headers=OWNER, timeout=60)
    answer.raise_for_status()
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(json.dumps({"users": answer.json().get("users", [])}))
    fresh.replace(file)


def load(url: str, project_id: str, file: Path) -> None:
    """Bring back the accounts that were saved; without a file there are none."""
    users: list[dict[str, Any]] = json.loads(file.read_text())["users"] if file.exists() else []
    if not users:  # the emulator refuses an empty list
        return
    answer = httpx.post(
        accounts_url(url, project_id) + ":batchCreate", json={"users": users}, headers=OWNER, timeout=60
    )
    answer.raise_for_status()


def accounts_url(url: str, project_id: str) -> str:
    """The admin side of a project's accounts."""
    return f"{url}/identitytoolkit.googleapis.com/v1/projects/{project_id}/accounts"
