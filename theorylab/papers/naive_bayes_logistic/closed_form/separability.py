r"""When the logistic estimate without a penalty exists: it does unless a hyperplane separates the two classes of the training data.

Labels that know nothing of the features: an exact probability (Cover's count). A Gaussian mixture with d/m -> kappa: a threshold, which has a form
simpler than the minimum that defines it (derived here).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from theorylab.backend import check_broadcast
from theorylab.numerics.roots import log_bisection
from theorylab.validation import flag, integers, moderate, plain, reals

__all__ = ["separability_probability", "separability_threshold"]


def separability_probability(sample_size: ArrayLike, dimension: ArrayLike, *, fit_intercept: bool) -> Any:
    r"""Return the probability that random labels of points in general position can be separated, so that no finite estimate exists.

    Formula: ``2^(1-m) sum_{k<D} C(m-1, k)`` with D = d without intercept and d + 1 with one; 1 for m <= D, 1/2 at m = 2D.

    Parameters
    ----------
    sample_size
        m >= 1; broadcasts.
    dimension
        d >= 1; broadcasts.
    fit_intercept
        Whether the hyperplane may miss the origin.

    Returns
    -------
    float or ndarray
        The probability, of relative error below 1e-12 (0 below the range of doubles).

    Raises
    ------
    ValueError
        If a count is not a positive integer.

    Notes
    -----
    Cover's (1965) function counting theorem; the sum is an incomplete beta function. Labels are fair coins independent of each other and of the
    features, data of a single class included (they count as separable). Without intercept the labels may have any law if x and -x have one law.
    """
    check_broadcast(sample_size=sample_size, dimension=dimension)
    fit_intercept = flag("fit_intercept", fit_intercept)
    m, d = np.broadcast_arrays(integers("sample_size", sample_size), integers("dimension", dimension))
    columns = d + 1 if fit_intercept else d
    few = m <= columns
    return plain(np.where(few, 1.0, special.betainc(np.where(few, 1, m - columns), columns, 0.5)))


def _mills_ratio(x: np.ndarray) -> np.ndarray:
    """Return Phi(-x) / phi(x)."""
    ratio: np.ndarray = np.sqrt(0.5 * np.pi) * special.erfcx(np.sqrt(0.5) * x)
    return ratio


def separability_threshold(half_distance: ArrayLike) -> Any:
    r"""Return the ratio d/m above which the classes of a Gaussian mixture are separable by a hyperplane through the origin, and below not.

    Formula: ``kappa*(r) = Phi(-x)`` with ``x Phi(-x) / phi(x) = r^2 / (1 + r^2)``; 1/2 at r = 0, falling to 0.

    Parameters
    ----------
    half_distance
        r >= 0 for ``x = y mu + z``, y = +-1, |mu| = r, z ~ N(0, I_d): half the Mahalanobis distance of the classes; broadcasts.

    Returns
    -------
    float or ndarray
        kappa*: for d/m -> kappa the probability of separability tends to 1 above it and to 0 below it.

    Raises
    ------
    ValueError
        If ``half_distance`` is negative or not finite.

    Notes
    -----
    Derived here: by Gordan's theorem and the comparison of Gaussian processes, kappa* is the least mean square of the positive part of
    ``u + v Z`` over directions, ``min_a [(u^2+v^2) Phi(u/v) + u v phi(u/v)]``, ``u = -a r``, ``v = sqrt(1+a^2)``. Where the derivative in a
    vanishes, w = u/v satisfies ``-w Phi(w)/phi(w) = r^2/(1+r^2)``, and there the minimum is Phi(w) itself.
    """
    r = np.asarray(moderate("half_distance", reals("half_distance", half_distance, minimum=0.0), most=1e06))
    share = r * r / (1.0 + r * r)
    positive = share > 0.0
    # x M(x) <= x sqrt(pi/2) and x M(x) > x^2/(1+x^2) bracket the root.
    low, high = np.where(positive, np.sqrt(2.0 / np.pi) * share, 1.0), np.where(positive, r, 1.0)
    x = log_bisection(lambda x: x * _mills_ratio(x) >= share, low, high)
    return plain(special.ndtr(np.where(positive, -x, 0.0)))
