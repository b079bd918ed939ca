"""Figures and what is said of them: medians with their spread, ratios with their target."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True)
class Spread:
    """A median with its quartiles."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), quantile(values, 0.25), quantile(values, 0.75))

    def shown(self, form: str = ".2f") -> str:
        return f"{self.median:{form}} ({self.low:{form}} to {self.high:{form}})"

    @property
    def data(self) -> dict[str, float]:
        return {"median": self.median, "quartile1": self.low, "quartile3": self.high}


@dataclass(frozen=True)
class Target:
    """What a figure must not exceed, or must at least reach."""

    bound: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.bound if self.at_least else value <= self.bound

    def shown(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"


@dataclass
class Section:
    """One table: a row a figure, its first cells in the order of `columns`, then target and verdict."""

    name: str
    title: str
    columns: tuple[str, ...]
    note: str = ""
    rows: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    data: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def add(
        self,
        *cells: str,
        judged: float | None = None,
        target: Target | None = None,
        met: bool | None = None,
        **data: Any,
    ) -> None:
        """Add a row. `judged` is the figure that the target is for; both are left out where nothing is promised.

        `met` is given where more than the one figure decides.
        """
        if met is None and target and judged is not None:
            met = target.met(judged)
        verdict = "" if met is None else "met" if met else "MISSED"
        self.rows.append((*cells, target.shown() if target else "", verdict))
        self.data.append({**data, "target": target.shown() if target else None, "met": met})

    @property
    def header(self) -> tuple[str, ...]:
        return (*self.columns, "target", "")
