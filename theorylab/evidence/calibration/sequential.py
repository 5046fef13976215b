"""Whole verdicts, look after look, repeated many times at the true value.

A *false refutation* is an interval that, at any look at which it is ready, excludes the true value: it would refute a true claim. A *false
holds* is a verdict "holds" on a claim that is false by a hair: its band begins just above (or ends just below) the true value and is wide.
All runs of a law go through the looks together; the same draws serve every error level.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from theorylab.evidence.calibration.laws import BernoulliLaw, Law
from theorylab.evidence.intervals import Interval, binomial_interval, corrected_ends, look_level, look_replicates, waiting_factor
from theorylab.evidence.verdicts import Band
from theorylab.validation import function, instance, integers, real, reals, whole_number

__all__ = ["Ends", "MeanWalk", "Rate", "Tally", "judge_runs", "proportion_ends", "walk_counts", "walk_means"]

# Both ends of the intervals of all runs at one look and level, and which of them are ready.
Ends = Callable[[int, float], tuple[np.ndarray, np.ndarray, np.ndarray]]

# Draws held at a time: small enough to stay in the cache.
_CHUNK = 2**16
# Distance of a false claim's band from the true value, and its width, in standard deviations of one replicate.
HAIR, WIDE = 1e-9, 10.0
# At the last of these looks a sequence has 2^32 replicates.
MOST_LOOKS = 24


# No calibration runs longer than with so many sequences.
MOST_RUNS = 10_000_000


def check_walk(runs: int, looks: int, rng: np.random.Generator) -> tuple[int, int]:
    """Return the numbers of sequences and of looks as plain ints, if they are such and ``rng`` is a generator."""
    instance("rng", rng, np.random.Generator)
    return whole_number("runs", runs, maximum=MOST_RUNS), whole_number("looks", looks, maximum=MOST_LOOKS)


@dataclass(frozen=True)
class Rate:
    """How many of ``runs`` went wrong."""

    wrong: int
    runs: int

    @property
    def value(self) -> float:
        """The share that went wrong."""
        return self.wrong / self.runs

    @property
    def interval(self) -> Interval:
        """Exact binomial interval of level 0.05."""
        return binomial_interval(self.wrong, self.runs, 0.05)

    def excess(self, nominal: float) -> float:
        """Return the probability of so many or more errors if their rate were ``nominal``; tiny means that it is larger."""
        return 1.0 if self.wrong == 0 else float(special.bdtrc(self.wrong - 1, self.runs, nominal))


@dataclass(frozen=True)
class Tally:
    """What became of the runs of one law at one error level.

    Attributes
    ----------
    alpha
        Error level of the estimand.
    refutation
        Runs in which a ready interval, at any look, excluded the true value.
    holds_above, holds_below
        Runs that ended in "holds" on the false claim just above, or just below, the true value.
    median_ready
        Median of the replicates at which runs were first ready; infinite if more than half never were.
    waiting
        Share of the runs that are not ready at the last look.
    """

    alpha: float
    refutation: Rate
    holds_above: Rate
    holds_below: Rate
    median_ready: float
    waiting: float

    @property
    def rates(self) -> tuple[Rate, Rate, Rate]:
        """The three rates that must not exceed ``alpha``."""
        return self.refutation, self.holds_above, self.holds_below


@dataclass(frozen=True)
class MeanWalk:
    """Value, standard error, skewness and excess kurtosis of the sample means of all runs, arrays of shape (looks, runs)."""

    value: np.ndarray
    standard_error: np.ndarray
    skewness: np.ndarray
    excess_kurtosis: np.ndarray

    def ends(self, look: int, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the ends of the intervals at one look, and which are ready; a run without variation is not."""
        varies = self.standard_error[look] > 0.0
        low, high = corrected_ends(self.value[look], self.standard_error[look], self.skewness[look], look_replicates(1, look) - 1, level)
        return low, high, varies & (waiting_factor(self.skewness[look], self.excess_kurtosis[look], level) <= 1.0)


def walk_means(law: Law | BernoulliLaw, runs: int, looks: int, rng: np.random.Generator) -> MeanWalk:
    """Draw ``runs`` sequences of replicates and return their means and cumulants at each look."""
    instance("law", law, (Law, BernoulliLaw))
    runs, looks = check_walk(runs, looks, rng)
    if isinstance(law, BernoulliLaw):
        return _mean_walk(_bernoulli_power_sums(law, runs, looks, rng), law.mean)
    sums = np.zeros((looks, 4, runs))
    done = 0
    for look in range(looks):
        wanted = look_replicates(1, look) - done
        if look:
            sums[look] = sums[look - 1]
        for start, stop in _cuts(wanted, _CHUNK):
            width = stop - start
            for first, last in _cuts(runs, max(1, _CHUNK // width)):
                # About the true mean, so that no large number is subtracted from another later.
                x = law.draw(rng, (last - first, width)) - law.mean
                square = x * x
                sums[look, 0, first:last] += x.sum(axis=1)
                sums[look, 1, first:last] += square.sum(axis=1)
                sums[look, 2, first:last] += np.einsum("ij,ij->i", x, square)
                sums[look, 3, first:last] += np.einsum("ij,ij->i", square, square)
        done += wanted
    return _mean_walk(sums, law.mean)


def _cuts(total: int, length: int) -> list[tuple[int, int]]:
    return [(start, min(start + length, total)) for start in range(0, total, length)]


def walk_counts(probability: float, runs: int, looks: int, rng: np.random.Generator) -> np.ndarray:
    """Return how many replicates of a Bernoulli law were one, by look and run, an integer array of shape (looks, runs)."""
    probability = real("probability", probability, minimum=0.0, maximum=1.0)
    runs, looks = check_walk(runs, looks, rng)
    steps = np.diff([0] + [look_replicates(1, look) for look in range(looks)])
    return np.cumsum(rng.binomial(steps[:, None], probability, size=(looks, runs)), axis=0)


def _bernoulli_power_sums(law: BernoulliLaw, runs: int, looks: int, rng: np.random.Generator) -> np.ndarray:
    ones = walk_counts(law.mean, runs, looks, rng)[:, None, :]
    zeros = np.array([look_replicates(1, look) for look in range(looks)])[:, None, None] - ones
    powers = np.arange(1, 5)[None, :, None]
    return ones * (1 - law.mean) ** powers + zeros * (-law.mean) ** powers


def _mean_walk(sums: np.ndarray, centre: float) -> MeanWalk:
    """Turn power sums about ``centre``, of shape (looks, 4, runs), into the cumulants of the means."""
    n = np.array([look_replicates(1, look) for look in range(len(sums))])[:, None]
    first, second, third, fourth = (sums[:, power] / n for power in range(4))
    variance = second - first**2
    # Rounding leaves a trace of variance in a run of equal values.
    variance[variance <= 1e-12 * second] = 0.0
    scale = np.where(variance > 0.0, variance, 1.0)
    skewness = (third - 3 * first * second + 2 * first**3) / scale**1.5
    kurtosis = (fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4) / scale**2 - 3
    return MeanWalk(centre + first, np.sqrt(variance / (n - 1)), skewness / np.sqrt(n), kurtosis / n)


def proportion_ends(counts: np.ndarray) -> Ends:
    """Return the exact binomial intervals of ``counts`` of shape (looks, runs); they never wait."""
    counts = np.asarray(integers("counts", counts, minimum=0))
    if counts.ndim != 2 or np.any(counts.max(axis=1) > [look_replicates(1, look) for look in range(len(counts))]):
        raise ValueError(f"counts must have shape (looks, runs) and not exceed the replicates of their look; got shape {counts.shape}")

    def ends(look: int, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        n = look_replicates(1, look)
        different, place = np.unique(counts[look], return_inverse=True)
        intervals = [binomial_interval(int(count), n, level) for count in different]
        low, high = (np.array([getattr(interval, end) for interval in intervals])[place] for end in ("low", "high"))
        return low, high, np.ones(len(low), dtype=bool)

    return ends


def judge_runs(ends: Ends, truth: float, deviation: float, alphas: Sequence[float], looks: int) -> list[Tally]:
    """Walk all runs through the looks at each error level and count what went wrong.

    Parameters
    ----------
    ends
        Intervals of all runs by look and level.
    truth, deviation
        The true value, and the unit in which a false claim's distance and width are measured.
    alphas
        Error levels of the estimand.
    looks
        Number of looks.
    """
    function("ends", ends)
    truth, deviation, looks = real("truth", truth), real("deviation", deviation, above=0.0), whole_number("looks", looks, maximum=MOST_LOOKS)
    alphas = np.atleast_1d(reals("alphas", alphas, above=0.0, below=1.0)).ravel().tolist()
    above = Band(truth + HAIR * deviation, truth + WIDE * deviation)
    below = Band(truth - WIDE * deviation, truth - HAIR * deviation)
    tallies = []
    for alpha in alphas:
        runs = len(ends(0, alpha)[0])
        excluded = np.zeros(runs, dtype=bool)
        first_ready = np.full(runs, math.inf)
        ready = np.zeros(runs, dtype=bool)
        claims = [(band, np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)) for band in (above, below)]
        for look in range(looks):
            try:
                low, high, ready = ends(look, look_level(alpha, look))
            except IndexError:
                raise ValueError(f"looks must not be more than those of ends; got {looks}, and there are {look}") from None
            excluded |= ready & ((low > truth) | (high < truth))
            first_ready[ready & np.isinf(first_ready)] = look_replicates(1, look)
            for band, holds, decided in claims:
                inside = ready & ~decided & (low >= band.low) & (high <= band.high)
                outside = ready & ~decided & ((high < band.low) | (low > band.high))
                holds |= inside
                decided |= inside | outside
        refutation, holds_above, holds_below = (Rate(int(mask.sum()), runs) for mask in (excluded, claims[0][1], claims[1][1]))
        tallies.append(Tally(alpha, refutation, holds_above, holds_below, float(np.median(first_ready)), 1 - float(ready.mean())))
    return tallies
