"""Sequential runs of estimands that are not a single mean: a ratio, an exponent of growth, a difference between two experiments.

They are asked through `theorylab.evidence.estimands` itself, run by run, so there are fewer of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

import numpy as np

from theorylab.evidence.calibration.sequential import Ends, check_walk
from theorylab.evidence.estimands import Combination, Estimand, Exact, LogCombination, Mapped, Proportion, Ratio
from theorylab.evidence.growth import exponent_of_growth
from theorylab.evidence.intervals import look_replicates
from theorylab.montecarlo.moments import Moments, block_moments, pool_blocks
from theorylab.validation import function, instance, real, text

__all__ = ["COMPOSITES", "Composite", "composite_ends"]

# Statistics by source: arrays of shape (k, n).
Sample = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Composite:
    """An estimand with its true value and the experiments behind it.

    Attributes
    ----------
    name
        What it is.
    estimand
        Asked about the sources that ``draw`` returns.
    truth, deviation
        True value, and a unit of distance from it.
    draw
        ``(rng, n) -> {source: statistics of n replicates, shape (k, n)}``.
    """

    name: str
    estimand: Estimand
    truth: float
    deviation: float
    draw: Callable[[np.random.Generator, int], Sample]

    def __post_init__(self) -> None:
        text("name", self.name)
        instance("estimand", self.estimand, (Combination, Ratio, Proportion, LogCombination, Mapped, Exact))
        real("truth", self.truth)
        real("deviation", self.deviation, above=0.0)
        function("draw", self.draw)


def _mean(source: str, statistic: str = "0") -> Combination:
    return Combination(((source, statistic, 1.0),))


def _correlated_gammas(rng: np.random.Generator, n: int) -> Sample:
    shared = rng.standard_gamma(2.0, n)
    return {"pair": np.stack([shared + rng.standard_exponential(n), shared + rng.standard_gamma(3.0, n)])}


def _growing_gammas(rng: np.random.Generator, n: int) -> Sample:
    return {f"size {size}": size**1.5 * rng.standard_gamma(3.0, (1, n)) for size in (1, 2, 4)}


def _two_experiments(rng: np.random.Generator, n: int) -> Sample:
    return {"small": rng.standard_exponential((1, n)), "large": 3 * rng.standard_normal((1, n)) + 1}


COMPOSITES = (
    Composite("ratio of two correlated gamma means", Ratio(_mean("pair", "0"), _mean("pair", "1")), 3 / 5, 0.5, _correlated_gammas),
    Composite(
        "exponent of growth over three sizes", exponent_of_growth((1, 2, 4), [_mean(f"size {size}") for size in (1, 2, 4)]), 1.5, 0.6, _growing_gammas
    ),
    Composite("difference of two experiments", _mean("small").plus(_mean("large").scaled(-1.0)), 0.0, math.sqrt(10), _two_experiments),
)


def composite_ends(composite: Composite, runs: int, looks: int, rng: np.random.Generator) -> Ends:
    """Draw ``runs`` sequences and return their intervals by look and level."""
    instance("composite", composite, Composite)
    runs, looks = check_walk(runs, looks, rng)
    pooled: list[list[dict[Hashable, Moments]]] = [[] for _ in range(looks)]
    for _ in range(runs):
        known: dict[str, np.ndarray] = {}
        done = 0
        for look in range(looks):
            sample = composite.draw(rng, look_replicates(1, look) - done)
            done = look_replicates(1, look)
            for source, columns in sample.items():
                fresh = block_moments(columns)[None]
                known[source] = pool_blocks(np.concatenate([known[source][None], fresh]) if source in known else fresh, len(columns))
            pooled[look].append({source: Moments(tuple(map(str, range(len(sample[source])))), vector) for source, vector in known.items()})

    def ends(look: int, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        intervals = [composite.estimand.interval(moments, level) for moments in pooled[look]]
        low, high, ready = zip(*((interval.low, interval.high, interval.ready) for interval in intervals), strict=True)
        return np.array(low), np.array(high), np.array(ready)

    return ends
