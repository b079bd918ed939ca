"""Records: what a stored document holds. A field that does not say what it is cannot be declared."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from core.data.personal_data import Classification, Subject

COMMIT_FIELD: Final = "commit"
"""The random id of the commit that last wrote a guarded document: how a write whose answer was lost is known again."""


stored_name = to_camel
"""Attribute name to stored name: `updated_at` is stored as `updatedAt`, as clients see it."""


class Storage(Enum):
    """How a field is stored, where it differs from an ordinary one."""

    HEAVY = "does not travel unless asked for"
    UNINDEXED = "no single-field index"
    ASCENDING_ONLY = "ascending single-field index alone"
    ACROSS = "ascending single-field index over all collections of the name, and no other"


HEAVY, UNINDEXED = Storage.HEAVY, Storage.UNINDEXED
ASCENDING_ONLY, ACROSS = Storage.ASCENDING_ONLY, Storage.ACROSS


class _Classified(BaseModel):
    """A model whose every field is classified, or its class does not come into being."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        for name, info in cls.model_fields.items():
            found = [mark for mark in info.metadata if isinstance(mark, Classification)]
            if len(found) != 1:
                raise TypeError(
                    f"{cls.__name__}.{name} wants one of Subject, Personal, NotPersonal; it has {len(found)}"
                )
            cls._check_field(name, found[0])

    @classmethod
    def _check_field(cls, name: str, mark: Classification) -> None:
        """Raise TypeError for what a field of this kind of model may not be."""


class Part(_Classified):
    """A classified map inside a Record."""

    @classmethod
    def _check_field(cls, name: str, mark: Classification) -> None:
        # Erasure finds people by the subject fields of Records; it would not look in here.
        if isinstance(mark, Subject):
            raise TypeError(f"{cls.__name__}.{name}: a Subject stands on the Record itself")


@dataclass(frozen=True)
class Version:
    """The time at which Firestore last wrote a document, to the nanosecond: the precondition of a change to it."""

    seconds: int
    nanos: int


class Record(_Classified):
    """One stored document. Immutable: a change is made by `Collection.update`, which remembers what it changes.

    A field marked HEAVY that was not asked for is absent, and reading it raises AttributeError.
    """

    _version: Version | None = PrivateAttr(default=None)

    @classmethod
    def _check_field(cls, name: str, mark: Classification) -> None:  # noqa: ARG003  any mark will do
        if stored_name(name) == COMMIT_FIELD:
            raise TypeError(f"{cls.__name__}.{name}: the database keeps {COMMIT_FIELD!r} for itself")

    @property
    def version(self) -> Version:
        """The version as read or written. Raises LookupError for a record that has not been stored."""
        if self._version is None:
            raise LookupError(f"this {type(self).__name__} was not read from the database")
        return self._version

    def stored_at(self, version: Version) -> Self:
        """Note which version of the stored document this is."""
        self._version = version
        return self


def classification(info: FieldInfo) -> Classification:
    """Return the one classification of a Record's field."""
    return next(mark for mark in info.metadata if isinstance(mark, Classification))


def is_marked(info: FieldInfo, mark: Storage) -> bool:
    """Tell whether a Record's field carries this storage mark."""
    return any(found is mark for found in info.metadata)
