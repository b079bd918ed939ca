"""E-mail addresses in one spelling: normalised here and nowhere else, and a keyed hash where only equality matters."""

import re
from typing import Final

from core.ids import keyed_hash

LONGEST: Final = 254
"""Characters of an address on its way through SMTP (RFC 5321, section 4.5.3.1.3, less the brackets)."""

_LOCAL_LONGEST: Final = 64
# A dot-atom (RFC 5322, section 3.2.3). Quoted local parts and those beyond ASCII exist on paper; hardly a server on
# the way takes them. The package email-validator takes more, but FastAPI imports it wherever it is installed, DNS and
# all: 5 per cent of every cold start.
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")


class NotAnAddress(ValueError):
    """The text is no e-mail address that mail could reach."""


def normalised(given: str) -> str:
    """Return the address in the one spelling that it is stored, compared and sent in.

    The domain is in its ASCII form (UTS 46 and IDNA 2008), so that letters which only look alike stay different; the
    local part is in lower case, as no provider tells cases apart. Raises NotAnAddress.
    """
    local, _, domain = given.strip(" ").rpartition("@")
    local = local.lower()
    if len(local) > _LOCAL_LONGEST or not _LOCAL.fullmatch(local):
        raise NotAnAddress("not an e-mail address, such as kari@example.com")
    address = f"{local}@{_in_ascii(domain)}"
    if len(address) > LONGEST:
        raise NotAnAddress(f"an e-mail address has at most {LONGEST} characters")
    return address


def _in_ascii(domain: str) -> str:
    import idna

    try:
        found = idna.encode(domain, uts46=True, std3_rules=True).decode().lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise NotAnAddress("no mail goes to that domain") from error
    # A name of one label is a machine of the local network, and digits alone are an IP address.
    if "." not in found or found.endswith(".") or found.rpartition(".")[2].isdigit():
        raise NotAnAddress("no mail goes to that domain")
    return found


def hashed(secret: bytes, address: str) -> str:
    """Return the keyed hash of a normalised address, which stands for a person without an account."""
    return keyed_hash(secret, "email", address)
