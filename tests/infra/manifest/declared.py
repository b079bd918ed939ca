"""Functions and collections that stand for the real ones: declared as those are, registered nowhere."""

from typing import Any

from core.data.collections import Collection
from core.functions import Function, Resources, Trigger
from core.web.application import Application


def a_function(name: str, *paths: str, **resources: Any) -> Function:
    """A public function that claims these paths."""
    return Function(name, Trigger.HTTP, Application(name), Resources(**resources), paths=paths)


def forget(*collections: Collection[Any]) -> None:
    """Take collections off the list of what can be stored, so that no other test meets them there."""
    for collection in collections:
        del Collection.declared[collection.pattern]
