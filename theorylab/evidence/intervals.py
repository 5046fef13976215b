"""Intervals for means that are right in the far tail and at all looks at once.

An *estimand* spends its error level ``alpha`` over the looks k = 0, 1, 2, ... as ``alpha / ((k + 1)(k + 2))``, which sums to ``alpha``. So the
chance that any of its intervals, at any look, misses the true value is at most ``alpha``, and every question about the estimand may be read
off the intervals at no further cost.

At one look of level ``l`` the interval is Johnson's skewness-corrected t interval (Johnson 1978)::

    m + (s / sqrt n) (-t + g (2 t^2 + 1) / (6 sqrt n))   to   m + (s / sqrt n) (t + g (2 t^2 + 1) / (6 sqrt n))

with the sample mean m, standard deviation s, skewness g, and t the quantile of Student's law at 1 - l/3, that is two thirds of the level on
each side. What it still leaves out, and how a verdict guards against it:

- *Kurtosis* k. Given a mean that is z standard errors off, the t statistic of a symmetric law has its logarithmic tail lowered by
  k z^4 / (12 n) (Edgeworth, for the studentised mean). But the sample skewness follows the mean: its regression on it has slope k / sqrt n, so it is
  k z / sqrt n, moves the end by k z^3 / (3 n) standard errors, and raises the logarithmic tail by k z^4 / (3 n). In sum the level is multiplied by
  exp(k z^4 / (4 n)). One third of the level is held in reserve, which pays for a factor 3/2, so a verdict waits until
  ``n >= |k| z^4 / (4 log(3/2))``.
- *Skewness* g. By the same regression, and measured, it takes about g^2 z^4 / (5 n) off the logarithm; a verdict waits until
  ``n >= (|g| z^3 / 4)^2``, where this and all later terms are small.

Here z is the normal quantile of the look. The calibration (``python -m theorylab.evidence.calibration``) measures both, law by law.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from theorylab.validation import real, reals, whole_number

__all__ = ["Interval", "binomial_interval", "corrected_ends", "exact_interval", "look_level", "look_replicates", "mean_interval", "waiting_factor"]

# The part of a look's level that the corrected t interval uses; the rest pays for what its expansion leaves out.
LEVEL_USED = 2.0 / 3.0
# The factor by which the level may be missed before the reserve is spent, as a logarithm.
RESERVE = -math.log(LEVEL_USED)
FIRST_LOOK = 512
# No ledger holds as many replicates as this look asks for.
LAST_LOOK = 60


def look_level(alpha: float, look: int) -> float:
    """Return the level that look number ``look`` = 0, 1, ... may spend; the levels of all looks sum to ``alpha``."""
    alpha, look = real("alpha", alpha, above=0.0, below=1.0), whole_number("look", look, minimum=0)
    return alpha / ((look + 1) * (look + 2))


def look_replicates(block: int, look: int) -> int:
    """Return the number of replicates at a look: ``max(512, block) * 2**look``, whatever a ledger already holds."""
    return max(FIRST_LOOK, whole_number("block", block)) << whole_number("look", look, minimum=0, maximum=LAST_LOOK)


@dataclass(frozen=True)
class Interval:
    """A confidence interval, and whether it may be believed yet.

    Attributes
    ----------
    low, high
        Its ends.
    estimate
        The point estimate; NaN while there is none.
    waiting
        Why no verdict may be based on it yet; empty if it is ready.
    factor
        By how much the number of replicates must grow before it is ready (1 if it is, infinite if unknown).
    """

    low: float
    high: float
    estimate: float
    waiting: str = ""
    factor: float = 1.0

    @property
    def ready(self) -> bool:
        """Whether a verdict may be based on it."""
        return not self.waiting

    @property
    def half_width(self) -> float:
        """Half the distance between the ends."""
        return (self.high - self.low) / 2


def corrected_ends(estimate: Any, standard_error: Any, skewness: Any, degrees_of_freedom: Any, level: float) -> tuple[Any, Any]:
    """Return both ends of the skewness-corrected t interval; arrays broadcast.

    Parameters
    ----------
    estimate, standard_error, skewness
        Value, standard deviation and skewness of the *estimator* (for a mean of n replicates: m, s / sqrt n and g / sqrt n).
    degrees_of_freedom
        Of the variance estimate.
    level
        Error level of this look, both sides together.
    """
    estimate, skewness = reals("estimate", estimate), reals("skewness", skewness)
    standard_error, degrees_of_freedom = (
        reals("standard_error", standard_error, minimum=0.0),
        reals("degrees_of_freedom", degrees_of_freedom, above=0.0),
    )
    return _ends(estimate, standard_error, skewness, degrees_of_freedom, real("level", level, above=0.0, below=1.0))


def _ends(estimate: Any, standard_error: Any, skewness: Any, degrees_of_freedom: Any, level: float) -> tuple[Any, Any]:
    t = -special.stdtrit(degrees_of_freedom, LEVEL_USED * level / 2)
    shift = skewness * (2 * t**2 + 1) / 6
    return estimate + standard_error * (shift - t), estimate + standard_error * (shift + t)


def waiting_factor(skewness: Any, excess_kurtosis: Any, level: float) -> Any:
    """Return by which factor n must grow before the interval may be trusted (<= 1: it may); arrays broadcast.

    Parameters
    ----------
    skewness, excess_kurtosis
        Of the *estimator* (for a mean of n replicates: g / sqrt n and k / n).
    level
        Error level of this look.
    """
    skewness, excess_kurtosis = reals("skewness", skewness), reals("excess_kurtosis", excess_kurtosis)
    return _factor(skewness, excess_kurtosis, real("level", level, above=0.0, below=1.0))


def _factor(skewness: Any, excess_kurtosis: Any, level: float) -> Any:
    z = -special.ndtri(LEVEL_USED * level / 2)
    return np.maximum((np.abs(skewness) * z**3 / 4) ** 2, np.abs(excess_kurtosis) * z**4 / (4 * RESERVE))


def mean_interval(
    estimate: float, standard_error: float, skewness: float, excess_kurtosis: float, degrees_of_freedom: float, level: float
) -> Interval:
    """Return the interval of a linear estimator from its cumulants, and whether it may be trusted.

    A sample without variation says nothing about the spread that it did not show, so it is never ready.
    """
    estimate, standard_error = real("estimate", estimate), real("standard_error", standard_error, minimum=0.0)
    skewness, excess_kurtosis = real("skewness", skewness), real("excess_kurtosis", excess_kurtosis)
    level = real("level", level, above=0.0, below=1.0)
    if standard_error == 0.0:
        return Interval(-math.inf, math.inf, estimate, "the sample shows no variation", math.inf)
    degrees_of_freedom = real("degrees_of_freedom", degrees_of_freedom, above=0.0)
    low, high = _ends(estimate, standard_error, skewness, degrees_of_freedom, level)
    factor = float(_factor(skewness, excess_kurtosis, level))
    if factor <= 1.0:
        return Interval(float(low), float(high), estimate)
    reason = f"skewness and kurtosis ask for {factor:.2g} times the replicates"
    return Interval(float(low), float(high), estimate, reason, factor)


def binomial_interval(successes: int, count: int, level: float) -> Interval:
    """Return the exact (Clopper and Pearson 1934) interval of a proportion; right at every count, so it never waits."""
    count, level = whole_number("count", count), real("level", level, above=0.0, below=1.0)
    successes = whole_number("successes", successes, minimum=0, maximum=count)
    low = 0.0 if successes == 0 else float(special.betaincinv(successes, count - successes + 1, level / 2))
    high = 1.0 if successes == count else float(special.betainccinv(successes + 1, count - successes, level / 2))
    return Interval(low, high, successes / count)


def exact_interval(value: float, error: float = 0.0) -> Interval:
    """Return the interval of a number that is known up to a numerical error bound."""
    value, error = real("value", value), real("error", error, minimum=0.0)
    return Interval(value - error, value + error, value)
