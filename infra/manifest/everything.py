"""All generated files together."""

from infra.manifest import functions, hosting, indexes, registered
from infra.manifest.files import Generated


def generated() -> list[Generated]:
    """Return every file that is derived from the declarations of the code."""
    declared = registered.functions()
    collections = registered.collections()
    return [functions.generated(declared), hosting.generated(declared), indexes.generated(collections)]
