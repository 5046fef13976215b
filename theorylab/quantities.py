"""Runs and quantities: what a reader of a paper check holds in hand.

A `Run` is a sampler with its parameters. A `Quantity` is an estimand of one or more runs; quantities add, subtract, scale and divide, and are
asked questions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from theorylab.evidence.estimands import Combination, Estimand, Exact, LogCombination, Mapped, Proportion, Ratio
from theorylab.evidence.intervals import look_replicates
from theorylab.evidence.verdicts import Band, Verdict, band_around, check_counterclaims
from theorylab.montecarlo.engine import Experiment
from theorylab.montecarlo.samplers import VALUE, Request, above, below
from theorylab.validation import function as check_function
from theorylab.validation import items, mapping, real, text, whole_number

if TYPE_CHECKING:
    from theorylab.laboratory import Laboratory

__all__ = ["Measurement", "Quantity", "Run"]


@dataclass(frozen=True)
class Run:
    """A sampler with its parameters in a laboratory; made by `Laboratory.run`. Equal requests are equal runs."""

    lab: Laboratory = field(compare=False, repr=False)
    request: Request = field(compare=False, repr=False)
    statistics: tuple[str, ...] | None
    name: str
    separate: bool = False

    def __repr__(self) -> str:
        return f"<Run {self.request.sampler.__name__}>"

    def mean(self, statistic: str = VALUE) -> Quantity:
        """Return the expectation of one statistic."""
        return Quantity(self.lab, Combination(((self, text("statistic", statistic), 1.0),)))

    def probability_below(self, threshold: float, statistic: str = VALUE) -> Quantity:
        """Return P(statistic <= threshold), with an exact binomial interval."""
        return Quantity(self.lab, Proportion(self, below(text("statistic", statistic), threshold)))

    def probability_above(self, threshold: float, statistic: str = VALUE) -> Quantity:
        """Return P(statistic > threshold), with an exact binomial interval."""
        return Quantity(self.lab, Proportion(self, above(text("statistic", statistic), threshold)))

    def probability(self, indicator: str = VALUE) -> Quantity:
        """Return the probability that a statistic whose values are 0 and 1 is one, with an exact binomial interval."""
        return Quantity(self.lab, Proportion(self, indicator))

    def quantile_agrees_with(
        self,
        probability: float,
        value: float,
        *,
        statistic: str = VALUE,
        relative: float | None = None,
        absolute: float | None = None,
        refutes: Mapping[str, float] | None = None,
    ) -> Verdict:
        """Ask whether the quantile at ``probability`` is ``value`` within one margin, whatever moments the statistic lacks.

        It is if and only if ``P(statistic <= low end) < probability < P(statistic <= high end)``: two proportions of the same replicates, each
        with an exact interval. Returns the verdict of the end that failed, or else of the upper end; both are kept. A counterclaim is a
        quantile outside the margin, so it is refuted by the end it lies beyond.

        Raises
        ------
        ValueError
            If a number is out of range or a counterclaim lies inside the margin.
        SamplerError
            If the sampler has no such statistic.
        """
        probability = real("probability", probability, above=0.0, below=1.0)
        band = band_around(value, relative, absolute)
        refutes = _refuted(refutes)
        text("statistic", statistic)
        check_counterclaims(band, refutes, "")
        ends = replace(self, statistics=(below(statistic, band.low), below(statistic, band.high)))
        beyond = {side: {label: probability for label, wrong in refutes.items() if (wrong < value) == (side == "low")} for side in ("low", "high")}
        lower = ends.probability_below(band.low, statistic).less_than(probability, refutes=beyond["low"])
        upper = ends.probability_below(band.high, statistic).greater_than(probability, refutes=beyond["high"])
        return upper if lower.state == "holds" else lower

    def few(self, runs: int, statistic: str | Sequence[str] = VALUE) -> np.ndarray:
        """Return the values of one statistic, (runs,), or of several, (k, runs), in a few runs of the sampler.

        For figures, where a run is too dear for blocks of hundreds. They come from a stream of their own; the ledger keeps them as they are. For a
        mean with its interval see `theorylab.rows.sample_mean`.

        Raises
        ------
        ValueError
            If ``runs`` is not a positive integer.
        SamplerError
            If the sampler has no such statistic, or a value is not finite.
        """
        names = (statistic,) if isinstance(statistic, str) else tuple(items("statistic", statistic, str, minimum=1))
        values = self.lab.engine.runs(self.request, names, self.lab.seed, whole_number("runs", runs))
        return values[0] if isinstance(statistic, str) else values

    def experiment(self, needed: tuple[str, ...]) -> Experiment:
        """Return the record that answers a question about the ``needed`` statistics."""
        needed = tuple(items("needed", needed, str, minimum=1))
        statistics = needed if self.statistics is None else self.statistics
        absent = [name for name in needed if name not in statistics]
        if absent:
            raise ValueError(f"the run records {', '.join(statistics)}, but the question needs {', '.join(absent)}: add it to statistics=")
        if self.separate and len(needed) > 1:
            raise ValueError(f"the run records {', '.join(needed)} separately, but the question combines them: leave separate=True out")
        return self.lab.engine.experiment(self.request, statistics, self.lab.seed, separate=self.separate)

    def blocks(self, look: int) -> int:
        """Return the number of blocks at a look."""
        return look_replicates(self.request.block, look) // self.request.block


@dataclass(frozen=True)
class Measurement:
    """An estimate with its interval, for figures: the replicates it took, and why it is not ready if it is not."""

    estimate: float
    low: float
    high: float
    replicates: int
    waiting: str = ""


@dataclass(frozen=True)
class Quantity:
    """An estimand in a laboratory. Supports ``+``, ``-``, ``*`` and ``/`` with numbers and, where that makes sense, with quantities."""

    lab: Laboratory = field(compare=False, repr=False)
    estimand: Estimand
    name: str = field(default="", compare=False)

    def __repr__(self) -> str:
        return f"<Quantity {self.describe()}>"

    def combination(self) -> Combination:
        """Return the quantity as a linear combination of means.

        Raises
        ------
        ValueError
            If it is not one.
        """
        if isinstance(self.estimand, Combination):
            return self.estimand
        if isinstance(self.estimand, Proportion):
            return Combination(((self.estimand.source, self.estimand.indicator, 1.0),))
        if isinstance(self.estimand, Exact) and self.estimand.error == 0.0:
            return Combination((), self.estimand.value)
        raise ValueError(f"{self.describe()} is not a linear combination of means, so it cannot be added, scaled or divided")

    def _with(self, estimand: Estimand) -> Quantity:
        return Quantity(self.lab, estimand)

    def _beside(self, other: Quantity) -> Combination:
        """Return ``other`` as a combination; runs of another laboratory have another seed, and would be taken for this one's."""
        if other.lab is not self.lab:
            raise ValueError(f"{other.describe()} and {self.describe()} belong to different laboratories, so they cannot be combined")
        return other.combination()

    def __add__(self, other: Quantity | float) -> Quantity:
        term = self._beside(other) if isinstance(other, Quantity) else Combination((), real("summand", other))
        return self._with(self.combination().plus(term))

    __radd__ = __add__

    def __mul__(self, factor: float) -> Quantity:
        if isinstance(factor, Quantity):
            raise ValueError("quantities cannot be multiplied: return the product of the replicates as a statistic of its own")
        return self._with(self.combination().scaled(real("factor", factor)))

    __rmul__ = __mul__

    def __neg__(self) -> Quantity:
        return self * -1.0

    def __sub__(self, other: Quantity | float) -> Quantity:
        return self + (-other)

    def __rsub__(self, other: float) -> Quantity:
        return -self + other

    def __truediv__(self, other: Quantity | float) -> Quantity:
        if isinstance(other, Quantity):
            return self._with(Ratio(self.combination(), self._beside(other)))
        divisor = real("divisor", other)
        if divisor == 0.0:
            raise ValueError(f"divisor must not be 0; got {other!r}")
        return self * (1.0 / divisor)

    def __rtruediv__(self, other: float) -> Quantity:
        return self._with(Ratio(Combination((), real("dividend", other)), self.combination()))

    def mapped(self, function: Callable[[float], float], name: str) -> Quantity:
        """Return a strictly monotone function of the quantity, such as minus its logarithm."""
        if isinstance(self.estimand, Mapped | Exact):
            raise ValueError("map a quantity once, and not a number that is known already")
        check_function("function", function)
        return self._with(Mapped(self.estimand, function, name))

    def named(self, name: str) -> Quantity:
        """Return the same quantity under a name for tables."""
        return Quantity(self.lab, self.estimand, text("name", name))

    def describe(self) -> str:
        """Return the name, or the formula in terms of the statistics."""
        return self.name or describe(self.estimand)

    # Questions -----------------------------------------------------------------------------------------------------------------------

    def agrees_with(
        self, value: float, *, relative: float | None = None, absolute: float | None = None, refutes: Mapping[str, float] | None = None
    ) -> Verdict:
        """Ask whether the quantity is ``value`` within one margin: the whole interval must lie inside it.

        Parameters
        ----------
        value
            The theory's value.
        relative, absolute
            Exactly one margin; agreement with 0 needs an absolute one.
        refutes
            Near misses by label: other values, outside the margin, that the same interval must exclude.
        """
        band = band_around(value, relative, absolute)
        value = float(value)
        shown = f"{100 * relative:g} %" if relative is not None else f"{absolute:g}"
        refutes = _refuted(refutes)
        nearest = min((abs(wrong - value) for wrong in refutes.values()), default=math.inf)
        unit = abs(value) if relative is not None else 1.0
        hint = f"; a margin below {nearest / unit:.3g} would separate them"
        return self._ask(band, f"{self.describe()} agrees with {value:.8g} within {shown}", value, refutes, hint)

    def at_most(self, bound: float, *, tightness: float, refutes: Mapping[str, float] | None = None) -> Verdict:
        """Ask whether the quantity is at most ``bound``, and at least ``tightness`` of it.

        Parameters
        ----------
        bound
            The upper bound.
        tightness
            In [0, 1): how tight the bound is claimed to be. The lower end ``bound - (1 - tightness) |bound|`` is checked by the same interval,
            since a bound ten times too large would pass any one-sided check. With 0 nothing is claimed below, and ``refutes`` must bite.
        refutes
            Near misses by label: values that the same interval must exclude.
        """
        return self._one_sided(bound, tightness, refutes, sign=1.0)

    def at_least(self, bound: float, *, tightness: float, refutes: Mapping[str, float] | None = None) -> Verdict:
        """Ask whether the quantity is at least ``bound``, and not above ``bound + (1 - tightness) |bound|``; see `at_most`."""
        return self._one_sided(bound, tightness, refutes, sign=-1.0)

    def _one_sided(self, bound: float, tightness: float, refutes: Mapping[str, float] | None, sign: float) -> Verdict:
        bound = real("bound", bound)
        if isinstance(tightness, float) and not 0.0 <= tightness < 1.0:
            raise ValueError(f"tightness must be in [0, 1); got {tightness!r}")
        tightness = real("tightness", tightness, minimum=0.0, below=1.0)
        if bound == 0.0 and tightness > 0.0:
            raise ValueError(f"tightness must be 0 for a bound of 0, of which no part can be taken; got {tightness!r}")
        far = -sign * math.inf if tightness == 0.0 else bound - sign * (1.0 - tightness) * abs(bound)
        band = Band(min(far, bound), max(far, bound))
        wrong = _refuted(refutes)
        if tightness > 0.0:
            # One step outside the band: the bound that is tighter by this factor must be seen to fail.
            wrong[f"a bound tighter by {tightness:g} holds too"] = math.nextafter(far, -sign * math.inf)
        word = "at most" if sign > 0 else "at least"
        tail = f", tight to {tightness:g}" if tightness > 0.0 else ""
        return self._ask(band, f"{self.describe()} is {word} {bound:.8g}{tail}", bound, wrong)

    def less_than(self, value: float, *, refutes: Mapping[str, float] | None = None) -> Verdict:
        """Ask whether the quantity lies strictly below ``value``; ask a paired difference this with 0."""
        value = real("value", value)
        return self._ask(Band(-math.inf, float(value), strict=True), f"{self.describe()} is less than {value:.8g}", float(value), _refuted(refutes))

    def greater_than(self, value: float, *, refutes: Mapping[str, float] | None = None) -> Verdict:
        """Ask whether the quantity lies strictly above ``value``."""
        value = real("value", value)
        return self._ask(Band(float(value), math.inf, strict=True), f"{self.describe()} is greater than {value:.8g}", float(value), _refuted(refutes))

    def inside(self, low: float, high: float, *, refutes: Mapping[str, float] | None = None) -> Verdict:
        """Ask whether the quantity lies in [low, high]."""
        low, high = real("low", low), real("high", high)
        if not low < high:
            raise ValueError(f"low must be below high; got {low!r} and {high!r}")
        return self._ask(Band(float(low), float(high)), f"{self.describe()} lies in [{low:.8g}, {high:.8g}]", math.nan, _refuted(refutes))

    def _ask(self, band: Band, question: str, theory: float, refutes: Mapping[str, float], hint: str = "") -> Verdict:
        return self.lab.decide(self.estimand, band, question, theory, refutes, hint)

    def measure(self, *, relative: float | None = None, absolute: float | None = None, level: float = 0.01) -> Measurement:
        """Estimate the quantity until its interval of error level ``level`` has the wanted half-width, or the budget is spent."""
        if (relative is None) == (absolute is None):
            raise ValueError(f"give one half-width, relative or absolute; got relative={relative!r}, absolute={absolute!r}")
        for name, width in (("relative", relative), ("absolute", absolute)):
            if width is not None:
                real(f"{name} half-width", width, above=0.0)
        level = real("level", level, above=0.0, below=1.0)
        return self.lab.measure(self.estimand, relative=relative, absolute=absolute, level=level)


def _refuted(refutes: Mapping[str, float] | None) -> dict[str, float]:
    """Return near misses by label; their values are looked at with the band."""
    return dict(mapping("refutes", {} if refutes is None else refutes, (int, float, np.integer, np.floating)))


def describe(estimand: Estimand) -> str:
    """Return the formula of an estimand in terms of its statistics."""
    match estimand:
        case Combination(terms=terms, constant=constant):
            parts = [name if weight == 1.0 else f"-{name}" if weight == -1.0 else f"{weight:.4g} {name}" for _, name, weight in terms]
            parts += [f"{constant:.4g}"] if constant or not terms else []
            return " + ".join(parts).replace("+ -", "- ")
        case Ratio(top=top, bottom=bottom):
            return f"({describe(top)}) / ({describe(bottom)})"
        case Proportion(indicator=indicator):
            return f"P({indicator})"
        case LogCombination(terms=terms, constant=constant):
            parts = [f"{weight:.4g} log({describe(part)})" for part, weight in terms]
            parts += [f"{constant:.4g}"] if constant else []
            return " + ".join(parts).replace("+ -", "- ")
        case Mapped(inner=inner, name=name):
            return f"{name}({describe(inner)})"
        case Exact(value=value):
            return f"{value:.8g}"
