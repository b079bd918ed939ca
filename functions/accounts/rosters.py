"""Rosters of groups: the lists that follow what profiles say, written in the same commit or tidied by a task."""

from datetime import datetime
from typing import Any

from accounts.memberships import GroupRole
from accounts.records import ParticipantRecord, groups, participants
from core.data.operations import Write


def entered(
    group_id: str,
    uid: str,
    membership_id: str | None,
    role: GroupRole,
    now: datetime,
    left_over: ParticipantRecord | None = None,
) -> list[Write[Any]]:
    """Return the writes that put somebody on a group's roster who was not there; the profile's update goes beside.

    `left_over` is the line of an earlier time that no task has taken off yet: its owner is counted still.
    """
    if left_over:
        return [participants.update(left_over, membership_id=membership_id, role=role, joined_at=now)]
    line = ParticipantRecord(group_id=group_id, uid=uid, membership_id=membership_id, role=role, joined_at=now)
    return [participants.put(line), groups.increment(groups.at(group_id), member_count=1)]
