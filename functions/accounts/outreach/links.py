"""Where the links of mails lead: to the site, and to this API for mail programs. The secrets in them are made here."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from accounts import invitations
from accounts.outreach import unsubscribing
from core.services.outbox import NoticeKind, NoticeRecord

_PAGES: Final = (("documentId", "documents"), ("groupId", "groups"), ("customerId", "customers"))


@dataclass(frozen=True)
class Links:
    """`site` is where people meet Dokker, `api` this API's public address; `secret` keys what is derived."""

    site: str
    api: str
    secret: bytes

    @property
    def settings(self) -> str:
        """Where people say which mails they want."""
        return f"{self.site}/me/notifications"

    def page(self, notice: NoticeRecord) -> str:
        """The page that a notice is about. What somebody was taken out of, they no longer see."""
        if notice.kind is NoticeKind.NEW_DEVICE:
            return f"{self.site}/me/devices"
        named = () if notice.kind is NoticeKind.REMOVED else _PAGES
        found = (f"/{page}/{quote(notice.about[name], safe='')}" for name, page in named if name in notice.about)
        return f"{self.site}{next(found, '/')}"

    def invitation(self, seed: str) -> str:
        """The page that accepts an invitation. Behind `#`, so that the secret is sent to no server."""
        return f"{self.site}/invitations#{invitations.token_of(self.secret, seed)}"

    def unsubscribe(self, notice_id: str) -> str:
        """What a mail program calls when its owner wants no more mails of this kind (RFC 8058)."""
        return f"{self.api}/v1/unsubscribe?token={unsubscribing.token(self.secret, notice_id)}"
