r"""Bounds on the excess error of naive Bayes through near ties: by a union bound over features, and without one.

The fitted rule and its limit disagree only where ``|l| <= |lhat - l|``, l the log-odds of the limit at the test point. Splitting at a threshold
``tau d`` gives ``E R - R_inf <= G(tau) + P(|lhat - l| > tau d)`` for every tau > 0, G the probability of near ties. The three bounds differ in the
last term: a union bound asks that no feature be off by more than tau, Markov's inequality takes the mean, Chebyshev's the second moment of the sum.
Only the first needs the sample size to grow with the number of features.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from theorylab.papers.naive_bayes_logistic.closed_form._arguments import checked_groups
from theorylab.papers.naive_bayes_logistic.closed_form.log_odds_errors import (
    checked_counts,
    error_moments,
    log_odds_difference_moments,
    log_odds_error_probability,
)
from theorylab.papers.naive_bayes_logistic.closed_form.near_ties import isotropic_near_tie_probability
from theorylab.validation import whole_number

__all__ = ["DimensionFreeBounds", "OptimisedBound", "dimension_free_bounds", "dimension_free_bounds_random_counts", "near_tie_excess_bound"]

_GRID = 48


class OptimisedBound(NamedTuple):
    """A bound on the excess error, at the tau where it is least.

    Attributes
    ----------
    value
        The bound; at most 1.
    tau
        Where it is attained; infinite if no tau gives less than 1.
    """

    value: float
    tau: float


class DimensionFreeBounds(NamedTuple):
    """The two bounds that use no union bound over features.

    Attributes
    ----------
    markov
        ``min_tau G(tau) + (1/(tau d)) sum_i E|lhat_i - l_i|``.
    second_moment
        ``min_tau G(tau) + E(lhat - l)^2 / (tau d)^2``.
    """

    markov: OptimisedBound
    second_moment: OptimisedBound


def dimension_free_bounds(
    gaps: ArrayLike, multiplicities: ArrayLike, count_first: float, count_second: float, *, variance: str
) -> DimensionFreeBounds:
    r"""Return the bounds of Markov and Chebyshev on E R(naive Bayes) - R_inf for fixed class counts.

    Formula: ``min_tau [G(tau) + (|c| + sum_i E|lhat_i - l_i|) / (tau d)]`` and ``min_tau [G(tau) + (sum_i Var(lhat_i - l_i) + (c + sum_i E(lhat_i -
    l_i))^2) / (tau d)^2]`` with the prior term ``c = log(m1/m2)``, averaged over the class of the test point.

    Parameters
    ----------
    gaps, multiplicities
        delta_i (G,), not all 0, and the number of features that have it (G,), integers >= 1.
    count_first, count_second
        m1, m2 > 0; real numbers are allowed.
    variance
        "known" or "pooled" (m1 + m2 > 6).

    Returns
    -------
    DimensionFreeBounds

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature did not converge.

    Notes
    -----
    Derived here. With equal gaps and fixed m the second moment of the sum is of order d and (tau d)^2 of order d^2, so the bound falls with d.
    """
    delta, count = checked_groups(gaps, multiplicities, distinct_classes=True)
    m1, m2 = checked_counts(count_first, count_second, variance)
    return _bounds(delta, count, _magnitude(delta, count, m1, m2, variance), float(_second_moment(delta, count, m1, m2, variance)))


def dimension_free_bounds_random_counts(gaps: ArrayLike, multiplicities: ArrayLike, sample_size: int, *, variance: str) -> DimensionFreeBounds:
    """Return the bounds of `dimension_free_bounds` for random class counts: binomial, both classes present.

    Parameters
    ----------
    gaps, multiplicities
        As for `dimension_free_bounds`.
    sample_size
        m >= 2 (> 6 with pooled variances).
    variance
        "known" or "pooled".

    Returns
    -------
    DimensionFreeBounds

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature did not converge.

    Notes
    -----
    Derived here: the moments of the errors are averaged over the counts before tau is chosen.
    """
    delta, count = checked_groups(gaps, multiplicities, distinct_classes=True)
    m = whole_number("sample_size", sample_size, minimum=2)
    first = np.arange(1, m)
    # The logarithms of the binomial weights, but for a constant.
    logarithm = -gammaln(first + 1.0) - gammaln(m - first + 1.0)
    weights = np.exp(logarithm - logarithm.max())
    weights /= weights.sum()
    # The mean magnitude is symmetric in the counts; counts that hardly occur are left out.
    magnitude = 0.0
    for m1 in range(1, m // 2 + 1):
        weight = weights[m1 - 1] * (1.0 if 2 * m1 == m else 2.0)
        if weight > 1e-14:
            magnitude += weight * _magnitude(delta, count, float(m1), float(m - m1), variance)
    second = _second_moment(delta, count, first[:, None].astype(float), (m - first)[:, None].astype(float), variance)
    return _bounds(delta, count, magnitude, float(weights @ second))


def near_tie_excess_bound(gaps: ArrayLike, multiplicities: ArrayLike, count_first: float, count_second: float, *, variance: str) -> OptimisedBound:
    r"""Return the bound through the largest error of a feature, ``min_tau [G(tau) + P(max_i |lhat_i - l_i| > tau)]``, for fixed class counts.

    If the counts differ, the log of the prior odds counts as one more feature: ``tau d`` bounds the sum if each of d + 1 terms is at most
    ``tau d / (d + 1)``.

    Parameters
    ----------
    gaps, multiplicities, count_first, count_second, variance
        As for `dimension_free_bounds`.

    Returns
    -------
    OptimisedBound
        ``tau`` is the threshold divided by d.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature did not converge.

    Notes
    -----
    arXiv:2302.02334 (Ng and Jordan's argument for K classes) with the exact probability in place of a union bound.
    """
    delta, count = checked_groups(gaps, multiplicities, distinct_classes=True)
    m1, m2 = checked_counts(count_first, count_second, variance)
    terms = int(count.sum()) + (m1 != m2)

    def beyond(threshold: float) -> float:
        return float(log_odds_error_probability(threshold / terms, delta, count, m1, m2, variance=variance))

    return _least(beyond, delta, count)


# What they are made of -----------------------------------------------------------------------------------------------------------------------


def _magnitude(delta: np.ndarray, count: np.ndarray, m1: float, m2: float, variance: str) -> float:
    """Return |c| + sum_i E|lhat_i - l_i|, averaged over the class of the test point."""
    each = [log_odds_difference_moments(delta, *counts, variance=variance).mean_absolute for counts in ((m1, m2), (m2, m1))]
    return abs(float(np.log(m1 / m2))) + 0.5 * float(count @ (each[0] + each[1]))


def _second_moment(delta: np.ndarray, count: np.ndarray, m1: Any, m2: Any, variance: str) -> Any:
    """Return E(lhat - l)^2, averaged over the class of the test point; counts broadcast against the groups."""
    # One number, or a column beside the groups.
    prior = np.log(m1 / m2)
    prior = prior[..., 0] if np.ndim(prior) else prior
    total = 0.0
    for sign, one, other in ((1.0, m1, m2), (-1.0, m2, m1)):
        mean, second = error_moments(delta, one, other, variance)
        total = total + 0.5 * ((second - mean**2) @ count + (mean @ count + sign * prior) ** 2)
    return total


def _bounds(delta: np.ndarray, count: np.ndarray, magnitude: float, second: float) -> DimensionFreeBounds:
    return DimensionFreeBounds(_least(lambda t: magnitude / t, delta, count), _least(lambda t: second / t**2, delta, count))


def _least(beyond: Callable[[float], float], delta: np.ndarray, count: np.ndarray) -> OptimisedBound:
    """Minimise P(|l| <= t) + beyond(t) over thresholds t > 0; every t gives a valid bound, so a poor search is only loose."""
    d, distance = int(count.sum()), float(np.sqrt(count @ delta**2))
    if not 1e-6 <= distance <= 1e6:
        raise ValueError(f"gaps and multiplicities must give a Mahalanobis distance from 1e-6 to 1e6; got {distance:.3g}")

    def bound(log_threshold: float) -> float:
        threshold = float(np.exp(log_threshold))
        return float(isotropic_near_tie_probability(threshold / d, d, distance)) + beyond(threshold)

    # Beyond M + 9 standard deviations every test point is a near tie.
    grid = np.linspace(np.log(1e-4 * distance), np.log(0.5 * distance**2 + 9.0 * distance), _GRID)
    values = np.array([bound(point) for point in grid])
    best = int(np.argmin(values))
    ends = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, _GRID - 1)]))
    found = minimize_scalar(bound, bounds=ends, method="bounded", options={"xatol": 1e-6})
    value, place = min((float(found.fun), float(found.x)), (float(values[best]), float(grid[best])))
    return OptimisedBound(value, float(np.exp(place)) / d) if value < 1.0 else OptimisedBound(1.0, float("inf"))
