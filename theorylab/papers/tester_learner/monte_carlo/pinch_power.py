"""Power against a pinch in one direction: a test that looks around w, against tests of moments of the whole sample."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import ndtri

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fetch, fitting_block
from theorylab.numerics.concentration import tracy_widom_quantile, wishart_largest_edge, wishart_smallest_edge
from theorylab.papers.tester_learner.estimators.batches import extreme_eigenvalues
from theorylab.papers.tester_learner.estimators.marginal_tests import fourth_moment_tails
from theorylab.validation import flag, real, whole_number

__all__ = ["sample_hermite_squares", "sample_pinch_power"]


@block_size(lambda *, sample_size, dimension, **_: fitting_block(numbers=3.0 * sample_size * dimension, nanoseconds=50.0 * sample_size * dimension))
def sample_pinch_power(
    rng: Any,
    size: int,
    *,
    dimension: int,
    sample_size: int,
    half_width: float = 0.1,
    factor: float = 0.05,
    level: float = 0.05,
    turned: bool = False,
) -> dict[str, Any]:
    """Sample which tests reject if b = <v, x> is scaled down where |<w, x>| <= c, and up elsewhere so that its variance is 1.

    Parameters
    ----------
    rng, size
        Generator and number of samples.
    dimension, sample_size
        d >= 3 and n.
    half_width, factor
        c in (0, 8] and the factor in (0, 1]; 1 is no pinch.
    level
        Of every test, in [1e-11, 1).
    turned
        False: w and v are the first two axes. True: v is a direction with equal parts in all axes but the first.

    Returns
    -------
    dict
        1 where a test rejects: "band", the smallest eigenvalue of the second moment of the band across w (Tracy-Widom); "kurtosis", the largest
        standardised kurtosis of a coordinate (normal, Bonferroni); "covariance", the extreme eigenvalues of the whole sample (likewise);
        "mardia", the mean of |x|^4.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    turned = flag("turned", turned)
    size = check_draw(rng, size)
    d, n = whole_number("dimension", dimension, minimum=3), whole_number("sample_size", sample_size, minimum=2)
    c, shrink = real("half_width", half_width, above=0.0, maximum=8.0), real("factor", factor, above=0.0, maximum=1.0)
    alpha = real("level", level, minimum=1e-11, below=1.0)
    mass = math.erf(c / math.sqrt(2.0))
    stretch = math.sqrt((1.0 - mass * shrink**2) / (1.0 - mass))
    axis = np.zeros(d)
    axis[1:] = 1.0 / math.sqrt(d - 1.0) if turned else np.eye(1, d - 1)[0]
    return _rejections(namespace_of(rng), fetch(_statistics(rng, size, n, c, (shrink, stretch), axis)), n, d, alpha)


def _statistics(rng: Any, size: int, n: int, half_width: float, factors: tuple[float, float], axis: np.ndarray) -> Any:
    """Return the rows in the band, its smallest eigenvalue, the largest |kurtosis - 3|, extreme eigenvalues of all, and the mean of |x|^4, (R, 6)."""
    xp, d, pinch, found = namespace_of(rng), len(axis), namespace_of(rng).asarray(axis), []
    # One sample after the other stays in the cache of a processor; a device takes all of them at once.
    on_host = isinstance(rng, np.random.Generator)
    for _ in range(size if on_host else 1):
        x = rng.standard_normal((1 if on_host else size, n, d))
        b, inside = x @ pinch, abs(x[:, :, 0]) <= half_width
        x += (b * (xp.where(inside, *factors) - 1.0))[:, :, None] * pinch
        rows = inside.sum(axis=1)
        z = x[:, inside[0], 1:] if on_host else x[:, :, 1:] * inside[:, :, None]
        smallest, _ = extreme_eigenvalues(xp, z.swapaxes(1, 2) @ z / xp.maximum(rows, 1)[:, None, None])
        squares = x**2
        ratio = (squares**2).mean(axis=1) / squares.mean(axis=1) ** 2
        low, high = extreme_eigenvalues(xp, x.swapaxes(1, 2) @ x / n)
        columns = (1.0 * rows, smallest, abs(ratio - 3.0).max(axis=1), low, high, (squares.sum(axis=2) ** 2).mean(axis=1))
        found.append(xp.stack(columns, axis=1))
    return xp.concatenate(found)


def _rejections(xp: Any, statistics: np.ndarray, n: int, d: int, alpha: float) -> dict[str, Any]:
    rows, smallest, kurtosis, low, high, fourth = statistics.T
    enough = rows > d - 1
    top = wishart_largest_edge(n, d)
    large = high > top.centre + top.scale * tracy_widom_quantile(alpha / 2.0, upper=True)
    _, thin, thick = fourth_moment_tails(fourth, n, d)
    rejected = {
        "band": enough & _below_edge(smallest, np.where(enough, rows, float(d)), d - 1, alpha),
        "kurtosis": kurtosis * math.sqrt(n / 24.0) > -ndtri(alpha / (2.0 * d)),
        "covariance": large | _below_edge(low, np.full(len(low), float(n)), d, alpha / 2.0),
        "mardia": 2.0 * np.minimum(thin, thick) < alpha,
    }
    return {name: xp.asarray(1.0 * verdict) for name, verdict in rejected.items()}


def _below_edge(eigenvalues: np.ndarray, rows: np.ndarray, p: int, level: float) -> np.ndarray:
    edge = wishart_smallest_edge(rows, p)
    return np.asarray(np.log(np.maximum(eigenvalues, 1e-300)) < edge.centre - edge.scale * tracy_widom_quantile(level, upper=True))


@block_size(lambda *, sample_size, **_: fitting_block(numbers=4.0 * sample_size, nanoseconds=60.0 * sample_size))
def sample_hermite_squares(rng: Any, size: int, *, degree: int, sample_size: int) -> Any:
    """Sample the mean over n standard normal rows of He_k(x)^2/k!, whose mean is 1; on the nodes of the k-node rule it would be 0.

    Parameters
    ----------
    rng, size
        Generator and number of samples.
    degree
        k, from 1 to 1000.
    sample_size
        n >= 1.

    Returns
    -------
    array (size,)
        Heavy-tailed for large k, though all moments exist.
    """
    size = check_draw(rng, size)
    k, n = whole_number("degree", degree, maximum=1000), whole_number("sample_size", sample_size)
    x = rng.standard_normal((size, n))
    before, value = 0.0 * x + 1.0, x
    for j in range(1, k):
        before, value = value, x * value - j * before
    return (value**2).mean(axis=1) / float(math.factorial(k))
