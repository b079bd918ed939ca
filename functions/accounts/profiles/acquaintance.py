"""Acquaintance: people who share something may see, name and write to each other, and others may not."""

from accounts.profiles.records import AccountState, ProfileRecord


def acquainted(one: ProfileRecord, other: ProfileRecord) -> bool:
    """Tell whether somebody shares a group or a Customer with another, whose account is not being erased.

    Whatever principal two people have in common comes of one or the other; everybody is acquainted with themselves.
    """
    return other.state is not AccountState.ERASING and not set(one.principals).isdisjoint(other.principals)
