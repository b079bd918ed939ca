"""What travels of shares, readers and offers."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from accounts.records import InvitationState
from core.ids import is_storable
from core.web.schemas import AnId, AUid, Draft, EmailAddress, Moment, Page, Time, View
from documents.records import Role

GrantedRole = Literal[Role.VIEWER, Role.COMMENTER, Role.EDITOR]

_UID, _ID = r"[^/\x00]{1,128}", "[A-Za-z0-9_-]{1,128}"

# For the document alone, as pydantic's own patterns cannot look ahead: what `is_storable` says besides.
_A_UID, _AN_ID = rf"(?!(?:\.|\.\.|__.*__)$){_UID}", f"(?!__.*__$){_ID}"

_NOT_RESERVED: Final = "no principal looks like that"


def _names_somebody(given: str) -> str:
    if not is_storable(given.partition(":")[2]):
        raise ValueError(_NOT_RESERVED)
    return given


def _principal(kinds: str, example: str, *, or_person: bool = True) -> Any:
    """Return the field of a principal of these kinds, divided by `|`; besides them it may name a person."""

    def form(uid: str, id_: str) -> str:
        names = f"(?:{kinds}):{id_}"
        return f"^(?:user:{uid}|{names})$" if or_person else f"^{names}$"

    return Field(pattern=form(_UID, _ID), json_schema_extra={"pattern": form(_A_UID, _AN_ID)}, examples=[example])


Principal = Annotated[
    str, _principal("group|helpers|customer", "helpers:k_Vl9ZP53pkTXlfbzl1kdS"), AfterValidator(_names_somebody)
]
"""Whom a document can be shared with: a person, a group, a group's helpers, a Customer."""

OwningPrincipal = Annotated[str, _principal("customer", "user:kari-nordmann"), AfterValidator(_names_somebody)]
"""Whom a document can belong to."""

SharedPrincipal = Annotated[
    str,
    _principal("group|helpers|customer", "customer:k_Vl9ZP53pkTXlfbzl1kdS", or_person=False),
    AfterValidator(_names_somebody),
]
"""A group, its helpers, or a Customer."""

_END: Final = "when the share ends by itself; never when left out"


class ShareDraft(Draft):
    """A share: with a principal, or with whoever has an e-mail address."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["principal"]}, {"required": ["email"]}]})

    # Factories, as "" is neither, and must not be shown as what stands when one is left out.
    principal: Principal = Field(default_factory=str)
    email: EmailAddress = Field(default_factory=str)
    role: GrantedRole
    expires_at: Annotated[Moment | None, Field(description=_END)] = None

    @model_validator(mode="after")
    def _is_with_one(self) -> Self:
        if len(self.model_fields_set & {"principal", "email"}) != 1:
            raise ValueError("name either a principal or an e-mail address")
        return self


class ShareChange(Draft):
    """The fields to change; those left out stay as they are."""

    role: GrantedRole = Role.VIEWER
    expires_at: Annotated[Moment | None, Field(description="null: never")] = None


class ShareView(View):
    """A share. One by e-mail shows the address until its invitation is accepted, and then who has accepted it."""

    id: AnId
    principal: Annotated[str | None, Field(examples=["user:ola-hansen"])]
    email: Annotated[str | None, Field(examples=["ola@example.com"])]
    name: Annotated[str | None, Field(description="of the person, group or Customer", examples=["Ola Hansen"])]
    role: Role
    expires_at: Time | None
    invitation: Annotated[InvitationState | None, Field(description="what has become of the invitation, if it was one")]
    granted_by: Annotated[str | None, Field(description="who gave it", examples=["kari-nordmann"])]
    created_at: Time


class SharePage(Page[ShareView]):
    """A page of shares, newest first."""


class ReaderView(View):
    """Somebody who can see a document, and through what; of what is not opened to you, how many they are."""

    uid: AUid | None
    name: Annotated[str | None, Field(examples=["Ola Hansen"])]
    role: Role
    through: Annotated[str, Field(examples=["group:k_Vl9ZP53pkTXlfbzl1kdS"])]
    through_name: Annotated[str | None, Field(examples=["Klasse 8B"])]
    count: Annotated[int | None, Field(examples=[24])]


class ReaderPage(Page[ReaderView]):
    """A page of readers: people by themselves, then those of groups, then Customers."""


class TransferDraft(Draft):
    principal: OwningPrincipal


class OfferView(View):
    """An offer to pass a document on."""

    principal: Annotated[str, Field(examples=["user:ola-hansen"])]
    name: Annotated[str | None, Field(examples=["Ola Hansen"])]
    offered_at: Time
    expires_at: Annotated[Time, Field(description="until when it can be accepted")]


class OwnershipView(View):
    """Whose a document is."""

    id: AnId
    title: Annotated[str, Field(examples=["Blåbærtur"])]
    owner_id: AUid | None
    customer_id: AnId | None
    role: Annotated[Role, Field(description="yours")]


class Withdrawal(Draft):
    principal: SharedPrincipal


class Withdrawn(View):
    """How many documents were taken back by this call; `more` says to call again."""

    withdrawn: Annotated[int, Field(examples=[42])]
    more: Annotated[bool, Field(examples=[False])]
