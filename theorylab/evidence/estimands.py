"""Estimands: what a question is about, as a function of the moments of one or more experiments.

Each kind turns pooled moments into an `Interval` of a given level:

- `Combination`: a linear combination of means, within one experiment or across independent ones;
- `Ratio`: of two combinations, by Fieller's argument;
- `Proportion`: of an indicator, exact;
- `LogCombination`: a linear combination of logarithms of means (exponents of growth);
- `Mapped`: a monotone function of another estimand;
- `Exact`: a number that needs no simulation.

A *source* is whatever stands for an experiment; moments are looked up under it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from theorylab.evidence.intervals import Interval, binomial_interval, exact_interval, mean_interval
from theorylab.montecarlo.moments import Moments
from theorylab.montecarlo.separate_moments import SeparateMoments
from theorylab.validation import function, instance, real, text

__all__ = ["Combination", "Estimand", "Exact", "LogCombination", "Mapped", "Proportion", "Ratio", "settled"]

Source = Hashable
Pooled = Mapping[Source, Moments | SeparateMoments]
Needs = dict[Source, tuple[str, ...]]


@dataclass(frozen=True)
class _Spread:
    """Value, standard error, skewness, excess kurtosis and degrees of freedom of an estimator."""

    value: float
    standard_error: float
    skewness: float
    excess_kurtosis: float
    degrees_of_freedom: float

    def interval(self, level: float) -> Interval:
        return mean_interval(self.value, self.standard_error, self.skewness, self.excess_kurtosis, self.degrees_of_freedom, level)


def _moments(pooled: Pooled, source: Source) -> Moments | SeparateMoments:
    try:
        found = pooled[source]
    except (KeyError, TypeError, IndexError):
        found = None
    if not isinstance(found, Moments | SeparateMoments):
        raise ValueError(f"pooled must hold the moments of {source!r:.80}; it holds none")
    return found


def _tuple(name: str, value: object) -> tuple[Any, ...]:
    if not isinstance(value, tuple):
        raise ValueError(f"{name} must be a tuple; got {type(value).__name__}")
    return value


@dataclass(frozen=True)
class Combination:
    """``constant + sum of weight * E[statistic in source]`` over ``terms`` of (source, statistic, weight)."""

    terms: tuple[tuple[Source, str, float], ...]
    constant: float = 0.0

    def __post_init__(self) -> None:
        for term in _tuple("terms", self.terms):
            if not isinstance(term, tuple) or len(term) != 3:
                raise ValueError(f"terms must be triples of source, statistic and weight; got {term!r:.80}")
            hash(term[0])
            text("statistic of terms", term[1])
            real("weight of terms", term[2])
        real("constant", self.constant)

    def needs(self) -> Needs:
        """Return which statistics of which source are needed."""
        needs: dict[Source, list[str]] = {}
        for source, statistic, _ in self.terms:
            names = needs.setdefault(source, [])
            if statistic not in names:
                names.append(statistic)
        return {source: tuple(names) for source, names in needs.items()}

    def scaled(self, factor: float) -> Combination:
        """Return ``factor`` times this combination."""
        factor = real("factor", factor)
        return _combination(tuple((source, name, factor * weight) for source, name, weight in self.terms), factor * self.constant)

    def plus(self, other: Combination) -> Combination:
        """Return the sum; terms of one statistic are merged, so that a paired difference stays paired."""
        instance("other", other, Combination)
        weights: dict[tuple[Source, str], float] = {}
        for source, name, weight in self.terms + other.terms:
            weights[source, name] = weights.get((source, name), 0.0) + weight
        return _combination(tuple((source, name, weight) for (source, name), weight in weights.items()), self.constant + other.constant)

    def spread(self, pooled: Pooled) -> _Spread:
        """Return the cumulants of the estimator: those of independent experiments add, sum_j kappa_qj / n_j^(q-1)."""
        weights: dict[Source, dict[str, float]] = {}
        for source, statistic, weight in self.terms:
            weights.setdefault(source, {})[statistic] = weights.get(source, {}).get(statistic, 0.0) + weight
        value, second, third, fourth, satterthwaite = self.constant, 0.0, 0.0, 0.0, 0.0
        for source, own in weights.items():
            summary = _moments(pooled, source).combination(own)
            n = summary.count
            value += summary.mean
            second += summary.variance / n
            third += summary.skewness * summary.variance**1.5 / n**2
            fourth += summary.excess_kurtosis * summary.variance**2 / n**3
            satterthwaite += (summary.variance / n) ** 2 / (n - 1)
        if second == 0.0:
            return _Spread(value, 0.0, 0.0, 0.0, math.inf)
        return _Spread(value, math.sqrt(second), third / second**1.5, fourth / second**2, second**2 / satterthwaite)

    def interval(self, pooled: Pooled, level: float) -> Interval:
        """Return the skewness-corrected interval."""
        return self.spread(pooled).interval(level)


def _combination(terms: tuple[tuple[Source, str, float], ...], constant: float) -> Combination:
    """Return a combination made of others, which needs no check: the ends of a ratio are found by making many."""
    made = object.__new__(Combination)
    object.__setattr__(made, "terms", terms)
    object.__setattr__(made, "constant", constant)
    return made


@dataclass(frozen=True)
class Ratio:
    """``top / bottom``: the set of theta for which the interval of ``top - theta * bottom`` contains 0 (Fieller 1954).

    No linearisation, no bias: at the true theta the combination has mean exactly 0, and its own skewness is used. The set is an interval
    once that of the bottom excludes 0; until then the estimand is not ready.
    """

    top: Combination
    bottom: Combination

    def __post_init__(self) -> None:
        instance("top", self.top, Combination)
        instance("bottom", self.bottom, Combination)

    def needs(self) -> Needs:
        """Return which statistics of which source are needed."""
        return self.top.plus(self.bottom).needs()

    def interval(self, pooled: Pooled, level: float) -> Interval:
        """Return Fieller's interval, its ends found by the secant method."""
        bottom = self.bottom.interval(pooled, level)
        if bottom.low <= 0.0 <= bottom.high:
            return Interval(-math.inf, math.inf, math.nan, "the denominator is not yet distinguished from 0", math.inf)
        sign = 1.0 if bottom.low > 0.0 else -1.0
        estimate = self.top.spread(pooled).value / self.bottom.spread(pooled).value

        def at(theta: float) -> Interval:
            return self.top.plus(self.bottom.scaled(-theta)).scaled(sign).interval(pooled, level)

        middle = at(estimate)
        if not math.isfinite(middle.low):
            return replace(middle, estimate=estimate)
        slope = abs(bottom.estimate)
        # The combination falls as theta grows, so its lower end crosses 0 at the lower limit of theta and its upper end at the upper.
        low = _root(lambda theta: at(theta).low, estimate, estimate + middle.low / slope)
        high = _root(lambda theta: at(theta).high, estimate, estimate + middle.high / slope)
        if low is None or high is None:
            return Interval(-math.inf, math.inf, estimate, "the interval of the ratio is not bounded yet", math.inf)
        worst = max((at(low), at(high)), key=lambda interval: interval.factor)
        return Interval(low, high, estimate, worst.waiting, worst.factor)


def _root(function: Callable[[float], float], first: float, second: float) -> float | None:
    """Return a zero of a nearly linear function by the secant method, or None if it does not settle."""
    if not math.isfinite(first) or not math.isfinite(second):
        return None
    scale = abs(second - first) or abs(first) or 1.0
    value, other = function(first), function(second)
    for _ in range(30):
        if other == 0.0:
            return second
        if value == other:
            return None
        first, second, value = second, second - other * (second - first) / (other - value), other
        if not math.isfinite(second):
            return None
        if abs(second - first) <= 1e-9 * scale:
            return second
        other = function(second)
    return None


@dataclass(frozen=True)
class Proportion:
    """The probability that ``indicator`` (a statistic whose values are 0 and 1) is one in ``source``."""

    source: Source
    indicator: str

    def __post_init__(self) -> None:
        if self.source is None or not isinstance(self.source, Hashable) or self.source != self.source:
            raise ValueError(f"source must stand for an experiment, as an object that can be hashed; got {self.source!r:.80}")
        text("indicator", self.indicator)

    def needs(self) -> Needs:
        """Return which statistics of which source are needed."""
        return {self.source: (self.indicator,)}

    def interval(self, pooled: Pooled, level: float) -> Interval:
        """Return the exact binomial interval."""
        moments = _moments(pooled, self.source)
        return binomial_interval(moments.tally(self.indicator), moments.count, level)


@dataclass(frozen=True)
class LogCombination:
    """``constant + sum of weight * log(E part)`` over ``terms`` of (combination, weight); all parts positive.

    The logarithms are linearised at the estimates. The estimand is ready once every part is clearly positive and the second-order bias,
    half the sum of ``weight * relative variance``, is below a tenth of the half-width.
    """

    terms: tuple[tuple[Combination, float], ...]
    constant: float = 0.0

    def __post_init__(self) -> None:
        for term in _tuple("terms", self.terms):
            if not isinstance(term, tuple) or len(term) != 2:
                raise ValueError(f"terms must be pairs of a combination and a weight; got {term!r:.80}")
            instance("part of terms", term[0], Combination)
            real("weight of terms", term[1])
        real("constant", self.constant)

    def needs(self) -> Needs:
        """Return which statistics of which source are needed."""
        total = Combination(())
        for part, _ in self.terms:
            total = total.plus(part)
        return total.needs()

    def interval(self, pooled: Pooled, level: float) -> Interval:
        """Return the interval of the linearised combination."""
        linear = Combination(())
        value, bias = self.constant, 0.0
        for part, weight in self.terms:
            spread = part.spread(pooled)
            if spread.value <= 8.0 * spread.standard_error:
                return Interval(-math.inf, math.inf, math.nan, "a mean under a logarithm is not clearly positive", math.inf)
            value += weight * math.log(spread.value)
            bias -= 0.5 * weight * (spread.standard_error / spread.value) ** 2
            linear = linear.plus(part.scaled(weight / spread.value))
        # Only the spread of the linear part matters; its value is a constant by construction.
        interval = replace(linear.spread(pooled), value=value).interval(level)
        if interval.ready and abs(bias) > 0.1 * interval.half_width:
            # The bias falls like 1/n and the half-width like 1/sqrt n.
            return replace(
                interval, waiting="the curvature of the logarithm is not yet negligible", factor=(abs(bias) / interval.half_width * 10) ** 2
            )
        return interval


@dataclass(frozen=True)
class Mapped:
    """``function`` (strictly monotone on the line or on the range of ``inner``) of another estimand; maps the ends of its interval."""

    inner: Combination | Ratio | Proportion | LogCombination
    function: Callable[[float], float]
    name: str

    def __post_init__(self) -> None:
        instance("inner", self.inner, (Combination, Ratio, Proportion, LogCombination))
        function("function", self.function)
        text("name", self.name)

    def needs(self) -> Needs:
        """Return which statistics of which source are needed."""
        return self.inner.needs()

    def interval(self, pooled: Pooled, level: float) -> Interval:
        """Return the image of the inner interval."""
        inner = self.inner.interval(pooled, level)
        if not (math.isfinite(inner.low) and math.isfinite(inner.high)):
            return inner
        ends = sorted((self.function(inner.low), self.function(inner.high)))
        return replace(inner, low=ends[0], high=ends[1], estimate=self.function(inner.estimate))


@dataclass(frozen=True)
class Exact:
    """A number known up to a numerical error bound; asks for no simulation and spends no error level."""

    value: float
    error: float = 0.0

    def __post_init__(self) -> None:
        real("value", self.value)
        real("error", self.error, minimum=0.0)

    def needs(self) -> Needs:
        """Return that nothing is needed."""
        return {}

    def interval(self, pooled: Pooled, level: float) -> Interval:
        """Return value plus and minus error."""
        return exact_interval(self.value, self.error)


Estimand = Combination | Ratio | Proportion | LogCombination | Mapped | Exact


def settled(estimand: Estimand) -> Estimand:
    """Return the number that an estimand is when nothing in it is estimated, as an `Exact`; any other estimand as it is.

    Raises
    ------
    ValueError
        If the number does not exist: a ratio to 0, or the logarithm of a number that is not positive.
    """
    instance("estimand", estimand, (Combination, Ratio, Proportion, LogCombination, Mapped, Exact))
    if isinstance(estimand, Exact) or estimand.needs():
        return estimand
    try:
        return Exact(_number(estimand))
    except (ZeroDivisionError, ValueError) as error:
        raise ValueError(f"the exact numbers in question have no such ratio or logarithm ({error})") from None


def _number(estimand: Combination | Ratio | Proportion | LogCombination | Mapped) -> float:
    match estimand:
        case Combination(constant=constant):
            return constant
        case Ratio(top=top, bottom=bottom):
            return top.constant / bottom.constant
        case LogCombination(terms=terms, constant=constant):
            return constant + sum(weight * math.log(part.constant) for part, weight in terms)
        case Mapped(inner=inner, function=function):
            return function(_number(inner))
    raise TypeError(f"{estimand!r} is estimated")
