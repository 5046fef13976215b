r"""Risk of the interpolating estimator on privatised bag means: clipped to [-T, T], averaged, Laplace noise of scale 2T/(k epsilon).

The noise enters every bag mean with variance 2 b^2 = 8 T^2/(k epsilon)^2, where label noise enters with sigma^2/k: it acts as the additional
noise variance D2/k with D2 = 8 T^2/epsilon^2. Clipping itself is left out: with T of order sqrt(log n) it does nothing with probability
tending to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.aggregate_responses.closed_form._limit_arguments import decomposition, scales, weight_in_range
from theorylab.papers.aggregate_responses.closed_form.end_points import bag_level_risk_exact, instance_level_risk_exact
from theorylab.papers.aggregate_responses.closed_form.exact_risk import interpolation_risk_exact
from theorylab.papers.aggregate_responses.closed_form.fixed_point import asymptotic_risk
from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition
from theorylab.validation import integers, moderate, plain, reals

__all__ = [
    "leading_order_private_risk",
    "private_noise_variance",
    "private_risk_exact",
    "private_risk_limit",
    "unit_bag_noise_variance",
]


def unit_bag_noise_variance(clip: ArrayLike, epsilon: ArrayLike) -> Any:
    r"""Return the variance of the Laplace noise on a bag of one label.

    Formula: ``D2 = 2 (2T/epsilon)^2 = 8 T^2/epsilon^2``.

    Parameters
    ----------
    clip
        T > 0; broadcasts.
    epsilon
        Privacy level > 0; broadcasts.

    Returns
    -------
    float or ndarray
        D2 > 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: a Laplace variable of scale b has variance 2 b^2; b = `laplace_scale` with bags of one.
    """
    check_broadcast(clip=clip, epsilon=epsilon)
    bound = moderate("clip", reals("clip", clip, above=0.0), most=1e50)
    ratio = bound / moderate("epsilon", reals("epsilon", epsilon, above=0.0), most=1e50, least=1e-50)
    return plain(8.0 * ratio * ratio)


def private_noise_variance(clip: ArrayLike, bag_size: ArrayLike, epsilon: ArrayLike) -> Any:
    r"""Return what the privacy noise adds to the noise variance of a single label.

    Formula: ``k 2 b^2 = 8 T^2/(k epsilon^2) = D2/k``: the noise in a bag mean, times k because sigma^2 enters a bag mean as sigma^2/k.

    Parameters
    ----------
    clip
        T > 0; broadcasts.
    bag_size
        k >= 1, integer; broadcasts.
    epsilon
        Privacy level > 0; broadcasts.

    Returns
    -------
    float or ndarray
        D2/k.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here (module docstring).
    """
    check_broadcast(clip=clip, bag_size=bag_size, epsilon=epsilon)
    return plain(unit_bag_noise_variance(clip, epsilon) / integers("bag_size", bag_size))


def private_risk_limit(
    samples_per_feature: ArrayLike,
    bag_size: ArrayLike,
    weight: ArrayLike,
    squared_signal_norm: ArrayLike,
    noise_variance: ArrayLike,
    clip: ArrayLike,
    epsilon: ArrayLike,
    *,
    largest_weight: float = 1.0,
) -> RiskDecomposition:
    r"""Return the limiting risk of the interpolating estimator on privatised bag means, at a fixed clip.

    Formula: `asymptotic_risk` with noise variance ``sigma^2 + 8 T^2/(k epsilon^2)``.

    Parameters
    ----------
    samples_per_feature, bag_size, weight, squared_signal_norm, noise_variance, largest_weight
        As in `asymptotic_risk`.
    clip
        T > 0; broadcasts.
    epsilon
        Privacy level > 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        Floats or arrays; infinite entries as in `asymptotic_risk`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here; arXiv:2401.11081 gives the leading order (`leading_order_private_risk`).
    """
    check_broadcast(
        samples_per_feature=samples_per_feature,
        bag_size=bag_size,
        weight=weight,
        squared_signal_norm=squared_signal_norm,
        noise_variance=noise_variance,
        clip=clip,
        epsilon=epsilon,
    )
    noise = moderate("noise_variance", reals("noise_variance", noise_variance, minimum=0.0)) + private_noise_variance(clip, bag_size, epsilon)
    return asymptotic_risk(samples_per_feature, bag_size, weight, squared_signal_norm, noise, largest_weight=largest_weight)


def private_risk_exact(
    sample_size: int,
    dimension: int,
    bag_size: int,
    weight: ArrayLike,
    squared_signal_norm: ArrayLike,
    noise_variance: ArrayLike,
    clip: ArrayLike,
    epsilon: ArrayLike,
) -> RiskDecomposition:
    r"""Return the expected risk of the interpolating estimator on privatised bag means at finite size, clipping left out.

    Formula: the exact risk with noise variance ``sigma^2 + 8 T^2/(k epsilon^2)``: `bag_level_risk_exact` at weight 0,
    `instance_level_risk_exact` at weight 1, `interpolation_risk_exact` between.

    Parameters
    ----------
    sample_size, dimension, bag_size
        n (a multiple of k), d and k, one integer each.
    weight
        rho in [0, 1]; broadcasts.
    squared_signal_norm
        r2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.
    clip
        T > 0; broadcasts.
    epsilon
        Privacy level > 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        Floats or arrays; where a mean does not exist, infinite, with the reason.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: given the features the noise adds a covariance, so bias and variance are linear in r2 and the total noise variance.
    """
    check_broadcast(
        bag_size=bag_size, weight=weight, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance, clip=clip, epsilon=epsilon
    )
    rho = weight_in_range(weight)
    r2, noise = scales(squared_signal_norm, noise_variance)
    total = noise + private_noise_variance(clip, bag_size, epsilon)
    flat = np.ravel(rho)
    bias, variance = np.empty(flat.shape), np.empty(flat.shape)
    reasons: list[str] = []
    parts = [(flat == 0.0, bag_level_risk_exact), (flat == 1.0, instance_level_risk_exact)]
    for where, end_point in parts:
        if where.any():
            answer = end_point(sample_size, dimension, bag_size, 1.0, 1.0)
            bias[where], variance[where] = answer.bias_squared, answer.variance
            reasons.append(answer.reason)
    inside = (flat > 0.0) & (flat < 1.0)
    if inside.any():
        answer = interpolation_risk_exact(sample_size, dimension, bag_size, flat[inside], 1.0, 1.0)
        bias[inside], variance[inside] = answer.bias_squared, answer.variance
        reasons.append(answer.reason)
    unit_bias, unit_variance = bias.reshape(np.shape(rho)), variance.reshape(np.shape(rho))
    # Without signal there is no bias, also where the mean of its coefficient does not exist.
    with np.errstate(invalid="ignore"):
        scaled_bias = np.where(np.equal(r2, 0.0), 0.0, r2 * unit_bias)
    return decomposition(scaled_bias, total * unit_variance, "; ".join(reason for reason in reasons if reason))


def leading_order_private_risk(
    samples_per_feature: ArrayLike,
    bag_size: ArrayLike,
    weight: ArrayLike,
    clip_constant: ArrayLike,
    epsilon: ArrayLike,
    *,
    largest_weight: float = 1.0,
) -> Any:
    r"""Return the limit of risk / log n when the clip grows as C sqrt(log n), which leaves the privacy noise only.

    Formula: ``8 C^2 V / (k epsilon^2)`` with V the limiting variance per unit of noise variance.

    Parameters
    ----------
    samples_per_feature, bag_size, weight, largest_weight
        As in `asymptotic_risk`.
    clip_constant
        C > 0 of the clip T = C sqrt(log n); broadcasts.
    epsilon
        Privacy level > 0; broadcasts.

    Returns
    -------
    float or ndarray
        The limit; infinite at weight 0 with psi <= k.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2401.11081 (private risk), with the Laplace scale 2T/(k epsilon); the predictor 0 has risk r2, that is 0 at this order.
    """
    check_broadcast(samples_per_feature=samples_per_feature, bag_size=bag_size, weight=weight, clip_constant=clip_constant, epsilon=epsilon)
    clip = moderate("clip_constant", reals("clip_constant", clip_constant, above=0.0), most=1e50)
    return private_risk_limit(samples_per_feature, bag_size, weight, 0.0, 0.0, clip, epsilon, largest_weight=largest_weight).variance
