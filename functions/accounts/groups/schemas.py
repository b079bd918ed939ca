"""What travels of groups and their people."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from accounts.groups import offers
from accounts.groups.standing import Standing
from accounts.memberships import GroupRole
from accounts.profiles.schemas import Name
from accounts.records import GroupRecord
from core.web.schemas import AnId, AUid, Draft, Id, Page, Time, Uid, View


class GroupDraft(Draft):
    """A new group."""

    name: Name


class GroupChange(Draft):
    """The fields to change; those left out stay as they are."""

    name: Name = ""


class ParticipantDraft(Draft):
    """What somebody is to be in a group."""

    # It comes as a string, and to make the role of that is no guess.
    role: Annotated[GroupRole, Field(strict=False)]


class AssignmentDraft(Draft):
    """Who is to look after a group from now on, and nobody else."""

    helpers: Annotated[
        list[Uid], Field(min_length=1, max_length=50, description="members of the Customer, once each or more often")
    ]


class GroupTransferDraft(Draft):
    """Whose a group is to be: another Customer's, or another person's own. One of the two."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    customer_id: Id = Field(default_factory=str)
    owner_id: Uid = Field(default_factory=str)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise ValueError("it names either a Customer or a person")
        return self


class GroupView(View):
    """A group, as somebody sees it."""

    id: AnId
    customer_id: AnId
    name: Annotated[str, Field(examples=["3B Turlag"])]
    member_count: Annotated[int, Field(description="may run behind by those who have just left", examples=[24])]
    role: Annotated[GroupRole | None, Field(description="yours in it; absent when you have none")]
    offered_to: Annotated[AnId | None, Field(description="the Customer that it is offered to; admins see it")]
    created_at: Time

    @classmethod
    def of(cls, group: GroupRecord, standing: Standing, now: datetime, **more: Any) -> Self:
        """Show a group to somebody of this standing."""
        offered_to = offers.open_to(group, now) if standing.administers else None
        return cls.showing(group, role=standing.in_group, offered_to=offered_to, **more)


class GroupPage(Page[GroupView]):
    """A page of groups, newest first."""


class TransferView(GroupView):
    """A group, and what has become of the wish to give it away."""

    state: Annotated[
        Literal["offered", "moving"],
        Field(description="it waits for the other side, or is theirs already while people and documents follow"),
    ]


class ParticipantView(View):
    """Somebody in a group."""

    uid: AUid
    name: Annotated[str, Field(examples=["Kari Nordmann"])]
    role: GroupRole
    joined_at: Time


class ParticipantPage(Page[ParticipantView]):
    """A page of a group's people, who came last first."""
