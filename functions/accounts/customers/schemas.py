"""What travels of Customers, their members and invitations."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from accounts.customers.countries import COUNTRIES
from accounts.customers.inviting import MOST_GROUPS
from accounts.customers.provisioning import LineAnswer, LineState
from accounts.memberships import CustomerRole
from accounts.profiles.schemas import Name
from accounts.records import CustomerKind, CustomerSettings, InvitationState
from core.web.schemas import WHOLE, AnId, AUid, Draft, EmailAddress, Id, Page, Time, View

MOST_SEATS = 1_000_000


def _a_country(given: str) -> str:
    if given not in COUNTRIES:
        raise ValueError("not a country's code in ISO 3166-1, such as NO")
    return given


Country = Annotated[
    str,
    Field(description="ISO 3166-1 alpha-2", examples=["NO"], json_schema_extra={"enum": list(COUNTRIES)}),
    AfterValidator(_a_country),
]
Language = Annotated[Literal["nb", "en"], Field(description="of the mails in its name")]
Seats = Annotated[
    Annotated[int, Field(ge=1, le=MOST_SEATS), WHOLE] | None,
    Field(description="how many people may belong to it, open invitations included; unlimited when left out"),
]
Role = Annotated[CustomerRole, Field(strict=False)]


class SettingsDraft(Draft):
    helpers_invite: Annotated[bool, Field(description="helpers may invite members")] = True


class CustomerDraft(Draft):
    """A new Customer."""

    kind: Annotated[CustomerKind, Field(strict=False, description="individual: at most one for each person")]
    name: Name
    country: Country
    language: Language
    seats: Seats = None
    settings: SettingsDraft = Field(default_factory=SettingsDraft)

    def content(self) -> dict[str, Any]:
        """Return its fields as a Customer's record holds them."""
        return {**vars(self), "settings": CustomerSettings(**vars(self.settings))}


class CustomerChange(Draft):
    """The fields to change; those left out stay as they are."""

    name: Name = ""
    country: Country = "NO"
    language: Language = "nb"
    seats: Seats = None
    settings: SettingsDraft = Field(default_factory=SettingsDraft)


class SettingsView(View):
    helpers_invite: bool


class CustomerView(View):
    """A Customer."""

    id: AnId
    kind: CustomerKind
    name: Annotated[str, Field(examples=["Åsen skole"])]
    country: Annotated[str, Field(examples=["NO"])]
    language: Literal["nb", "en"]
    seats: Annotated[int | None, Field(examples=[450])]
    seats_taken: Annotated[int, Field(description="members and open invitations", examples=[412])]
    settings: SettingsView
    role: Annotated[CustomerRole, Field(description="yours")]
    created_at: Time


class CustomerPage(Page[CustomerView]):
    """All your Customers, the newest first."""


class RoleChange(Draft):
    role: Role


class MemberView(View):
    uid: AUid
    name: Annotated[str, Field(examples=["Kari Nordmann"])]
    role: CustomerRole
    joined_at: Time


class MemberPage(Page[MemberView]):
    """A page of members, those who joined last first."""


class InvitationDraft(Draft):
    """Somebody to invite, by the address that their account will have."""

    email: EmailAddress
    role: Role = CustomerRole.MEMBER
    group_ids: Annotated[list[Id], Field(max_length=MOST_GROUPS, description="groups of the Customer to enter")] = (
        Field(default_factory=list)
    )


class InvitationView(View):
    """An invitation. Its secret is in the mail alone."""

    id: AnId
    email: Annotated[str, Field(examples=["kari@example.com"])]
    role: CustomerRole
    group_ids: Sequence[AnId]
    state: InvitationState
    inviter_id: AUid
    sent: Annotated[int, Field(description="mails, the first included", examples=[1])]
    sent_at: Time
    expires_at: Time
    created_at: Time


class InvitationPage(Page[InvitationView]):
    """A page of invitations, newest first."""


class LineView(View):
    """What became of one line of a list."""

    line: Annotated[int, Field(description="counted from 1, a heading included", examples=[2])]
    email: Annotated[str | None, Field(examples=["kari@example.com"])]
    state: LineState
    code: Annotated[str | None, Field(description="why it is invalid", examples=["not_an_address"])]
    invitation_id: AnId | None


class Provisioned(View):
    """What became of a list, in the order of its lines."""

    invited: Annotated[int, Field(examples=[28])]
    lines: Sequence[LineView]

    @classmethod
    def of(cls, answers: Sequence[LineAnswer]) -> "Provisioned":
        invited = sum(answer.state is LineState.INVITED for answer in answers)
        return cls(invited=invited, lines=[LineView(**vars(answer)) for answer in answers])


class AcceptanceDraft(Draft):
    token: Annotated[
        str,
        Field(
            min_length=1, max_length=200, pattern=r"^[^\x00]+$", description="what stands behind # in the mail's link"
        ),
    ]


class Opened(View):
    """Where an accepted invitation leads."""

    opens: Annotated[
        str, Field(description="an address of this API", examples=["/v1/customers/k_Vl9ZP53pkTXlfbzl1kdS"])
    ]
    customer_id: AnId | None
    role: Annotated[CustomerRole | None, Field(description="yours in the Customer")]
