"""Names of downloads."""

from urllib.parse import quote

_SEPARATORS = '/\\:*?"<>|'
_LONGEST = 100


def disposition(name: str, suffix: str, *, inline: bool) -> str:
    """Return a Content-Disposition (RFC 6266): plain ASCII for old clients, and the real name for all others.

    `suffix` is ours, without a dot: what a person called the file never decides how a machine opens it.
    """
    ours = "." + suffix
    stem = name[: -len(ours)] if name.lower().endswith(ours.lower()) else name
    # Not printable are also the marks that turn the reading direction, by which "gpj.exe" is shown as "exe.jpg".
    shown = "".join(letter for letter in stem if letter.isprintable() and letter not in _SEPARATORS)
    shown = shown.strip(" .")[:_LONGEST] or "dokker"
    plain = shown.encode("ascii", "replace").decode().replace("?", "_")
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{quote(shown, safe='')}.{suffix}"
