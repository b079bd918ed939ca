"""All generated files together."""

from infra.manifest import buckets, budgets, data_map, data_map_page, functions, hosting, indexes, openapi, registered
from infra.manifest.files import Generated


def generated() -> list[Generated]:
    """Return every file that is derived from the declarations of the code."""
    declared = registered.functions()
    collections, objects = registered.collections(), (registered.buckets(), registered.prefixes())
    return [
        functions.generated(declared),
        hosting.generated(declared),
        indexes.generated(collections),
        buckets.generated(registered.buckets()),
        *openapi.generated(declared),
        data_map.generated(collections, *objects),
        data_map_page.generated(collections, *objects),
        budgets.generated(declared),
    ]
