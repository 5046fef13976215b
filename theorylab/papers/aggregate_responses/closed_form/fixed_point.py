r"""Bias and variance of the interpolating estimator in the proportional limit (derived here).

Setting: n, d -> infinity with n/d -> psi > 1, bags of k, theta = (A + rho B)^-1 (A theta0 + G^T e) with A ~ Wishart_d(n/k) the scatter of the
bag means and B ~ Wishart_d(n - n/k) the scatter within bags, independent. The deterministic equivalent s of tr (A + rho B)^-1 solves::

    (psi/k) [a + (k-1) b] = 1,   a = s/(1+s),   b = rho s/(1 + rho s).

Derivation in brief. Write c = psi/k and h(alpha) for the same root with weight alpha on A. The variance limit is -dh/dalpha at alpha = 1,
V = a^2/D with D = a(1-a) + (k-1) b(1-b). With M = A + rho B the matrix M^-1 A has the normalised traces e1 = c a and
e2 = c (s^2 + V)/(1+s)^2 (again derivatives in alpha), and since S = A + B is free of U = S^-1/2 A S^-1/2, the squared bias given the features
tends to r2 [(1-e1)^2 + psi/(psi-1) (e2 - e1^2)]. Eliminating e2 by the fixed point, where 1 - e1 = c (k-1) b,
e2 - e1^2 = c (k-1) (psi-1) a^2 b^2 / D, and so::

    bias^2 = r2 c (k-1) b^2 [c (k-1) + psi V].

The factor psi - 1 has cancelled and only positive terms are left: no digits are lost at small weights, where e2 - e1^2 is a difference of
almost equal numbers. arXiv:2401.11081 (Theorem 2.5) states limits of the same quantities through other unknowns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.aggregate_responses.closed_form._limit_arguments import (
    decomposition,
    more_samples_than_features,
    scales,
    weight_in_range,
)
from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition
from theorylab.validation import plain

__all__ = [
    "RiskDerivative",
    "asymptotic_risk",
    "asymptotic_risk_derivative",
    "asymptotic_shrinkage",
    "asymptotic_unconditional_bias",
    "fixed_point_root",
]


class FixedPoint(NamedTuple):
    """The root s, a = s/(1+s), b = rho s/(1 + rho s), 1 - b, and D = a(1-a) + (k-1) b(1-b)."""

    s: Any
    a: Any
    b: Any
    one_minus_b: Any
    spread: Any


class RiskDerivative(NamedTuple):
    """Derivatives in the weight of the limits of squared bias, variance and risk.

    Attributes
    ----------
    bias_squared
        d bias^2 / d rho (of either sign: at large weights the bias can fall).
    variance
        d variance / d rho <= 0.
    risk
        Their sum.
    """

    bias_squared: Any
    variance: Any
    risk: Any


def solve_fixed_point(psi: Any, k: Any, rho: Any) -> FixedPoint:
    """Return the fixed point at checked arguments; s is infinite at rho = 0 and psi <= k, where A alone is singular."""
    psi, k, rho = np.broadcast_arrays(psi, k, rho)
    quadratic = rho * (psi - 1.0)
    # The linear coefficient, summed so that psi near k keeps its digits: psi - k is exact there.
    linear = ((psi - k) + rho * ((k - 1.0) * psi - k)) / k
    discriminant_root = np.sqrt(linear * linear + 4.0 * quadratic)
    with np.errstate(divide="ignore", invalid="ignore"):
        # Of the two expressions of the positive root, the one without a difference of almost equal numbers.
        s = np.where(linear >= 0.0, 2.0 / (linear + discriminant_root), (discriminant_root - linear) / (2.0 * quadratic))
        product = np.where(rho == 0.0, 0.0, rho * s)
        # Singular A: as rho -> 0, a -> 1 and rho s tends to what the fixed point then demands.
        product = np.where((rho == 0.0) & (psi < k), (k - psi) / (k * (psi - 1.0)), product)
    a = 1.0 / (1.0 + 1.0 / s)
    b = product / (1.0 + product)
    one_minus_b = 1.0 / (1.0 + product)
    return FixedPoint(s, a, b, one_minus_b, a / (1.0 + s) + (k - 1.0) * b * one_minus_b)


def fixed_point_root(samples_per_feature: ArrayLike, bag_size: ArrayLike, weight: ArrayLike, *, largest_weight: float = 1.0) -> Any:
    r"""Return the limit s of tr (A + rho B)^-1, from which bias and variance follow.

    Formula: the positive root of ``rho (psi-1) s^2 + [psi/k - 1 + rho (psi - psi/k - 1)] s - 1 = 0``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1; broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    weight
        rho in [0, ``largest_weight``]; broadcasts.
    largest_weight
        Weights above 1 are refused unless this bound is raised.

    Returns
    -------
    float or ndarray
        s > 0; inf at weight 0 with psi <= k, where fewer bags than features leave the trace infinite.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: deterministic equivalent of X^T D X with weight 1 on n/k rows and rho on n - n/k rows.
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size, weight=weight)
    psi, k = more_samples_than_features(samples_per_feature, bag_size)
    return plain(solve_fixed_point(psi, k, weight_in_range(weight, largest_weight)).s)


def asymptotic_shrinkage(samples_per_feature: ArrayLike, bag_size: ArrayLike, weight: ArrayLike, *, largest_weight: float = 1.0) -> Any:
    r"""Return the limit of E <theta, theta0> / ||theta0||^2.

    Formula: ``e1 = (psi/k) s/(1+s)``, 1 for bags of one and for weight 0 with psi > k, 1/k at weight 1.

    Parameters
    ----------
    samples_per_feature, bag_size, weight, largest_weight
        As in `fixed_point_root`.

    Returns
    -------
    float or ndarray
        e1 in (0, 1]. At weight 0 with psi <= k: psi/k, of the minimum-norm solution and of the limit weight -> 0 alike.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: E theta = E[M^-1 A] theta0, a multiple of theta0 by rotation invariance.
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size, weight=weight)
    psi, k = more_samples_than_features(samples_per_feature, bag_size)
    return plain(psi / k * solve_fixed_point(psi, k, weight_in_range(weight, largest_weight)).a)


def asymptotic_unconditional_bias(
    samples_per_feature: ArrayLike,
    bag_size: ArrayLike,
    weight: ArrayLike,
    squared_signal_norm: ArrayLike = 1.0,
    *,
    largest_weight: float = 1.0,
) -> Any:
    r"""Return the limit of ||E theta - theta0||^2, the squared bias with the features averaged out.

    Formula: ``r2 (1 - e1)^2``, smaller than the bias conditional on the features that `asymptotic_risk` reports.

    Parameters
    ----------
    samples_per_feature, bag_size, weight, largest_weight
        As in `fixed_point_root`.
    squared_signal_norm
        r2 = ||theta0||^2 >= 0; broadcasts.

    Returns
    -------
    float or ndarray
        The limit.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here; 1 - e1 = (psi/k) (k-1) b without cancellation.
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size, weight=weight, squared_signal_norm=squared_signal_norm)
    psi, k = more_samples_than_features(samples_per_feature, bag_size)
    r2, _ = scales(squared_signal_norm, 0.0)
    shortfall = psi / k * (k - 1.0) * solve_fixed_point(psi, k, weight_in_range(weight, largest_weight)).b
    return plain(r2 * shortfall * shortfall)


def asymptotic_risk(
    samples_per_feature: ArrayLike,
    bag_size: ArrayLike,
    weight: ArrayLike,
    squared_signal_norm: ArrayLike = 1.0,
    noise_variance: ArrayLike = 1.0,
    *,
    largest_weight: float = 1.0,
) -> RiskDecomposition:
    r"""Return the limits of squared bias (conditional on the features), variance and risk of the interpolating estimator.

    Formula: with s, a, b, D of the module, ``V = a^2 / D = s / (1 + (k-1) rho ((1+s)/(1 + rho s))^2)``, ``variance = sigma^2 V`` and
    ``bias^2 = r2 (psi/k)(k-1) b^2 [(psi/k)(k-1) + psi V]``.

    Parameters
    ----------
    samples_per_feature, bag_size, weight, largest_weight
        As in `fixed_point_root`. Weight 0 needs psi > k.
    squared_signal_norm
        r2 = ||theta0||^2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        Floats or arrays of the broadcast shape. Weight 0 at psi = k has infinite variance; weight 0 at psi < k has no unique minimiser, all
        entries are infinite: see `minimum_norm_risk_limit` and `small_weight_risk_limit`, which differ. ``reason`` says which.

    Raises
    ------
    ValueError
        If an argument is out of range; psi <= 1 belongs to `overparametrised_risk_limit`.

    Notes
    -----
    The quantities of arXiv:2401.11081, Theorem 2.5; this form derived here (module docstring).
    """
    check_broadcast(
        samples_per_feature=samples_per_feature,
        bag_size=bag_size,
        weight=weight,
        squared_signal_norm=squared_signal_norm,
        noise_variance=noise_variance,
    )
    psi, k = more_samples_than_features(samples_per_feature, bag_size)
    rho = weight_in_range(weight, largest_weight)
    r2, noise = scales(squared_signal_norm, noise_variance)
    point = solve_fixed_point(psi, k, rho)
    bag_level = np.equal(rho, 0.0)
    peak, singular = bag_level & np.equal(psi, k), bag_level & np.less(psi, k)
    regular = np.where(peak, 1.0, point.spread)
    unit_variance = point.a * point.a / regular
    within = psi / k * (k - 1.0)
    bias = r2 * within * point.b * point.b * (within + psi * unit_variance)
    variance = noise * unit_variance
    reasons = []
    if np.any(peak):
        # Without noise as many bags as features determine theta0, almost surely.
        variance = np.where(peak & np.greater(noise, 0.0), np.inf, np.where(peak, 0.0, variance))
        reasons.append("at weight 0 the variance diverges where samples_per_feature = bag_size (as many bags as features)")
    if np.any(singular):
        bias, variance = np.where(singular, np.inf, bias), np.where(singular, np.inf, variance)
        reasons.append(
            "at weight 0 the minimiser is not unique where samples_per_feature < bag_size (fewer bags than features): "
            "see minimum_norm_risk_limit and small_weight_risk_limit"
        )
    answer = decomposition(bias, variance, "; ".join(reasons))
    return answer if np.any(np.isinf(answer.risk)) else answer._replace(reason="")


def asymptotic_risk_derivative(
    samples_per_feature: ArrayLike,
    bag_size: ArrayLike,
    weight: ArrayLike,
    squared_signal_norm: ArrayLike = 1.0,
    noise_variance: ArrayLike = 1.0,
    *,
    largest_weight: float = 1.0,
) -> RiskDerivative:
    r"""Return the derivatives in the weight of the limits that `asymptotic_risk` gives.

    Formula: ``db/drho = (1-b)^2 V``, ``dV/db = -2 (k-1) a (1-b) / ((psi/k) D^2)`` and
    ``dbias^2/db = r2 (psi/k)(k-1) [2 b ((psi/k)(k-1) + psi V) + psi b^2 dV/db]``.

    Parameters
    ----------
    samples_per_feature, bag_size, largest_weight
        As in `fixed_point_root`.
    weight
        rho in (0, ``largest_weight``]; broadcasts.
    squared_signal_norm, noise_variance
        As in `asymptotic_risk`.

    Returns
    -------
    RiskDerivative
        Floats or arrays of the broadcast shape; zero for bags of one.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: along the fixed point da = -(k-1) db, so dD = 2 (k-1) (a-b) db, and D + a (a-b) = (1-b) (a + (k-1) b) = (1-b) k/psi.
    """
    check_broadcast(
        samples_per_feature=samples_per_feature,
        bag_size=bag_size,
        weight=weight,
        squared_signal_norm=squared_signal_norm,
        noise_variance=noise_variance,
    )
    psi, k = more_samples_than_features(samples_per_feature, bag_size)
    rho = weight_in_range(weight, largest_weight)
    if np.any(np.equal(rho, 0.0)):
        raise ValueError(f"weight must be > 0 for a derivative; got {weight!r}")
    r2, noise = scales(squared_signal_norm, noise_variance)
    point = solve_fixed_point(psi, k, rho)
    unit_variance = point.a * point.a / point.spread
    within = psi / k * (k - 1.0)
    inner = point.one_minus_b * point.one_minus_b * unit_variance
    outer_variance = -2.0 * (k - 1.0) * point.a * point.one_minus_b * k / (psi * point.spread * point.spread)
    outer_bias = within * (2.0 * point.b * (within + psi * unit_variance) + psi * point.b * point.b * outer_variance)
    bias, variance = np.broadcast_arrays(r2 * outer_bias * inner, noise * outer_variance * inner)
    return RiskDerivative(plain(bias.copy()), plain(variance.copy()), plain(bias + variance))
