"""The Tracy-Widom law of order 1 and where the extreme eigenvalues of Wishart matrices lie; no maintained library has accurate tails."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import airy

from theorylab.backend import check_broadcast
from theorylab.validation import flag, plain, real, reals

__all__ = [
    "WishartEdge",
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
    upper = flag("upper", upper)
    return _quantile(real("probability", probability, minimum=1e-12, maximum=1.0 - 1e-12), bool(upper))


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
    check_broadcast(degrees_of_freedom=degrees_of_freedom, dimension=dimension)
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
    check_broadcast(degrees_of_freedom=degrees_of_freedom, dimension=dimension)
    m, p = _edge_arguments(degrees_of_freedom, dimension)
    if np.any(m <= p):
        raise ValueError(f"degrees_of_freedom must exceed dimension; got {np.min(m):g} for {np.max(p):g}")
    root_m, root_p = np.sqrt(m - 0.5), np.sqrt(p - 0.5)
    scale = np.cbrt(1.0 / root_p - 1.0 / root_m) / (root_m - root_p)
    return WishartEdge(2.0 * np.log(root_m - root_p) - np.log(m) + scale**3 / 8.0, scale)
