"""What a mail names, read when it is written: names are as they are then, and what is gone is not named."""

from dataclasses import dataclass
from typing import Any

from accounts.outreach.harmless import harmless
from accounts.profiles import names
from accounts.profiles.records import DeviceKind, DeviceRecord, ProfileRecord, devices, profiles
from accounts.records import CustomerRecord, GroupRecord, InvitationRecord, customers, groups, invitations
from core.data.collections import Key
from core.data.database import Database
from core.services.outbox import NoticeRecord


@dataclass(frozen=True)
class Facts:
    """Whom the notice is for, as stored, and what it names: harmless names, "" for what is gone or is not there."""

    profile: ProfileRecord | None = None
    invitation: InvitationRecord | None = None
    actor: str = ""
    customer: str = ""
    group: str = ""
    device: DeviceKind = DeviceKind.OTHER
    system: str = ""


async def gathered(db: Database, notice: NoticeRecord) -> Facts:
    """Read what the mail of a notice needs: 2 RPCs, and one more for an invitation into a Customer."""
    found: dict[type[Any], Any] = {type(one): one for one in await db.get_all(*_keys(notice)) if one}
    invitation = found.get(InvitationRecord)
    customer = found.get(CustomerRecord) or await _customer_of(db, invitation)
    device = found.get(DeviceRecord)
    return Facts(
        profile=found.get(ProfileRecord),
        invitation=invitation,
        actor=await _actor(db, notice),
        customer=harmless(customer.name) if customer else "",
        group=harmless(found[GroupRecord].name) if GroupRecord in found else "",
        device=device.kind if device else DeviceKind.OTHER,
        system=harmless(device.system) if device else "",
    )


def _keys(notice: NoticeRecord) -> list[Key[Any]]:
    """Where the recipient lies, and all that the notice is about and this wing knows."""
    about = notice.about
    keys: list[Key[Any]] = []
    if notice.invitation_id:
        keys.append(invitations.at(notice.invitation_id))
    if notice.uid:
        keys.append(profiles.at(notice.uid))
    if notice.uid and "deviceId" in about:
        keys.append(devices.at(notice.uid, about["deviceId"]))
    if "customerId" in about:
        keys.append(customers.at(about["customerId"]))
    if "groupId" in about:
        keys.append(groups.at(about["groupId"]))
    return keys


async def _customer_of(db: Database, invitation: InvitationRecord | None) -> CustomerRecord | None:
    if invitation is None or invitation.customer_id is None:
        return None
    return await db.get(customers.at(invitation.customer_id))


async def _actor(db: Database, notice: NoticeRecord) -> str:
    if notice.actor_id is None:
        return ""
    return harmless((await names.of(db, [notice.actor_id]))[notice.actor_id])
