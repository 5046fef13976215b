"""Verdicts: holds, refuted or undecided, and the bands and counterclaims that they are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from theorylab.evidence.intervals import Interval
from theorylab.validation import instance, mapping, real, text, whole_number

__all__ = [
    "Band",
    "Counterclaim",
    "State",
    "UndecidedError",
    "Verdict",
    "band_around",
    "best_case_replicates",
    "check_counterclaims",
    "judge",
    "judge_counterclaims",
    "replicates_needed",
]

State = Literal["holds", "refuted", "undecided"]


class UndecidedError(RuntimeError):
    """An undecided verdict was asked for its truth."""


@dataclass(frozen=True)
class Band:
    """The values that a claim allows: [low, high], or (low, high) if ``strict``."""

    low: float
    high: float
    strict: bool = False

    def __contains__(self, value: float) -> bool:
        return self.low < value < self.high if self.strict else self.low <= value <= self.high

    def covers(self, interval: Interval) -> bool:
        """Whether the whole interval lies inside."""
        return interval.low in self and interval.high in self

    def misses(self, interval: Interval) -> bool:
        """Whether the whole interval lies outside, on one side."""
        if self.strict:
            return interval.high <= self.low or interval.low >= self.high
        return interval.high < self.low or interval.low > self.high

    def distance(self, value: float) -> float:
        """Distance from ``value`` to the nearest finite end."""
        return min((abs(value - end) for end in (self.low, self.high) if math.isfinite(end)), default=math.inf)


def band_around(value: float, relative: float | None, absolute: float | None) -> Band:
    """Return the values that agree with ``value`` within one positive margin.

    Raises
    ------
    ValueError
        If there is no margin or two, it is not positive, or the margin around 0 is relative.
    """
    margin = one_margin(relative, absolute)
    value = real("value", value)
    if relative is not None and value == 0.0:
        raise ValueError(f"value must be finite, and 0 needs an absolute margin; got {value!r}")
    half = margin * abs(value) if relative is not None else margin
    if not math.isfinite(abs(value) + half):
        raise ValueError(f"value and its margin must fit into floating point; got value={value!r}, margin {margin!r}")
    return Band(value - half, value + half)


def one_margin(relative: float | None, absolute: float | None) -> float:
    """Return the margin that is given, which must be just one of the two, finite and positive."""
    margins = [(name, margin) for name, margin in (("relative", relative), ("absolute", absolute)) if margin is not None]
    if len(margins) != 1:
        raise ValueError(f"give one positive margin, relative or absolute; got relative={relative!r}, absolute={absolute!r}")
    try:
        return real(*margins[0], above=0.0)
    except ValueError as error:
        raise ValueError(f"give one positive margin, relative or absolute: {error}") from None


@dataclass(frozen=True)
class Counterclaim:
    """A near miss, and whether the data refuted it.

    Attributes
    ----------
    label
        What it says.
    verdict
        ``"refuted"`` if the data rule it out, else ``"survives"``.
    half_widths
        How far outside the interval it fell, in half-widths of the interval (NaN where that has no meaning).
    """

    label: str
    verdict: Literal["refuted", "survives"]
    half_widths: float = math.nan


@dataclass(frozen=True)
class Verdict:
    """The answer to one question.

    True if it holds, false if it is refuted; asking an undecided one for its truth raises `UndecidedError`.

    Attributes
    ----------
    state, question
        The answer, and what was asked.
    theory
        The value that is claimed; NaN where a whole range is.
    interval, band
        What was found and what is allowed; the ends of either may be infinite.
    replicates, needed
        How many were drawn, and about how many an undecided question would take; may be infinite.
    counterclaims
        Near misses, and whether the data refuted them.
    seconds, reason
        What it took, and why it is not decided or does not hold.
    """

    state: State
    question: str
    theory: float
    interval: Interval
    band: Band
    replicates: int
    needed: float = 0.0
    counterclaims: tuple[Counterclaim, ...] = ()
    seconds: float = 0.0
    reason: str = ""

    def __bool__(self) -> bool:
        if self.state == "undecided":
            raise UndecidedError(self.sentence())
        return self.state == "holds"

    @property
    def survivors(self) -> tuple[str, ...]:
        """Labels of the counterclaims that the data did not refute."""
        return tuple(counterclaim.label for counterclaim in self.counterclaims if counterclaim.verdict == "survives")

    def sentence(self) -> str:
        """Return the verdict in one line."""
        interval = self.interval
        text = f"{self.state}: {self.question}; estimate {interval.estimate:.6g} in [{interval.low:.6g}, {interval.high:.6g}]"
        if self.replicates:
            text += f" from {self.replicates} replicates"
        if self.state == "undecided":
            text += f"; {self.reason}" if self.reason else ""
            text += f"; about {self.needed:.2g} replicates would be needed" if math.isfinite(self.needed) and self.needed > 0 else ""
        return text

    def __repr__(self) -> str:
        return f"<Verdict {self.sentence()}>"


def judge(interval: Interval, band: Band) -> State:
    """Compare an interval with the band of a claim: inside, outside, or neither (or not ready)."""
    instance("interval", interval, Interval)
    instance("band", band, Band)
    if not interval.ready:
        return "undecided"
    if band.covers(interval):
        return "holds"
    return "refuted" if band.misses(interval) else "undecided"


def replicates_needed(interval: Interval, band: Band, replicates: int) -> float:
    """Estimate how many replicates would decide: the half-width must shrink to the distance between estimate and band end; may be infinite."""
    instance("interval", interval, Interval)
    instance("band", band, Band)
    replicates = whole_number("replicates", replicates, minimum=0)
    needed = replicates * interval.factor
    if not math.isfinite(interval.half_width) or not math.isfinite(needed):
        return math.inf
    distance = band.distance(interval.estimate)
    if distance == 0.0:
        return math.inf
    return max(needed, replicates * (interval.half_width / distance) ** 2)


def best_case_replicates(interval: Interval, band: Band, replicates: int) -> float:
    """Return how many replicates would decide if the truth were the value of the interval that is easiest to decide.

    A question is given up only when even that is out of reach: the point estimate may lie near an end of the band by chance.
    """
    instance("interval", interval, Interval)
    instance("band", band, Band)
    replicates = whole_number("replicates", replicates, minimum=0)
    needed = replicates * interval.factor
    if not interval.ready:
        return needed if math.isfinite(needed) else 0.0
    candidates = [interval.low, interval.high]
    if math.isfinite(band.low) and math.isfinite(band.high):
        candidates.append(min(max((band.low + band.high) / 2, interval.low), interval.high))
    farthest = max(band.distance(value) for value in candidates)
    return replicates * (interval.half_width / farthest) ** 2 if farthest > 0.0 else math.inf


def check_counterclaims(band: Band, counterclaims: Mapping[str, float], margin_hint: str) -> None:
    """Refuse, before anything is drawn, a counterclaim that the claim itself allows.

    Raises
    ------
    ValueError
        Naming the counterclaim, its value, and the margin that would separate it.
    """
    instance("band", band, Band)
    text("margin_hint", margin_hint)
    for label, value in finite_counterclaims(counterclaims).items():
        if value in band:
            raise ValueError(f"counterclaim {label!r} ({value:.8g}) lies inside the claim's band [{band.low:.8g}, {band.high:.8g}]{margin_hint}")


def finite_counterclaims(counterclaims: Mapping[str, float]) -> dict[str, float]:
    """Return counterclaims by value as plain floats by label.

    Raises
    ------
    ValueError
        If they are no mapping from texts to finite numbers.
    """
    found = {}
    for label, value in mapping("counterclaims", counterclaims).items():
        try:
            found[label] = real("value", value)
        except ValueError:
            raise ValueError(f"counterclaim {label!r} must be a finite number; got {value!r:.80}") from None
    return found


def judge_counterclaims(interval: Interval, counterclaims: Mapping[str, float]) -> tuple[Counterclaim, ...]:
    """Judge counterclaims by value with the claim's own interval: refuted if the value lies outside it."""
    instance("interval", interval, Interval)
    judged = []
    for label, value in finite_counterclaims(counterclaims).items():
        outside = max(interval.low - value, value - interval.high)
        refuted = interval.ready and outside > 0.0
        width = interval.half_width
        distance = outside / width if width > 0.0 and math.isfinite(width) else math.nan
        judged.append(Counterclaim(label, "refuted" if refuted else "survives", distance))
    return tuple(judged)
