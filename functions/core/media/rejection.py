"""Why a file may not stay: a stable reason that a client can show in its own words."""

from enum import StrEnum


class Reason(StrEnum):
    """The codes that travel in a file's `reason`. They are never renamed, as clients translate them."""

    TYPE_NOT_ALLOWED = "type_not_allowed"  # the declared type is not one that is taken
    EMPTY = "empty"
    WRONG_SIZE = "wrong_size"  # other than declared
    WRONG_HASH = "wrong_hash"  # other than declared
    WRONG_TYPE = "wrong_type"  # the content is not what was declared
    TOO_LARGE = "too_large"  # more bytes than are taken of this type
    NOT_UTF8 = "not_utf8"  # text in another encoding
    UNREADABLE = "unreadable"  # damaged or cut off
    ENCRYPTED = "encrypted"  # protected by a password, so nobody can look inside
    MACROS = "macros"  # an office document that carries programs
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    EXPANDS_TOO_FAR = "expands_too_far"  # small here, boundless once it is opened
    METADATA_NOT_REMOVABLE = "metadata_not_removable"
    MALWARE = "malware"
    NOT_SCANNABLE = "not_scannable"  # more than the virus scanner looks into


class Rejected(Exception):
    """The file may not stay, and trying again will not change that. Names nothing of its content."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason
