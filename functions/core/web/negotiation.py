"""Choosing what to answer with from what the client accepts (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

from core.failures import NotAcceptable


def best(accept: str, offered: Sequence[str]) -> str:
    """Return the offered media type that Accept prefers, the first offered among equals. Raises NotAcceptable."""
    ranges = [_range(part) for part in accept.split(",") if part.strip()] or [("*/*", 1.0)]
    weighed = [(_weight(kind, ranges), -place, kind) for place, kind in enumerate(offered)]
    weight, _, kind = max(weighed)
    if weight <= 0:
        raise NotAcceptable(f"This can be had as {', '.join(offered)}.")
    return kind


def _range(part: str) -> tuple[str, float]:
    kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return kind, min(max(float(parameter[2:]), 0.0), 1.0)
            except ValueError:
                return kind, 0.0
    return kind, 1.0


def _weight(kind: str, ranges: Sequence[tuple[str, float]]) -> float:
    """Return the weight that the most specific range gives to a type."""
    wanted = (kind, f"{kind.split('/', maxsplit=1)[0]}/*", "*/*")
    given = dict(ranges)
    return next((given[name] for name in wanted if name in given), 0.0)
