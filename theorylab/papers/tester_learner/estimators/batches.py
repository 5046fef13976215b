"""Learner and tests for many samples at once: dense sums over all rows in any array module, and decisions from the few statistics of each sample.

What `fit_surrogate`, `summarise` and `judge_regions` do to one sample. Those look at the rows of a region alone; these weigh all rows by 0 or 1,
which a device does faster than it gathers. Samples come first in every array.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import chdtrc

from theorylab.montecarlo.samplers import fetch
from theorylab.numerics.concentration import binomial_p_value, tracy_widom_quantile, tracy_widom_sf, wishart_largest_edge, wishart_smallest_edge
from theorylab.papers.tester_learner.estimators.learner import descend_dense, learning_stages, surrogate_step
from theorylab.papers.tester_learner.estimators.marginal_tests import LIMITS, TESTS_OF_A_REGION, band_rows_needed, fourth_moment_tails
from theorylab.papers.tester_learner.estimators.regions import Region, RegionSummary, gaussian_mass
from theorylab.validation import instance

__all__ = [
    "RegionTable",
    "accepted",
    "averaging_directions",
    "extreme_eigenvalues",
    "fetched",
    "joined_summaries",
    "judge_many",
    "learn_many",
    "orthogonal_bases",
    "summarise_many",
]

# Of `tracy_widom_quantile`.
_LEAST_QUANTILE = 1e-12


class RegionTable(NamedTuple):
    """What the K regions of R samples look like orthogonally to their directions; arrays (R, K), with the meaning that they have in `RegionSummary`.

    Attributes
    ----------
    rows
        Numbers of rows.
    smallest, largest
        Extreme eigenvalues of mean z z^T.
    mean, signed_mean, fourth
        |mean of z|^2, |mean of sign(<w, x>) z|^2 and the mean of |z|^4.
    """

    rows: Any
    smallest: Any
    largest: Any
    mean: Any
    signed_mean: Any
    fourth: Any


def averaging_directions(namespace: Any, features: Any, labels: Any) -> Any:
    """Return the directions (R, d) of the means of y x, the first axis where such a mean is 0."""
    totals = (labels[:, None, :] @ features)[:, 0]
    lengths = namespace.sqrt((totals**2).sum(axis=1))[:, None]
    first = namespace.zeros_like(totals)
    first[:, 0] = 1.0
    return namespace.where(lengths > 0.0, totals / namespace.where(lengths > 0.0, lengths, 1.0), first)


def learn_many(namespace: Any, features: Any, labels: Any, *, ramp_width: float, noise_rate: float, start: np.ndarray | None = None) -> Any:
    """Return the directions (R, d) that `fit_surrogate` finds with its own step and stages from rows (R, n, d) and labels (R, n).

    Parameters
    ----------
    namespace
        numpy or cupy.
    features, labels
        Of all samples.
    ramp_width, noise_rate
        sigma and eta.
    start
        (d,), not 0, on the host; None: the means of y x.
    """
    samples, rows, dimension = features.shape
    if start is None:
        w = averaging_directions(namespace, features, labels)
    else:
        w = namespace.zeros((samples, dimension)) + namespace.asarray(start / np.linalg.norm(start))
    step = surrogate_step(ramp_width, noise_rate)
    for used, steps in learning_stages(rows, dimension, step, noise_rate):
        w = descend_dense(namespace, features[:, :used], labels[:, :used], w, ramp_width=ramp_width, step=step, iterations=steps)
    return w


def orthogonal_bases(namespace: Any, directions: Any) -> Any:
    """Return (R, d, d - 1) orthonormal columns orthogonal to directions (R, d) of length 1: all but the first column of Householder reflections."""
    reflected = directions.copy()
    reflected[:, 0] += namespace.where(directions[:, 0] >= 0.0, 1.0, -1.0)
    outer = reflected[:, :, None] * reflected[:, None, :] / abs(reflected[:, :1, None])
    return (namespace.eye(directions.shape[1]) - outer)[:, :, 1:]


def extreme_eigenvalues(namespace: Any, matrices: Any) -> tuple[Any, Any]:
    """Return the smallest and the largest eigenvalues of matrices (..., p, p) that are symmetric up to rounding."""
    values = namespace.linalg.eigvalsh(0.5 * (matrices + matrices.swapaxes(-1, -2)))
    return values[..., 0], values[..., -1]


def summarise_many(namespace: Any, features: Any, directions: Any, regions: tuple[Region, ...]) -> RegionTable:
    """Summarise every region around the direction of every sample.

    Parameters
    ----------
    namespace
        numpy or cupy.
    features, directions
        (R, n, d) and (R, d), of length 1.
    regions
        Which ones.

    Returns
    -------
    RegionTable
        Zeros where a region has no rows. Cost O(R n d^2) a region.
    """
    xp = namespace
    margins = (features @ directions[:, :, None])[:, :, 0]
    distances, signs = abs(margins), xp.where(margins >= 0.0, 1.0, -1.0)
    squares = (features**2).sum(axis=2) - margins**2
    bases = orthogonal_bases(xp, directions)
    columns = []
    for region in regions:
        chosen = 1.0 * ((distances > region.low) & (distances <= region.high))
        rows = chosen.sum(axis=1)
        count = xp.maximum(rows, 1.0)
        gram = (features * chosen[:, :, None]).swapaxes(1, 2) @ features / count[:, None, None]
        smallest, largest = extreme_eigenvalues(xp, bases.swapaxes(1, 2) @ gram @ bases)
        means = (xp.stack([chosen, chosen * signs], axis=1) @ features) @ bases / count[:, None, None]
        lengths = (means**2).sum(axis=2)
        columns.append((rows, smallest, largest, lengths[:, 0], lengths[:, 1], (chosen * squares**2).sum(axis=1) / count))
    return RegionTable(*(xp.stack(column, axis=1) for column in zip(*columns, strict=True)))


def fetched(namespace: Any, table: RegionTable, columns: Sequence[Any] = ()) -> tuple[RegionTable, np.ndarray]:
    """Bring a table, and further statistics (R,) of every sample, to the host in one piece; return the table and (C, R)."""
    instance("table", table, RegionTable)
    together = fetch(namespace.concatenate([*table, *(column[:, None] for column in columns)], axis=1))
    fields, regions = len(table), table.rows.shape[1]
    return RegionTable(*np.split(together[:, : fields * regions], fields, axis=1)), together[:, fields * regions :].T


def joined_summaries(summaries: Sequence[Sequence[RegionSummary]]) -> RegionTable:
    """Return a table of the summaries of every sample."""

    def statistics(summary: RegionSummary) -> tuple[float, ...]:
        ends = float(summary.eigenvalues[0]), float(summary.eigenvalues[-1])
        return (float(summary.rows), *ends, summary.mean, summary.signed_mean, summary.fourth)

    return RegionTable(*np.moveaxis(np.array([[statistics(summary) for summary in sample] for sample in summaries]), 2, 0))


def judge_many(
    table: RegionTable,
    regions: tuple[Region, ...],
    *,
    rows: int,
    dimension: int,
    mode: str,
    failure_probability: float,
    limits: tuple[float, float] = LIMITS,
) -> dict[str, np.ndarray]:
    """Judge the regions of many samples as `judge_regions` judges those of one.

    Parameters
    ----------
    table, regions
        Statistics, on the host, of these regions.
    rows, dimension
        n and d of every sample.
    mode, failure_probability, limits
        As in `run_tests`, checked.

    Returns
    -------
    dict
        From the first word or words of the names in a `TestReport` to whether that test passed, (R, K). Where a region has too few rows only "mass"
        and "rows" are tested, and all others pass.
    """
    instance("table", table, RegionTable)
    few = table.rows < band_rows_needed(dimension)
    shares = np.array([gaussian_mass(region) for region in regions])
    if mode == "tolerant":
        ratio = table.rows / (rows * shares)
        mass, tests = (limits[0] <= ratio) & (ratio <= limits[1]), _tolerant(table, dimension - 1, limits)
    else:
        level = failure_probability / (TESTS_OF_A_REGION * len(regions))
        mass, tests = binomial_p_value(table.rows.astype(np.int64), rows, shares) >= level, _calibrated(table, few, dimension - 1, level)
    return {"mass": mass, "rows": ~few} | {name: few | passed for name, passed in tests.items()}


def _tolerant(table: RegionTable, p: int, limits: tuple[float, float]) -> dict[str, np.ndarray]:
    low, high = limits
    return {
        "smallest eigenvalue": table.smallest >= low,
        "largest eigenvalue": table.largest <= high,
        "fourth moment": table.fourth / (p * (p + 2.0)) <= high,
        "centre": table.mean <= low,
    }


def _calibrated(table: RegionTable, few: np.ndarray, p: int, level: float) -> dict[str, np.ndarray]:
    # Regions with few rows are not looked at; any number of rows for which the laws are defined will do there.
    m = np.where(few, p + 50.0, table.rows)
    upper = wishart_largest_edge(m, p)
    invertible = (table.smallest > 0.0) & (m > p)
    lower = wishart_smallest_edge(np.where(invertible, m, p + 1.0), p)
    below = -(np.log(np.where(invertible, table.smallest, 1.0)) - lower.centre) / lower.scale
    _, thin, thick = fourth_moment_tails(table.fourth, m, p)
    return {
        "centre": chdtrc(p, m * table.mean) >= level,
        "largest eigenvalue": _within_edge((table.largest - upper.centre) / upper.scale, level),
        "smallest eigenvalue": invertible & _within_edge(below, level),
        "signed mean": chdtrc(p, m * table.signed_mean) >= level,
        "fourth moment": np.minimum(1.0, 2.0 * np.minimum(thin, thick)) >= level,
    }


def _within_edge(places: np.ndarray, level: float) -> np.ndarray:
    """Tell where the upper tail of the Tracy-Widom law is at least a level: one quantile is found, not a tail for every place."""
    passed = tracy_widom_sf(places) >= level if level < _LEAST_QUANTILE else places <= tracy_widom_quantile(level, upper=True)
    return np.asarray(passed)


def accepted(judged: dict[str, np.ndarray]) -> np.ndarray:
    """Tell which samples pass every test, (R,)."""
    return np.all([passed.all(axis=1) for passed in judged.values()], axis=0)
