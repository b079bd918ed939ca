"""What the code declares: functions, collections, buckets and prefixes, by importing every entry point's module.

Modules are imported, entry points are not started: a declaration needs no settings, no client and no environment.
"""

from importlib import import_module
from typing import Any

import main
from core.data.buckets import Bucket
from core.data.collections import Collection
from core.data.objects import Prefix
from core.functions import Function, registry

_DEPLOYED = ("core", "accounts", "documents", "privacy")


def functions() -> list[Function]:
    """Return every function of the front door, by name. Raises LookupError for an entry point that declares none."""
    for module in main.ENTRY_POINTS.values():
        import_module(module)
    declared = {function.entry_point: function for function in registry.values()}
    if missing := main.ENTRY_POINTS.keys() - declared.keys():
        raise LookupError(f"main.py names {sorted(missing)}, which no function is declared as")
    return sorted((declared[name] for name in main.ENTRY_POINTS), key=lambda function: function.name)


def collections() -> list[Collection[Any]]:
    """Return every collection that the deployed code declares, by path; what tests declare is none of them."""
    functions()
    deployed = (
        found for found in Collection.declared.values() if found.record.__module__.partition(".")[0] in _DEPLOYED
    )
    return sorted(deployed, key=lambda collection: collection.pattern)


def buckets() -> list[Bucket]:
    """Return every bucket, by name."""
    return sorted(Bucket.declared.values(), key=lambda bucket: bucket.name)


def prefixes() -> list[Prefix[Any]]:
    """Return every prefix that the deployed code declares, by bucket and path."""
    known = collections()
    deployed = (found for found in Prefix.declared.values() if found.owner in known)
    return sorted(deployed, key=lambda prefix: (prefix.bucket.name, prefix.pattern))
