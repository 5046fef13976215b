"""One look at the level that is really used: false exclusions too rare to be seen are made common, and weighted back.

A sample of n replicates is drawn from the law tilted by ``exp(theta x)``, theta chosen so that a typical sample has the end of its interval
just at the true value. A false exclusion then happens in about half of the samples, and each counts with its likelihood ratio
``exp(-theta S + n K(theta))``, S the sum of the sample (Siegmund 1976). A few thousand samples measure a probability of 1e-7 to a few percent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from theorylab.evidence.calibration.laws import TiltedLaw
from theorylab.evidence.intervals import FIRST_LOOK, corrected_ends, waiting_factor
from theorylab.validation import instance, real, whole_number

__all__ = ["Exclusion", "measure_exclusion", "waiting_size"]

_CHUNK = 2**17
MOST_REPLICATES = 2**36


@dataclass(frozen=True)
class Exclusion:
    """False exclusions of the true mean at one look, as multiples of the nominal level.

    Attributes
    ----------
    name, level, count
        Law, nominal error level of the look, and sample size.
    ratio, error
        Probability that a ready interval excludes the true mean, divided by the level, and its standard error.
    unready_ratio
        The same if no verdict ever waited.
    """

    name: str
    level: float
    count: int
    ratio: float
    error: float
    unready_ratio: float


def waiting_size(law: TiltedLaw, level: float) -> int:
    """Return the sample size at which the law's own skewness and kurtosis stop asking for more, at least that of the first look."""
    instance("law", law, TiltedLaw)
    level = real("level", level, above=0.0, below=1.0)
    _, _, skewness, kurtosis = law.moments(0.0)
    return max(FIRST_LOOK, math.ceil(float(waiting_factor(skewness, kurtosis, level))))


def measure_exclusion(law: TiltedLaw, level: float, count: int, samples: int, rng: np.random.Generator) -> Exclusion:
    """Measure how often the interval of level ``level`` from ``count`` replicates excludes the true mean, on either side.

    Parameters
    ----------
    law
        The law of a replicate.
    level
        Nominal error level, both sides together.
    count
        Sample size.
    samples
        Number of samples for each side.
    rng
        Source of random numbers.
    """
    instance("law", law, TiltedLaw)
    instance("rng", rng, np.random.Generator)
    level, count = real("level", level, above=0.0, below=1.0), whole_number("count", count, minimum=2, maximum=MOST_REPLICATES)
    samples = whole_number("samples", samples, maximum=MOST_REPLICATES)
    if count * samples > MOST_REPLICATES:
        raise ValueError(f"count times samples must be <= {MOST_REPLICATES}; got {count} and {samples}")
    truth = law.moments(0.0)[0]
    ready_parts, all_parts = [], []
    for side in (0, 1):
        theta = _tilt(law, level, count, side)
        mean, standard_error, skewness, kurtosis = _sample_moments(law, theta, count, samples, rng)
        ends = corrected_ends(mean, standard_error, skewness / math.sqrt(count), count - 1, level)
        excluded = ends[0] > truth if side == 0 else ends[1] < truth
        ready = waiting_factor(skewness / math.sqrt(count), kurtosis / count, level) <= 1.0
        weight = np.where(excluded, np.exp(count * (law.logarithm(theta) - theta * mean)), 0.0) / level
        all_parts.append(weight)
        ready_parts.append(weight * ready)
    error = math.sqrt(sum(float(part.var()) for part in ready_parts) / samples)
    ratio, unready = (sum(float(part.mean()) for part in parts) for parts in (ready_parts, all_parts))
    return Exclusion(law.name, level, count, ratio, error, unready)


def _tilt(law: TiltedLaw, level: float, count: int, side: int) -> float:
    """Return the tilt under which the low (side 0) or high end of a typical interval lies at the true mean."""
    truth = law.moments(0.0)[0]

    def gap(theta: float) -> float:
        mean, variance, skewness, _ = law.moments(theta)
        ends = corrected_ends(mean, math.sqrt(variance / count), skewness / math.sqrt(count), count - 1, level)
        return float(ends[side]) - truth

    return float(optimize.brentq(gap, 0.0, law.most if side == 0 else law.least))


def _sample_moments(law: TiltedLaw, theta: float, count: int, samples: int, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Return mean, standard error, skewness and excess kurtosis of ``samples`` samples under a tilt."""
    centre = law.moments(theta)[0]
    if law.draw is None:
        ones = rng.binomial(count, centre, samples)
        sums = np.array([ones * (1 - centre) ** power + (count - ones) * (-centre) ** power for power in range(1, 5)])
    else:
        sums = np.empty((4, samples))
        step = max(1, _CHUNK // count)
        for first in range(0, samples, step):
            own = slice(first, min(first + step, samples))
            x = law.draw(rng, theta, (own.stop - first, count)) - centre
            square = x * x
            sums[:, own] = x.sum(axis=1), square.sum(axis=1), np.einsum("ij,ij->i", x, square), np.einsum("ij,ij->i", square, square)
    m1, m2, m3, m4 = sums / count
    variance = m2 - m1**2
    skewness = (m3 - 3 * m1 * m2 + 2 * m1**3) / variance**1.5
    kurtosis = (m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) / variance**2 - 3
    return centre + m1, np.sqrt(variance / (count - 1)), skewness, kurtosis
