"""infra/buckets.json: the buckets of Cloud Storage, for Terraform."""

from collections.abc import Iterable
from typing import Any

from core.data.buckets import Bucket
from infra.manifest.files import Generated, as_json


def generated(buckets: Iterable[Bucket]) -> Generated:
    """Return infra/buckets.json: each bucket by its name, which follows the project's id and a hyphen."""
    described = {bucket.name: _described(bucket) for bucket in buckets}
    return Generated("infra/buckets.json", as_json({"buckets": described}))


def _described(bucket: Bucket) -> dict[str, Any]:
    """Return a bucket's settings, with units in their names. The allowed origins are each deployment's own.

    Source: https://cloud.google.com/storage/docs/json_api/v1/buckets#resource
    """
    return {
        "about": bucket.about,
        "uniformAccess": True,
        "publicAccessPrevention": "enforced",
        "versioning": bucket.generations,
        "softDeleteSeconds": int(bucket.recoverable.total_seconds()),
        "deleteAfterDays": bucket.kept.days if bucket.kept else None,
        "cors": {"methods": list(bucket.cors_methods), "responseHeaders": list(bucket.cors_headers)},
    }
