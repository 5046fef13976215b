"""Power against a pinch in one direction: a test that looks around w, against tests of moments of the whole sample."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import ndtri

from theorylab.montecarlo.samplers import block_size, fitting_block, host_only
from theorylab.numerics.concentration import tracy_widom_quantile, wishart_largest_edge, wishart_smallest_edge
from theorylab.papers.tester_learner.estimators.marginal_tests import standardised_fourth_moment
from theorylab.papers.tester_learner.estimators.regions import basis_orthogonal_to
from theorylab.validation import reals, whole_number

__all__ = ["sample_hermite_squares", "sample_pinch_power"]


@host_only("judges one data set after the other with estimators written for numpy")
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
        numpy's generator and number of samples.
    dimension, sample_size
        d >= 3 and n.
    half_width, factor
        c > 0 and the factor in (0, 1]; 1 is no pinch.
    level
        Of every test.
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
    d, n = whole_number("dimension", dimension, minimum=3), whole_number("sample_size", sample_size, minimum=2)
    c, shrink = float(reals("half_width", half_width, above=0.0)), float(reals("factor", factor, above=0.0, maximum=1.0))
    alpha = float(reals("level", level, above=0.0, below=1.0))
    mass = math.erf(c / math.sqrt(2.0))
    stretch = math.sqrt((1.0 - mass * shrink**2) / (1.0 - mass))
    axis = np.zeros(d)
    axis[1:] = 1.0 / math.sqrt(d - 1.0) if turned else np.eye(1, d - 1)[0]
    basis = basis_orthogonal_to(np.eye(1, d)[0])
    kurtosis_limit = -ndtri(alpha / (2.0 * d))
    found: dict[str, np.ndarray] = {name: np.empty(size) for name in ("band", "kurtosis", "covariance", "mardia")}
    for r in range(size):
        x = rng.standard_normal((n, d))
        b = x @ axis
        inside = np.abs(x[:, 0]) <= c
        x += (b * (np.where(inside, shrink, stretch) - 1.0))[:, None] * axis
        found["band"][r] = _smallest_rejects(x[inside] @ basis, alpha)
        squares = x**2
        ratio = np.mean(squares**2, axis=0) / np.mean(squares, axis=0) ** 2
        found["kurtosis"][r] = np.max(np.abs(ratio - 3.0)) * math.sqrt(n / 24.0) > kurtosis_limit
        eigenvalues = np.linalg.eigvalsh(x.T @ x / n)
        top = wishart_largest_edge(n, d)
        large = eigenvalues[-1] > top.centre + top.scale * tracy_widom_quantile(alpha / 2.0, upper=True)
        found["covariance"][r] = large or _below_edge(eigenvalues[0], n, d, alpha / 2.0)
        _, low, high = standardised_fourth_moment(float(np.mean(squares.sum(axis=1) ** 2)), n, d)
        found["mardia"][r] = 2.0 * min(low, high) < alpha
    return found


def _smallest_rejects(z: np.ndarray, level: float) -> bool:
    rows, p = z.shape
    return bool(rows > p and _below_edge(float(np.linalg.eigvalsh(z.T @ z / rows)[0]), rows, p, level))


def _below_edge(eigenvalue: float, rows: int, p: int, level: float) -> bool:
    edge = wishart_smallest_edge(rows, p)
    return bool(math.log(max(eigenvalue, 1e-300)) < edge.centre - edge.scale * tracy_widom_quantile(level, upper=True))


@block_size(lambda *, sample_size, **_: fitting_block(numbers=4.0 * sample_size, nanoseconds=60.0 * sample_size))
def sample_hermite_squares(rng: Any, size: int, *, degree: int, sample_size: int) -> Any:
    """Sample the mean over n standard normal rows of He_k(x)^2/k!, whose mean is 1; on the nodes of the k-node rule it would be 0.

    Parameters
    ----------
    rng, size
        Generator and number of samples.
    degree
        k >= 1.
    sample_size
        n >= 1.

    Returns
    -------
    array (size,)
        Heavy-tailed for large k, though all moments exist.
    """
    k, n = whole_number("degree", degree), whole_number("sample_size", sample_size)
    x = rng.standard_normal((size, n))
    before, value = 0.0 * x + 1.0, x
    for j in range(1, k):
        before, value = value, x * value - j * before
    return (value**2).mean(axis=1) / float(math.factorial(k))
