"""Exact tails for counts and the edge of Wishart spectra: binomial tails and their confidence bounds, Chernoff bounds, the Tracy-Widom law.

scipy has the binomial law but neither its two-sided tail probabilities for arrays at library speed nor the Tracy-Widom law; no maintained library has
the latter with accurate tails.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import airy, bdtr, bdtrc, betaincinv, rel_entr

from theorylab.validation import integers, plain, reals

__all__ = [
    "WishartEdge",
    "binomial_lower_tail",
    "binomial_p_value",
    "binomial_upper_bound",
    "binomial_upper_tail",
    "chernoff_factor_bound",
    "mean_upper_bound",
    "tracy_widom_cdf",
    "tracy_widom_quantile",
    "tracy_widom_sf",
    "wishart_largest_edge",
    "wishart_smallest_edge",
]

# Beyond these the law has less mass than doubles resolve.
_LOWEST, _HIGHEST = -11.0, 40.0
# Between these both tails are interpolated; below, the determinant needs many nodes.
_NEAR, _FAR = -5.5, 8.0
_NODES, _MANY_NODES = 26, 48


def binomial_lower_tail(count: ArrayLike, trials: ArrayLike, probability: ArrayLike) -> Any:
    """Return P(K <= count) for K ~ Binomial(trials, probability).

    Parameters
    ----------
    count
        Integers >= -1; they broadcast with the others.
    trials
        Integers >= 1.
    probability
        In [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    k, n, p = _binomial_arguments(count, trials, probability)
    return plain(np.where(k < 0, 0.0, bdtr(np.clip(k, 0, n).astype(float), n, p)))


def binomial_upper_tail(count: ArrayLike, trials: ArrayLike, probability: ArrayLike) -> Any:
    """Return P(K > count) for K ~ Binomial(trials, probability); arguments and errors as in `binomial_lower_tail`."""
    k, n, p = _binomial_arguments(count, trials, probability)
    return plain(np.where(k < 0, 1.0, bdtrc(np.clip(k, 0, n).astype(float), n, p)))


def binomial_p_value(count: ArrayLike, trials: ArrayLike, probability: ArrayLike) -> Any:
    """Return twice the smaller exact tail, at most 1: the chance under Binomial(trials, probability) of a count as far out on its side.

    Parameters
    ----------
    count, trials, probability
        As in `binomial_lower_tail`.

    Returns
    -------
    float or ndarray
        P(p-value <= level) <= level for every level.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    lower = binomial_lower_tail(count, trials, probability)
    upper = binomial_upper_tail(np.asarray(count) - 1, trials, probability)
    return plain(np.minimum(1.0, 2.0 * np.minimum(lower, upper)))


def binomial_upper_bound(count: ArrayLike, trials: ArrayLike, failure_probability: float) -> Any:
    """Return the one-sided upper confidence bound of Clopper and Pearson for a probability.

    Formula: the root p of P(Binomial(trials, p) <= count) = failure_probability, a quantile of Beta(count + 1, trials - count).

    Parameters
    ----------
    count
        Successes, integers from 0 to `trials`.
    trials
        Integers >= 1.
    failure_probability
        In (0, 1).

    Returns
    -------
    float or ndarray
        Exceeds the true probability with probability at least 1 - failure_probability, whatever it is.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    k, n = np.asarray(integers("count", count, minimum=0)), np.asarray(integers("trials", trials))
    if np.any(k > n):
        raise ValueError(f"count must be at most trials; got {np.max(k)} of {np.min(n)}")
    delta = float(reals("failure_probability", failure_probability, above=0.0, below=1.0))
    return plain(np.where(k == n, 1.0, betaincinv(k + 1.0, np.maximum(n - k, 1), 1.0 - delta)))


def chernoff_factor_bound(mean: ArrayLike) -> Any:
    """Return exp(-mean/8) + exp(-mean/3), which bounds the chance that a binomial count is below half its mean or above twice its mean.

    Parameters
    ----------
    mean
        Expected count, > 0.

    Raises
    ------
    ValueError
        If the mean is not positive.
    """
    expected = np.asarray(reals("mean", mean, above=0.0))
    return plain(np.exp(-expected / 8.0) + np.exp(-expected / 3.0))


def mean_upper_bound(sample_mean: ArrayLike, sample_size: ArrayLike, failure_probability: float) -> Any:
    """Return an upper confidence bound on the mean of independent numbers in [0, 1].

    Formula: the largest m >= sample mean with n KL(sample mean, m) <= log(1/delta), KL that of two coins (Chernoff's bound; Hoeffding 1963 for
    numbers in [0, 1] that are not coins). For small means it is much closer than Hoeffding's sqrt(log(1/delta)/(2 n)).

    Parameters
    ----------
    sample_mean
        In [0, 1].
    sample_size
        n >= 1.
    failure_probability
        delta in (0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    mean = np.asarray(reals("sample_mean", sample_mean, minimum=0.0, maximum=1.0))
    size = np.asarray(reals("sample_size", sample_size, minimum=1.0))
    budget = -np.log(float(reals("failure_probability", failure_probability, above=0.0, below=1.0))) / size
    low, high = np.broadcast_arrays(mean, np.ones_like(size))
    # Pinsker's inequality gives the first bracket.
    low, high = low.copy(), np.minimum(high, mean + np.sqrt(0.5 * budget))
    for _ in range(45):
        middle = 0.5 * (low + high)
        within = rel_entr(mean, middle) + rel_entr(1.0 - mean, 1.0 - middle) <= budget
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return plain(high)


def _binomial_arguments(count: ArrayLike, trials: ArrayLike, probability: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    k = np.asarray(integers("count", count, minimum=-1))
    n = np.asarray(integers("trials", trials))
    p = np.asarray(reals("probability", probability, minimum=0.0, maximum=1.0))
    return k, n, p


# Places beyond both ends are clipped to them, so what lies far out is asked for again and again.
@lru_cache(maxsize=1024)
def _log_cdf(place: float) -> float:
    """Return log F1(s) by the determinant of Ferrari and Spohn (2005), det(1 - Ai(x + y + s)) on (0, infinity), by Gauss-Legendre nodes."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES if place >= _NEAR else _MANY_NODES)
    # The trace sees Ai(2 x + s) and is cut at Ai(16), 4e-20; squares see Ai(x + s)^2 and are cut at Ai(8)^2, 2e-15.
    reach = max(8.0 - min(place, place / 2.0), 1.0)
    x, root = 0.5 * reach * (nodes + 1.0), np.sqrt(0.5 * reach * weights)
    kernel = root[:, None] * airy(x[:, None] + x + place)[0] * root
    return float(np.sum(np.log1p(-np.minimum(np.linalg.eigvalsh(kernel), 1.0 - 1e-16))))


@lru_cache(maxsize=1)
def _series() -> tuple[Chebyshev, Chebyshev]:
    """Return Chebyshev series of log F1 and log(1 - F1) between the two ends within which both are smooth: the determinant takes 0.5 ms a point."""

    def log_cdf(places: np.ndarray) -> np.ndarray:
        return np.array([_log_cdf(float(place)) for place in places])

    domain = (_NEAR, _FAR)
    return Chebyshev.interpolate(log_cdf, 96, domain), Chebyshev.interpolate(lambda places: np.log(-np.expm1(log_cdf(places))), 96, domain)


def tracy_widom_cdf(place: ArrayLike) -> Any:
    """Return the distribution function of the Tracy-Widom law of order 1, the edge of real Wishart spectra.

    Parameters
    ----------
    place
        Real numbers.

    Returns
    -------
    float or ndarray
        Absolute error below 1e-11.

    Raises
    ------
    ValueError
        If an entry is not finite.
    """
    return plain(_evaluate(place, 0, np.exp))


def tracy_widom_sf(place: ArrayLike) -> Any:
    """Return one minus `tracy_widom_cdf`, to a relative accuracy of 1e-8 down to 1e-7 and an absolute one of 1e-15 below."""
    return plain(_evaluate(place, 1, lambda value: -np.expm1(value)))


def _evaluate(place: ArrayLike, which: int, transform: Callable[[float], float]) -> np.ndarray:
    given = np.asarray(reals("place", place))
    series = np.exp(_series()[which](np.clip(given, _NEAR, _FAR)))
    result = np.array(series, ndmin=1).ravel()
    for index, value in enumerate(given.ravel()):
        if not _NEAR <= value <= _FAR:
            result[index] = transform(_log_cdf(float(np.clip(value, _LOWEST, _HIGHEST))))
    return result.reshape(given.shape)


@lru_cache(maxsize=1024)
def _quantile(probability: float, upper: bool) -> float:
    tail = tracy_widom_sf if upper else tracy_widom_cdf
    return float(brentq(lambda s: np.log(tail(s)) - np.log(probability), -10.0, 20.0 if upper else 12.0, xtol=1e-10))


def tracy_widom_quantile(probability: float, *, upper: bool = False) -> float:
    """Return the place with this probability below it, or above it.

    Parameters
    ----------
    probability
        In [1e-12, 1 - 1e-12].
    upper
        Whether the probability is that of the upper tail.

    Raises
    ------
    ValueError
        If the probability is out of range.
    """
    return _quantile(float(reals("probability", probability, minimum=1e-12, maximum=1.0 - 1e-12)), bool(upper))


class WishartEdge(NamedTuple):
    """Centre and scale of an extreme eigenvalue (or of its logarithm) whose standardised law is near Tracy-Widom's of order 1."""

    centre: Any
    scale: Any


def _edge_arguments(degrees_of_freedom: ArrayLike, dimension: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    n, p = np.asarray(reals("degrees_of_freedom", degrees_of_freedom, minimum=1.0)), np.asarray(reals("dimension", dimension, minimum=1.0))
    return n, p


def wishart_largest_edge(degrees_of_freedom: ArrayLike, dimension: ArrayLike) -> WishartEdge:
    """Return the centre and scale of the largest eigenvalue of Wishart_p(m, I)/m.

    Formula: mu = (sqrt(m - 1/2) + sqrt(p - 1/2))^2/m and s = sqrt(mu/m) (1/sqrt(m - 1/2) + 1/sqrt(p - 1/2))^(1/3); (lambda - mu)/s is near TW1 up to
    O(p^(-2/3)) (Ma 2012, arXiv:0909.3301; with m - 1 and p instead, Johnstone 2001, the error is O(p^(-1/3))).

    Parameters
    ----------
    degrees_of_freedom, dimension
        m >= 1 and p >= 1; they broadcast.

    Raises
    ------
    ValueError
        If a number is out of range.
    """
    m, p = _edge_arguments(degrees_of_freedom, dimension)
    root_m, root_p = np.sqrt(m - 0.5), np.sqrt(p - 0.5)
    return WishartEdge((root_m + root_p) ** 2 / m, (root_m + root_p) / m * np.cbrt(1.0 / root_m + 1.0 / root_p))


def wishart_smallest_edge(degrees_of_freedom: ArrayLike, dimension: ArrayLike) -> WishartEdge:
    """Return the centre and scale of the logarithm of the smallest eigenvalue of Wishart_p(m, I)/m, m > p.

    Formula: with r = sqrt(m - 1/2), q = sqrt(p - 1/2), s = (1/q - 1/r)^(1/3)/(r - q): (log lambda - log((r - q)^2/m) - s^3/8)/s is near minus TW1
    (Ma 2012, arXiv:0909.3301), so small eigenvalues lie where the standardised number is below minus a TW1 quantile.

    Parameters
    ----------
    degrees_of_freedom, dimension
        m > p >= 1; they broadcast.

    Raises
    ------
    ValueError
        If a number is out of range, or m <= p.
    """
    m, p = _edge_arguments(degrees_of_freedom, dimension)
    if np.any(m <= p):
        raise ValueError(f"degrees_of_freedom must exceed dimension; got {np.min(m):g} for {np.max(p):g}")
    root_m, root_p = np.sqrt(m - 0.5), np.sqrt(p - 0.5)
    scale = np.cbrt(1.0 / root_p - 1.0 / root_m) / (root_m - root_p)
    return WishartEdge(2.0 * np.log(root_m - root_p) - np.log(m) + scale**3 / 8.0, scale)
