"""The declared buckets, made in the Storage server of the embedded stack."""

from __future__ import annotations

import httpx

from core.data.buckets import Bucket


def make_buckets(url: str, project_id: str) -> None:
    """Make what is not there yet. CORS, lifecycle and soft delete are Terraform's; the server here knows none."""
    with httpx.Client(base_url=url, timeout=10, trust_env=False) as client:
        for bucket in Bucket.declared.values():
            wish = {"name": bucket.named_in(project_id), "versioning": {"enabled": bucket.generations}}
            answer = client.post("/storage/v1/b", params={"project": project_id}, json=wish)
            if answer.status_code != 409:  # it is there already
                answer.raise_for_status()
