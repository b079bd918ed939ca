"""All generated files together."""

from infra.manifest import budgets, data_map, data_map_page, functions, hosting, indexes, openapi, registered
from infra.manifest.files import Generated


def generated() -> list[Generated]:
    """Return every file that is derived from the declarations of the code."""
    declared = registered.functions()
    collections = registered.collections()
    return [
        functions.generated(declared),
        hosting.generated(declared),
        indexes.generated(collections),
        *openapi.generated(declared),
        data_map.generated(collections),
        data_map_page.generated(collections),
        budgets.generated(declared),
    ]
