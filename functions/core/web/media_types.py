"""Content-Type: a media type and its parameters (RFC 9110, 8.3), names in any case, values quoted or not."""

from email.message import Message


def parse(header: str) -> tuple[str, str | None]:
    """Return the media type ("" without one) and the charset, where it names one; both in lower case."""
    message = Message()
    message["Content-Type"] = header
    # Not message.get_content_type(): it takes what is missing or wrong for text/plain.
    return header.partition(";")[0].strip().lower(), message.get_content_charset() or None
