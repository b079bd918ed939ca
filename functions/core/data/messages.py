"""Firestore's messages, without the client that is packed around them.

`import google.cloud.firestore_v1.types` runs the package's own `__init__` first, which loads client, retries, vectors
and pipelines, of which nothing is used here: half of the import's time and 7 MB of every instance. So the package
stands there unexecuted while its messages are imported, and is taken away again: whoever wants the client later gets it
whole.
"""

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Final

_PACKAGE: Final = "google.cloud.firestore_v1"
_MESSAGES: Final = f"{_PACKAGE}.types.firestore"


def firestore() -> ModuleType:
    """Return the module of Firestore's requests and answers (proto-plus; `.pb()` gives the plain classes)."""
    if _PACKAGE in sys.modules or _MESSAGES in sys.modules:
        return import_module(_MESSAGES)
    spec = find_spec(_PACKAGE)
    assert spec
    sys.modules[_PACKAGE] = module_from_spec(spec)
    try:
        return import_module(_MESSAGES)
    finally:
        del sys.modules[_PACKAGE]
