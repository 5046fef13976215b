r"""Null laws of the tests: how often a Gaussian sample is rejected, without drawing one.

w is independent of the tested rows, so the count of a band is Binomial(n, p_c), and given the count m, m times the second moment of the p = d - 1
orthogonal coordinates is Wishart_p(m, I).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtr, bdtrc

from theorylab.backend import check_broadcast
from theorylab.numerics.concentration import chernoff_factor_bound
from theorylab.papers.tester_learner.closed_form.band import band_probability
from theorylab.validation import integers, moderate, plain, real

__all__ = [
    "MassBounds",
    "band_mass_bounds",
    "band_mass_false_rejection",
    "edge_of_second_moments",
    "rows_for_second_moments",
]


class MassBounds(NamedTuple):
    """Two upper bounds on the chance of a false rejection by mass."""

    chernoff: Any
    loose: Any


def _arguments(sample_size: ArrayLike, half_width: ArrayLike, lower: float, upper: float) -> tuple[np.ndarray, np.ndarray, float, float]:
    n = np.asarray(moderate("sample_size", integers("sample_size", sample_size), most=1e9))
    probability = np.asarray(band_probability(half_width))
    low = real("lower", lower, minimum=0.0, below=1.0)
    return n, probability, low, real("upper", upper, above=1.0)


def band_mass_false_rejection(sample_size: ArrayLike, half_width: ArrayLike, lower: float = 0.5, upper: float = 2.0) -> Any:
    r"""Return the probability that the count of a band leaves [lower, upper] times its mean under a Gaussian, exactly.

    Formula: ``P[K < lower n p] + P[K > upper n p]``, K ~ Binomial(n, p), p = erf(c/sqrt 2).

    Parameters
    ----------
    sample_size
        n >= 1, the tested rows.
    half_width
        c > 0.
    lower, upper
        In [0, 1) and above 1.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(sample_size=sample_size, half_width=half_width)
    n, p, low, high = _arguments(sample_size, half_width, lower, upper)
    below = np.ceil(low * n * p) - 1.0
    above = np.floor(high * n * p)
    left = np.where(below >= 0.0, bdtr(np.maximum(below, 0.0), n, p), 0.0)
    right = np.where(above < n, bdtrc(np.minimum(above, n), n, p), 0.0)
    return plain(left + right)


def band_mass_bounds(sample_size: ArrayLike, half_width: ArrayLike) -> MassBounds:
    r"""Return Chernoff's bound on `band_mass_false_rejection` for [1/2, 2], and a loose one in its simplest form.

    Formula: ``exp(-n p/8) + exp(-n p/3) <= 2 exp(-n p/12)``.

    Parameters
    ----------
    sample_size, half_width
        As in `band_mass_false_rejection`.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(sample_size=sample_size, half_width=half_width)
    n, p, _, _ = _arguments(sample_size, half_width, 0.5, 2.0)
    mean = n * p
    return MassBounds(chernoff_factor_bound(mean), plain(2.0 * np.exp(-mean / 12.0)))


def edge_of_second_moments(rows: ArrayLike, dimension: ArrayLike) -> tuple[Any, Any]:
    r"""Return the edges (1 -+ sqrt(p/m))^2 between which the eigenvalues of the second moment of m Gaussian rows lie, up to fluctuations.

    Parameters
    ----------
    rows
        m >= 1.
    dimension
        d >= 2; p = d - 1.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    check_broadcast(rows=rows, dimension=dimension)
    m = np.asarray(integers("rows", rows))
    root = np.sqrt((np.asarray(integers("dimension", dimension, minimum=2)) - 1) / m)
    return plain(np.maximum(1.0 - root, 0.0) ** 2), plain((1.0 + root) ** 2)


def rows_for_second_moments(dimension: ArrayLike, lower: float = 0.5, upper: float = 2.0) -> tuple[Any, Any]:
    r"""Return the rows from which the edges of the second moments lie above `lower` and below `upper`.

    Formula: ``p/(1 - sqrt(lower))^2`` and ``p/(sqrt(upper) - 1)^2``: 11.66 p and 5.83 p for 1/2 and 2.

    Parameters
    ----------
    dimension
        d >= 2; p = d - 1.
    lower, upper
        In [0, 1) and above 1.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    p = np.asarray(integers("dimension", dimension, minimum=2)) - 1.0
    low, high = real("lower", lower, minimum=0.0, below=1.0), real("upper", upper, above=1.0)
    return plain(p / (1.0 - np.sqrt(low)) ** 2), plain(p / (np.sqrt(high) - 1.0) ** 2)
