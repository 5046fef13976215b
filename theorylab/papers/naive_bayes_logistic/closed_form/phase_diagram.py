r"""arXiv:2302.02334: how the sample size of two-class naive Bayes grows with the dimension. Derived here.

Known variances, m/2 training points of either class, d features of squared distance delta^2 together: the score difference of a test point has mean
``delta^2/2`` and variance ``delta^2 (1 + 2/m) + (4d/m)(1 + 1/m)``, and is asymptotically normal in d. With delta^2 = c d^alpha the sample size for a
fixed error grows like d^(1 - 2 alpha) for 0 <= alpha < 1/2, tends to a constant for alpha = 1/2 and to nothing beyond: no alpha gives log d.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from theorylab.backend import check_broadcast
from theorylab.validation import integers, moderate, plain, reals

__all__ = [
    "naive_bayes_constant_sample_size",
    "naive_bayes_linear_sample_rate",
    "naive_bayes_normal_sample_size",
    "naive_bayes_proportional_limit",
    "naive_bayes_sample_size_exponent",
]


def naive_bayes_proportional_limit(mahalanobis_distance: ArrayLike, dimension_ratio: ArrayLike) -> Any:
    r"""Return the limit of the expected error as d and m grow with d/m -> gamma at a fixed distance of the classes.

    Formula: ``Phi(-(delta^2/2) / sqrt(delta^2 + 4 gamma))``.

    Parameters
    ----------
    mahalanobis_distance
        delta >= 0.
    dimension_ratio
        gamma, features per training point, >= 0; 0 gives the error of the best classifier. Broadcasts.

    Returns
    -------
    float or ndarray
        Of the broadcast shape; 1/2 where delta = 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here. For known variances and for pooled ones, whose estimates become exact; for equal counts and for those of random labels.
    """
    check_broadcast(mahalanobis_distance=mahalanobis_distance, dimension_ratio=dimension_ratio)
    delta, ratio = np.broadcast_arrays(
        moderate("mahalanobis_distance", reals("mahalanobis_distance", mahalanobis_distance, minimum=0.0), most=1e06, least=1e-06),
        reals("dimension_ratio", dimension_ratio, minimum=0.0),
    )
    spread = np.sqrt(delta**2 + 4.0 * ratio)
    limit = ndtr(-0.5 * delta**2 / np.where(spread > 0.0, spread, 1.0))
    return plain(limit)


def naive_bayes_normal_sample_size(target: ArrayLike, mahalanobis_distance: ArrayLike, dimension: ArrayLike) -> Any:
    r"""Return the real m at which the normal approximation of the score difference gives the error ``target``.

    Formula: the positive root of ``delta^4/4 = z^2 (delta^2 (1 + 2/m) + (4d/m)(1 + 1/m))``, ``z = Phi^-1(1 - target)``.

    Parameters
    ----------
    target
        Error in (0, 1/2).
    mahalanobis_distance
        delta > 0.
    dimension
        d >= 1. All three broadcast.

    Returns
    -------
    float or ndarray
        m > 0; inf where the target is not above ``Phi(-delta/2)``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here. Relative to `naive_bayes_real_sample_size` the error vanishes as d grows.
    """
    check_broadcast(target=target, mahalanobis_distance=mahalanobis_distance, dimension=dimension)
    error, delta = (
        reals("target", target, above=0.0, below=0.5),
        moderate("mahalanobis_distance", reals("mahalanobis_distance", mahalanobis_distance, above=0.0), most=1e06, least=1e-06),
    )
    z2, square = np.square(ndtri(error)), np.square(delta)
    d = 1.0 * np.asarray(integers("dimension", dimension))
    # In w = 1/m: 4 d w^2 + (2 delta^2 + 4d) w = delta^4/(4 z^2) - delta^2.
    room, linear = square * (square / (4.0 * z2) - 1.0), 2.0 * square + 4.0 * d
    positive = np.maximum(room, 0.0)
    with np.errstate(divide="ignore"):
        size = np.asarray((linear + np.sqrt(linear**2 + 16.0 * d * positive)) / (2.0 * positive))
    return plain(size)


def naive_bayes_sample_size_exponent(signal_exponent: ArrayLike) -> Any:
    """Return the exponent of d in the sample size for a fixed error when delta^2 grows like d^alpha.

    Formula: ``max(0, 1 - 2 alpha)``.

    Parameters
    ----------
    signal_exponent
        alpha in [0, 1]; 0 is a total signal that stays, 1 a signal per feature that stays.

    Returns
    -------
    float or ndarray
        Of the shape of alpha.

    Raises
    ------
    ValueError
        If alpha is out of range.

    Notes
    -----
    Derived here.
    """
    exponent = np.maximum(0.0, 1.0 - 2.0 * np.asarray(reals("signal_exponent", signal_exponent, minimum=0.0, maximum=1.0)))
    return plain(exponent)


def naive_bayes_linear_sample_rate(target: ArrayLike, squared_distance: ArrayLike) -> Any:
    r"""Return the limit of m/d for a fixed error at a fixed squared distance c (alpha = 0).

    Formula: ``16 z^2 / (c^2 - 4 c z^2)``, ``z = Phi^-1(1 - target)``; it solves `naive_bayes_proportional_limit` = target for 1/gamma.

    Parameters
    ----------
    target
        Error in (0, 1/2).
    squared_distance
        c > 0; broadcasts.

    Returns
    -------
    float or ndarray
        m/d > 0; inf where the target is not above ``Phi(-sqrt(c)/2)``, which no m reaches.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    check_broadcast(target=target, squared_distance=squared_distance)
    error, c = np.broadcast_arrays(reals("target", target, above=0.0, below=0.5), reals("squared_distance", squared_distance, above=0.0))
    z2 = ndtri(error) ** 2
    room = c**2 - 4.0 * c * z2
    rate = np.divide(16.0 * z2, room, out=np.full(c.shape, np.inf), where=room > 0.0)
    return plain(rate)


def naive_bayes_constant_sample_size(target: ArrayLike, signal_strength: ArrayLike) -> Any:
    r"""Return the limit of the sample size for a fixed error when delta^2 = c sqrt(d) (alpha = 1/2).

    Formula: the positive root m of ``c^2 m^2 = 16 z^2 (m + 1)``, ``z = Phi^-1(1 - target)``.

    Parameters
    ----------
    target
        Error in (0, 1/2).
    signal_strength
        c > 0; broadcasts.

    Returns
    -------
    float or ndarray
        m > 0, whatever d; a root below 2 means that the smallest sample, one point of either class, suffices.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    check_broadcast(target=target, signal_strength=signal_strength)
    error = reals("target", target, above=0.0, below=0.5)
    c = moderate("signal_strength", reals("signal_strength", signal_strength, above=0.0), most=1e50, least=1e-50)
    half = 8.0 * np.square(ndtri(error) / c)
    size = np.asarray(half + np.sqrt(half * (half + 2.0)))
    return plain(size)
