"""At which signal-to-noise ratio one loss overtakes another, and when a weight inside (0, 1) is better than both ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.aggregate_responses.closed_form._limit_arguments import (
    more_bags_than_features,
    more_samples_than_features,
    scales,
)
from theorylab.papers.aggregate_responses.closed_form.fixed_point import RiskDerivative
from theorylab.validation import plain, whole_number

__all__ = [
    "risk_derivatives_at_instance_level",
    "snr_threshold_bag_vs_instance",
    "snr_threshold_bag_vs_instance_exact",
    "snr_threshold_bag_vs_rescaled_instance",
    "snr_threshold_interior_weight",
]


def snr_threshold_bag_vs_instance(samples_per_feature: ArrayLike, bag_size: ArrayLike) -> Any:
    r"""Return the SNR above which, in the limit, the bag-level loss has the smaller risk than the instance-level loss.

    Formula: ``k [(k+1) psi - k] / ((psi-k) [(k-1) psi - k + 2])``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > k; broadcasts.
    bag_size
        k >= 2, integer; broadcasts.

    Returns
    -------
    float or ndarray
        SNR* = r2/sigma^2 at which the two risks are equal.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2401.11081 states that a threshold exists. Closed form derived here by equating `bag_level_risk_limit` and `instance_level_risk_limit`.
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size)
    psi, k = more_bags_than_features(samples_per_feature, bag_size, smallest_bag_size=2)
    return plain(k * ((k + 1.0) * psi - k) / ((psi - k) * ((k - 1.0) * psi - k + 2.0)))


def snr_threshold_bag_vs_instance_exact(sample_size: Any, dimension: Any, bag_size: Any) -> float:
    r"""Return the SNR above which, at finite size, the bag-level loss has the smaller expected risk than the instance-level loss.

    Formula: with m = n/k, ``(V_0 - V_1)/B_1`` where ``V_0 = d/(m-d-1)``, ``V_1 = d/(k (n-d-1))`` and
    ``B_1 = (k-1)^2/k^2 + (k-1) [d n^2 - d n + 2 d + n^2 - 5 n + 2] / (k^2 (n-1)(n+2)(n-d-1))``, that is
    ``d k [k (n-d-1) - (m-d-1)] (n-1)(n+2) / ((m-d-1)(k-1) P)`` with
    ``P = (k-1)(n-1)(n+2)(n-d-1) + d n^2 - d n + 2 d + n^2 - 5 n + 2``.

    Parameters
    ----------
    sample_size
        n, a multiple of ``bag_size``.
    dimension
        d >= 1 with n/k > d + 1, so that both risks are finite.
    bag_size
        k >= 2.

    Returns
    -------
    float
        The threshold, correctly rounded (integer arithmetic until one division).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the exact risks are linear in r2 and sigma^2.
    """
    n, d, k = whole_number("sample_size", sample_size), whole_number("dimension", dimension), whole_number("bag_size", bag_size, minimum=2)
    if n % k:
        raise ValueError(f"sample_size must be a multiple of bag_size {k}; got {n}")
    m = n // k
    if m <= d + 1:
        raise ValueError(f"sample_size must exceed bag_size (dimension + 1) = {k * (d + 1)}, for the bag-level risk to be finite; got {n}")
    square = (n - 1) * (n + 2)
    bias = (k - 1) * square * (n - d - 1) + d * n * n - d * n + 2 * d + n * n - 5 * n + 2
    return (d * k * (k * (n - d - 1) - (m - d - 1)) * square) / ((m - d - 1) * (k - 1) * bias)


def snr_threshold_bag_vs_rescaled_instance(samples_per_feature: ArrayLike, bag_size: ArrayLike) -> Any:
    r"""Return the SNR below which, in the limit, k times the instance-level estimator has the smaller risk than the bag-level one.

    Formula: ``k/(psi-k)``. Both estimators are unbiased.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > k; broadcasts.
    bag_size
        k >= 2, integer; broadcasts.

    Returns
    -------
    float or ndarray
        The threshold.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here by equating `bag_level_risk_limit` and `rescaled_instance_risk_limit`.
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size)
    psi, k = more_bags_than_features(samples_per_feature, bag_size, smallest_bag_size=2)
    return plain(k / (psi - k))


def snr_threshold_interior_weight(samples_per_feature: ArrayLike, bag_size: ArrayLike) -> Any:
    r"""Return the SNR above which, in the limit, the best weight is below 1; up to it no weight in [0, 1] beats the instance-level loss.

    Formula: ``k / ((k-1) psi - 2k + 3)`` where the denominator is positive, else infinite.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1; broadcasts.
    bag_size
        k >= 2, integer; broadcasts.

    Returns
    -------
    float or ndarray
        The threshold; inf where the instance-level loss is best at every SNR.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: the sign of the derivative at weight 1 (`risk_derivatives_at_instance_level`), and the risk has one stationary point only
    (see `optimal_weight`).
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size)
    psi, k = more_samples_than_features(samples_per_feature, bag_size, smallest_bag_size=2)
    denominator = (k - 1.0) * psi - 2.0 * k + 3.0
    with np.errstate(divide="ignore"):
        return plain(np.where(denominator > 0.0, k / np.maximum(denominator, 0.0), np.inf))


def risk_derivatives_at_instance_level(
    samples_per_feature: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDerivative:
    r"""Return the derivatives in the weight of the limiting squared bias, variance and risk at weight 1.

    Formula: ``d bias^2 = 2 r2 (k-1) [(k-1) psi - 2k + 3] / (k^3 psi)``, ``d variance = -2 sigma^2 (k-1) / (k^2 psi)``.

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
    RiskDerivative
        Floats or arrays.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: `asymptotic_risk_derivative` at a = b = 1/psi.
    """
    check_broadcast(
        samples_per_feature=samples_per_feature, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    psi, k = more_samples_than_features(samples_per_feature, bag_size)
    r2, noise = scales(squared_signal_norm, noise_variance)
    bias, variance = np.broadcast_arrays(
        2.0 * r2 * (k - 1.0) * ((k - 1.0) * psi - 2.0 * k + 3.0) / (k**3 * psi),
        -2.0 * noise * (k - 1.0) / (k * k * psi),
    )
    return RiskDerivative(plain(bias.copy()), plain(variance.copy()), plain(bias + variance))
