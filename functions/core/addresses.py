"""E-mail addresses in one spelling: normalised here and nowhere else, and a keyed hash where only equality matters."""

from core.ids import keyed_hash

LONGEST = 254
"""Characters of an address on its way through SMTP (RFC 5321, section 4.5.3.1.3, less the brackets)."""


class NotAnAddress(ValueError):
    """The text is no e-mail address that mail could reach."""


def normalised(given: str) -> str:
    """Return the address in the one spelling that it is stored, compared and sent in.

    The domain is in its ASCII form (IDNA 2008), so that letters which only look alike stay different; the local part is
    in NFC and lower case, as no provider tells cases apart. Raises NotAnAddress.
    """
    # Imported here: few requests need it.
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(given.strip(), check_deliverability=False)
    except EmailNotValidError as error:
        raise NotAnAddress("not an e-mail address") from error
    address = f"{found.local_part.lower()}@{found.ascii_domain.lower()}"
    if len(address) > LONGEST:
        raise NotAnAddress("an e-mail address has at most 254 characters")
    return address


def hashed(secret: bytes, address: str) -> str:
    """Return the keyed hash of a normalised address, which stands for a person without an account."""
    return keyed_hash(secret, "email", address)
