"""Explicit limits for n/d -> psi: the two ends, the rescaled instance level, fewer bags or samples than features, the interpolation peak."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.aggregate_responses.closed_form._limit_arguments import (
    decomposition,
    more_bags_than_features,
    more_samples_than_features,
    scales,
)
from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition
from theorylab.validation import integers, moderate, reals

__all__ = [
    "bag_level_risk_limit",
    "instance_level_risk_limit",
    "minimum_norm_risk_limit",
    "overparametrised_risk_limit",
    "peak_variance_asymptotic",
    "rescaled_instance_risk_limit",
    "small_weight_risk_limit",
]


def bag_level_risk_limit(
    samples_per_feature: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return the limiting risk of the bag-level loss (weight 0): least squares on the bag means.

    Formula: ``bias^2 = 0``, ``variance = sigma^2 / (psi/k - 1)``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > k; broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    squared_signal_norm
        r2 = ||theta0||^2 >= 0; broadcasts (only its shape matters).
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        Floats or arrays.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2401.11081, corollary of Theorem 2.5.
    """
    check_broadcast(
        samples_per_feature=samples_per_feature, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    psi, k = more_bags_than_features(samples_per_feature, bag_size)
    r2, noise = scales(squared_signal_norm, noise_variance)
    return decomposition(0.0 * r2, noise * k / (psi - k))


def instance_level_risk_limit(
    samples_per_feature: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return the limiting risk of the instance-level loss (weight 1): every sample against its bag's mean response.

    Formula: ``bias^2 = r2 [(1 - 1/k)^2 + (k-1)/(k^2 (psi-1))]``, ``variance = sigma^2 / (k (psi-1))``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1; broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    squared_signal_norm
        r2 = ||theta0||^2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        Floats or arrays.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Variance: arXiv:2401.11081, corollary of Theorem 2.5. Bias conditional on the features: derived here, theta_1 averages to theta0/k and the
    matrix Beta S^-1/2 A S^-1/2 has limiting spectral variance (1/k)(1 - 1/k)/psi, which S amplifies by psi/(psi-1).
    """
    check_broadcast(
        samples_per_feature=samples_per_feature, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    psi, k = more_samples_than_features(samples_per_feature, bag_size)
    r2, noise = scales(squared_signal_norm, noise_variance)
    bias = ((k - 1.0) / k) ** 2 + (k - 1.0) / (k * k * (psi - 1.0))
    return decomposition(r2 * bias, noise / (k * (psi - 1.0)))


def rescaled_instance_risk_limit(
    samples_per_feature: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return the limiting risk of k times the instance-level estimator, whose expectation is theta0.

    Formula: ``bias^2 = r2 (k-1)/(psi-1)`` conditional on the features (the unconditional bias is 0), ``variance = sigma^2 k/(psi-1)``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1, also below k; broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    squared_signal_norm
        r2 = ||theta0||^2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        Floats or arrays.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here from `instance_level_risk_limit`: k theta_1 - theta0 has k^2 times the variance and k^2 times the fluctuating part of the bias.
    """
    check_broadcast(
        samples_per_feature=samples_per_feature, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    psi, k = more_samples_than_features(samples_per_feature, bag_size)
    r2, noise = scales(squared_signal_norm, noise_variance)
    return decomposition(r2 * (k - 1.0) / (psi - 1.0), noise * k / (psi - 1.0))


def minimum_norm_risk_limit(
    samples_per_feature: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return the limiting risk of the minimum-norm bag-level solution (weight 0) with fewer bags than features.

    Formula: with c = psi/k < 1, ``bias^2 = r2 (1 - c)``, ``variance = sigma^2 c/(1 - c)``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d in (0, k); broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    squared_signal_norm
        r2 = ||theta0||^2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        Floats or arrays.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Ridgeless regression on n/k independent Gaussian rows; limits of r2 (1 - m/d) and sigma^2 m/(d-m-1).
    """
    check_broadcast(
        samples_per_feature=samples_per_feature, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    c = _bags_per_feature(
        moderate("samples_per_feature", reals("samples_per_feature", samples_per_feature, above=0.0), most=1e50, least=1e-50), bag_size
    )
    r2, noise = scales(squared_signal_norm, noise_variance)
    return decomposition(r2 * (1.0 - c), noise * c / (1.0 - c))


def small_weight_risk_limit(
    samples_per_feature: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return the limiting risk for weight -> 0+ with fewer bags than features: the interpolator of least within-bag variance.

    Formula: with c = psi/k < 1, ``bias^2 = r2 (1-c)(1 + c/(psi-1))``, ``variance = sigma^2 c (psi-c)/((psi-1)(1-c))``; both exceed those of
    `minimum_norm_risk_limit`, so the estimator jumps at weight 0.

    Parameters
    ----------
    samples_per_feature
        psi = n/d in (1, k); broadcasts.
    bag_size
        k >= 2, integer; broadcasts.
    squared_signal_norm
        r2 = ||theta0||^2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        Floats or arrays.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the limit of `asymptotic_risk`, in which a -> 1 and (psi/k)(k-1) b -> 1 - c.
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size)
    psi, _ = more_samples_than_features(samples_per_feature, bag_size)
    c = _bags_per_feature(psi, bag_size)
    r2, noise = scales(squared_signal_norm, noise_variance)
    return decomposition(r2 * (1.0 - c) * (1.0 + c / (psi - 1.0)), noise * c * (psi - c) / ((psi - 1.0) * (1.0 - c)))


def overparametrised_risk_limit(
    samples_per_feature: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return the limiting risk of the minimum-norm solution with fewer samples than features, the same for every weight in (0, 1].

    Formula: with c = psi/k, ``bias^2 = r2 [1 - c + (psi-c) c/(1-psi)]``, ``variance = sigma^2 c/(1-psi)``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d in (0, 1); broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    squared_signal_norm
        r2 = ||theta0||^2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        Floats or arrays.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: both terms of the loss vanish, so the weight drops out; limits of r2 [1 - m/d + (n-m) m/(d (d-n-1))] and sigma^2 m/(d-n-1).
    """
    check_broadcast(
        samples_per_feature=samples_per_feature, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    psi = moderate("samples_per_feature", reals("samples_per_feature", samples_per_feature, above=0.0, below=1.0), most=1e50, least=1e-50)
    c = psi / (1.0 * integers("bag_size", bag_size))
    r2, noise = scales(squared_signal_norm, noise_variance)
    return decomposition(r2 * (1.0 - c + (psi - c) * c / (1.0 - psi)), noise * c / (1.0 - psi))


def _bags_per_feature(psi: Any, bag_size: ArrayLike) -> Any:
    """Return c = psi/k if it is below 1."""
    k = 1.0 * integers("bag_size", bag_size)
    if np.any(psi >= k):
        raise ValueError(
            f"samples_per_feature must be < bag_size (fewer bags than features); got samples_per_feature {psi!r} with bag_size {bag_size!r}"
        )
    return psi / k


def peak_variance_asymptotic(bag_size: ArrayLike, weight: ArrayLike) -> Any:
    r"""Return the leading term, as the weight goes to 0, of variance / sigma^2 at the bag-level interpolation peak psi = k.

    Formula: ``1 / (2 sqrt((k-1) rho))``; for k = 2 it is the limit V itself at every weight.

    Parameters
    ----------
    bag_size
        k >= 2, integer; broadcasts.
    weight
        rho in (0, 1]; broadcasts.

    Returns
    -------
    float or ndarray
        The leading term.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: at psi = k the fixed point is rho (k-1) s^2 + rho (k-2) s - 1 = 0, so s ~ ((k-1) rho)^-1/2 = 1/((k-1) b), D ~ 2 (k-1) b and
    V = a^2/D.
    """
    check_broadcast(bag_size=bag_size, weight=weight)
    k = integers("bag_size", bag_size, minimum=2)
    return 0.5 / np.sqrt((k - 1.0) * reals("weight", weight, above=0.0, maximum=1.0))
