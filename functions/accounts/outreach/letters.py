"""What a mail says: the words of its kind and language, laid out twice, as text and as HTML.

The words are made once, as plain text, and both forms are laid out from them: they cannot differ, and whatever stands
in a name, HTML's layout escapes it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

from accounts.outreach.facts import Facts
from accounts.outreach.harmless import harmless
from accounts.outreach.links import Links
from accounts.outreach.recipients import Recipient
from core.services.outbox import ACTIVITY, NoticeKind, NoticeRecord

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "templates"
_LOCALES: Final = {"nb": "nb_NO", "en": "en_GB"}


@dataclass(frozen=True)
class Letter:
    """A mail's content. `settings` is where mails of this kind are switched off, for those that can be."""

    language: Literal["nb", "en"]
    subject: str
    greeting: str
    paragraphs: tuple[str, ...]
    label: str
    link: str
    why: str
    settings: str | None
    site: str

    def as_text(self) -> str:
        return _environment().get_template("layout.txt.jinja").render(letter=self)

    def as_html(self) -> str:
        return _environment().get_template("layout.html.jinja").render(letter=self)


def written(notice: NoticeRecord, recipient: Recipient, facts: Facts, links: Links) -> Letter:
    """Write the letter of a notice in its recipient's language."""
    values = _values(notice, recipient, facts)
    words = _words(f"{recipient.language}/{notice.kind}.jinja", values)
    about = _words(f"{recipient.language}/about.jinja", values)
    of_activity = notice.kind in ACTIVITY
    return Letter(
        language=recipient.language,
        subject=_line(words["subject"]),
        greeting=_line(about["greeting"]),
        paragraphs=tuple(_line(one) for one in words["text"].split("\n\n") if one.strip()),
        label=_line(words["label"]),
        link=links.invitation(facts.invitation.seed) if facts.invitation else links.page(notice),
        why=_line(about[_why(notice.kind)]),
        settings=links.settings if of_activity else None,
        site=links.site,
    )


def _why(kind: NoticeKind) -> str:
    if kind is NoticeKind.INVITATION:
        return "invited"
    return "activity" if kind in ACTIVITY else "service"


def _values(notice: NoticeRecord, recipient: Recipient, facts: Facts) -> dict[str, str]:
    moment = notice.created_at
    if facts.invitation and facts.invitation.open_until:
        moment = facts.invitation.open_until
    day, time = _when(moment, recipient)
    return {
        "name": harmless(recipient.name),
        "email": recipient.address,
        "actor": facts.actor,
        "customer": facts.customer,
        "group": facts.group,
        "device": facts.device.value,
        "system": facts.system,
        "day": day,
        "time": time,
    }


def _when(moment: datetime, recipient: Recipient) -> tuple[str, str]:
    """Return day and time of day as people write them where the recipient is: "onsdag 2. desember 2026", "10:15"."""
    from babel.dates import format_date, format_time

    there, locale = moment.astimezone(ZoneInfo(recipient.time_zone)), _LOCALES[recipient.language]
    return format_date(there, "full", locale), format_time(there, "short", locale=locale, tzinfo=there.tzinfo)


def _words(template: str, values: dict[str, str]) -> dict[str, str]:
    """Return what a template sets, by name."""
    return dict(_environment().get_template(template).make_module(values).__dict__)


def _line(words: str) -> str:
    return " ".join(words.split())


@cache
def _environment() -> "Environment":
    from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False, default_for_string=False),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
