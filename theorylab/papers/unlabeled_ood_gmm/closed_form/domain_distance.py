r"""How far apart the unlabelled laws of two domains are, in Wasserstein's sense and in total variation, when their means have one direction.

The coordinates off the means are common factors and drop out; along the means both laws are symmetric, and what differs is the law of |x|.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import erf, ndtr

from theorylab.backend import check_broadcast
from theorylab.numerics.gaussian_integrals import normal_density
from theorylab.numerics.roots import log_bisection
from theorylab.validation import moderate, plain, reals

__all__ = ["mean_absolute_margin", "mean_shift_per_wasserstein", "mixture_total_variation", "mixture_wasserstein1"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)


def _integral_between(function: Callable[[Any], Any], low: Any, high: Any) -> Any:
    """Return the integrals of a smooth positive function of unit scale, none of them longer than 2."""
    half = 0.5 * (high - low)
    return half * np.sum(_WEIGHTS * function(low[..., None] + half[..., None] * (1.0 + _NODES)), axis=-1)


def _checked(mean_norm0: ArrayLike, mean_norm1: ArrayLike, sigma: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the smaller and the larger length of the means, in standard deviations."""
    first = moderate("mean_norm0", reals("mean_norm0", mean_norm0, minimum=0.0), most=1e50) / sigma
    second = moderate("mean_norm1", reals("mean_norm1", mean_norm1, minimum=0.0), most=1e50) / sigma
    low, high = np.broadcast_arrays(np.minimum(first, second), np.maximum(first, second))
    return low, high


def mean_absolute_margin(margin_mean: ArrayLike, margin_deviation: ArrayLike = 1.0) -> Any:
    r"""Return E |t| for t ~ N(M, sigma^2).

    Formula: ``M (2 Phi(M/sigma) - 1) + 2 sigma phi(M/sigma)``.

    Parameters
    ----------
    margin_mean
        M, finite; broadcasts.
    margin_deviation
        sigma > 0; broadcasts.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Textbook (folded normal law).
    """
    mean, sigma = reals("margin_mean", margin_mean), reals("margin_deviation", margin_deviation, above=0.0)
    z = mean / sigma
    return plain(mean * (2.0 * ndtr(z) - 1.0) + 2.0 * sigma * normal_density(z))


def mixture_wasserstein1(mean_norm0: ArrayLike, mean_norm1: ArrayLike, standard_deviation: ArrayLike = 1.0) -> Any:
    r"""Return the Wasserstein-1 distance of two unlabelled mixtures whose means have one direction, in any dimension.

    Formula: ``|A(|mu1|) - A(|mu0|)|`` with A(u) = E |t|, t ~ N(u, sigma^2), see `mean_absolute_margin`.

    Parameters
    ----------
    mean_norm0, mean_norm1
        |mu0| and |mu1| >= 0; broadcast.
    standard_deviation
        sigma > 0 of both; broadcasts.

    Returns
    -------
    float or ndarray
        In the unit of length, of relative error about 1e-15 also for close means.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: along the means |x| grows stochastically with u and the laws are symmetric, so the monotone coupling of the |x|, with kept signs and
    kept other coordinates, costs the difference of E |x|; and |x| is a function of slope 1, so no coupling costs less.
    """
    check_broadcast(mean_norm0=mean_norm0, mean_norm1=mean_norm1)
    sigma = moderate("standard_deviation", reals("standard_deviation", standard_deviation, above=0.0), most=1e50, least=1e-50)
    low, high = _checked(mean_norm0, mean_norm1, sigma)
    # Close means: the difference of A is the integral of its slope. Far means: its distance from its asymptote, the difference of the means.
    near = _integral_between(lambda u: erf(u / np.sqrt(2.0)), low, np.minimum(high, low + 2.0))
    far = np.asarray(mean_absolute_margin(high)) - mean_absolute_margin(low)
    return plain(sigma * np.where(high - low < 2.0, near, far))


def mean_shift_per_wasserstein(half_distance: ArrayLike) -> Any:
    r"""Return how far the mean moves along itself per unit of Wasserstein distance, for small shifts.

    Formula: ``1 / (2 Phi(s) - 1)``, one over the slope of A; it diverges as s -> 0, where the shift is of the order of the root of the distance.

    Parameters
    ----------
    half_distance
        s = |mu0|/sigma > 0; broadcasts.

    Returns
    -------
    float or ndarray
        Above 1.

    Raises
    ------
    ValueError
        If an entry is not positive.

    Notes
    -----
    Derived here: the constant that "a Wasserstein shift of alpha moves the mean by O(alpha)" hides, arXiv:2310.00027.
    """
    s = moderate("half_distance", reals("half_distance", half_distance, above=0.0), most=1e50, least=1e-50)
    return plain(1.0 / erf(np.asarray(s) / np.sqrt(2.0)))


def mixture_total_variation(mean_norm0: ArrayLike, mean_norm1: ArrayLike, standard_deviation: ArrayLike = 1.0) -> Any:
    r"""Return the total variation distance of two unlabelled mixtures whose means have one direction, in any dimension.

    Formula: ``P(|x| > x*; u1) - P(|x| > x*; u0)`` with u_i = |mu_i|/sigma, u0 < u1, P(|x| > x; u) = Phi(u - x) + Phi(-u - x), and x* > 0 the root of
    ``log cosh(u1 x) - log cosh(u0 x) = (u1^2 - u0^2)/2``.

    Parameters
    ----------
    mean_norm0, mean_norm1
        |mu0| and |mu1| >= 0; broadcast.
    standard_deviation
        sigma > 0 of both; broadcasts.

    Returns
    -------
    float or ndarray
        In [0, 1], of relative error about 1e-14 also for close means.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the likelihood ratio grows with |x|, so the set on which the second law is likelier is {|x| > x*}.
    """
    check_broadcast(mean_norm0=mean_norm0, mean_norm1=mean_norm1)
    sigma = moderate("standard_deviation", reals("standard_deviation", standard_deviation, above=0.0), most=1e50, least=1e-50)
    low, high = _checked(mean_norm0, mean_norm1, sigma)

    def likelier(x: np.ndarray) -> Any:
        """Tell whether log cosh(u1 x) - log cosh(u0 x) is above its value at x*; by a product where the difference would lose digits."""
        large, small = high * x, low * x
        apart = large - small
        product = 2.0 * np.sinh(np.minimum(0.5 * (large + small), 2.0)) * np.sinh(np.minimum(0.5 * apart, 2.0)) / np.cosh(np.minimum(small, 2.0))
        ratio = np.where(large < 2.0, np.log1p(product), apart + np.log1p(np.exp(-2.0 * large)) - np.log1p(np.exp(-2.0 * small)))
        return ratio > 0.5 * (high - low) * (high + low)

    # The root is at most x = u1 + 1: x tanh(u x) is concave in u and at least u at both ends of [0, u1], so its integral over [u0, u1], the left
    # side, is at least that of u, the right side.
    place = log_bisection(likelier, np.full(low.shape, 1e-3), high + 1.0)
    near = _integral_between(lambda u: normal_density(u - place[..., None]) - normal_density(u + place[..., None]), low, np.minimum(high, low + 2.0))
    tails = [ndtr(u - place) + ndtr(-u - place) for u in (low, high)]
    return plain(np.where(high - low < 2.0, near, tails[1] - tails[0]))
