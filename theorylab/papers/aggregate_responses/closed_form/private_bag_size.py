"""Which bag size is best under label differential privacy: at the instance level, over a given set, and to leading order in log n."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.aggregate_responses.closed_form._limit_arguments import more_samples_than_features, ratio_above_one, scales, weight_in_range
from theorylab.papers.aggregate_responses.closed_form.fixed_point import asymptotic_risk
from theorylab.validation import integers, plain, reals

__all__ = ["OptimalBagSize", "critical_weight", "optimal_bag_size", "optimal_bag_size_instance_level"]


class OptimalBagSize(NamedTuple):
    """The best bag size among real numbers and among integers, as floats because both can be infinite.

    Attributes
    ----------
    real_optimum
        Best real k in [1, largest bag size].
    bag_size
        Best integer k in the same range; the smallest where several are equally good.
    """

    real_optimum: Any
    bag_size: Any


def optimal_bag_size_instance_level(
    samples_per_feature: ArrayLike,
    squared_signal_norm: ArrayLike = 1.0,
    noise_variance: ArrayLike = 1.0,
    unit_bag_noise_variance: ArrayLike = 0.0,
    largest_bag_size: ArrayLike | None = None,
) -> OptimalBagSize:
    r"""Return the bag size at which the instance-level loss (weight 1) on privatised bag means has the least limiting risk.

    Formula: ``k* = 2 [r2 (psi-2) + D2] / (r2 (2 psi - 3) - sigma^2)`` if numerator and denominator are positive (1 if that is below 1); the
    largest k if the numerator is positive and the denominator is not; the better of 1 and the largest k if the numerator is not positive.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1; broadcasts.
    squared_signal_norm
        r2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.
    unit_bag_noise_variance
        D2 >= 0 (`unit_bag_noise_variance`; 0 is no privacy); broadcasts.
    largest_bag_size
        Largest k allowed, integer >= 1; broadcasts. None: no limit, the answer may be infinite.

    Returns
    -------
    OptimalBagSize
        Floats or arrays of the broadcast shape.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: in t = 1/k the risk times psi - 1 is the quadratic Q t^2 - L t + r2 (psi-1), Q = r2 (psi-2) + D2, L = r2 (2 psi - 3) - sigma^2.
    For Q > 0 it is convex in t, so unimodal in k, and the best integer is next to k*.
    """
    check_broadcast(
        samples_per_feature=samples_per_feature,
        squared_signal_norm=squared_signal_norm,
        unit_bag_noise_variance=unit_bag_noise_variance,
        largest_bag_size=largest_bag_size,
    )
    psi = ratio_above_one(samples_per_feature)
    r2, noise = scales(squared_signal_norm, noise_variance)
    unit_noise = reals("unit_bag_noise_variance", unit_bag_noise_variance, minimum=0.0)
    largest = np.inf if largest_bag_size is None else 1.0 * integers("largest_bag_size", largest_bag_size)
    quadratic, linear, largest = np.broadcast_arrays(r2 * (psi - 2.0) + unit_noise, r2 * (2.0 * psi - 3.0) - noise, largest)

    def value(k: Any) -> Any:
        return (quadratic / k - linear) / k

    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        vertex = np.where(linear > 0.0, 2.0 * quadratic / linear, np.inf)
        better_end = np.where(value(1.0) <= value(largest), 1.0, largest)
        real = np.where(quadratic > 0.0, np.clip(vertex, 1.0, largest), better_end)
        below, above = np.floor(real), np.ceil(real)
        whole = np.where(value(below) <= value(above), below, above)
    return OptimalBagSize(plain(real), plain(whole))


def optimal_bag_size(
    samples_per_feature: ArrayLike,
    weight: ArrayLike,
    bag_sizes: ArrayLike,
    squared_signal_norm: ArrayLike = 1.0,
    noise_variance: ArrayLike = 1.0,
    unit_bag_noise_variance: ArrayLike = 0.0,
) -> Any:
    r"""Return the bag size of a given set with the least limiting risk on privatised bag means.

    Formula: ``argmin_k asymptotic_risk(psi, k, rho, r2, sigma^2 + D2/k)``.

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1; broadcasts.
    weight
        rho in [0, 1]; broadcasts.
    bag_sizes
        Integers >= 1, shape (K,).
    squared_signal_norm
        r2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.
    unit_bag_noise_variance
        D2 >= 0; broadcasts.

    Returns
    -------
    int or ndarray of int
        The best entry of ``bag_sizes``, the first of them if several are equally good.

    Raises
    ------
    ValueError
        If an argument is out of range, or no bag size of the set has a finite risk.

    Notes
    -----
    Derived here; see `private_risk_limit`.
    """
    check_broadcast(
        samples_per_feature=samples_per_feature,
        weight=weight,
        squared_signal_norm=squared_signal_norm,
        noise_variance=noise_variance,
        unit_bag_noise_variance=unit_bag_noise_variance,
    )
    sizes = np.asarray(integers("bag_sizes", bag_sizes))
    if sizes.ndim != 1:
        raise ValueError(f"bag_sizes must have shape (K,); got shape {sizes.shape}")
    psi = np.asarray(ratio_above_one(samples_per_feature))[..., None]
    rho = np.asarray(weight_in_range(weight))[..., None]
    r2, noise = (np.asarray(entry)[..., None] for entry in scales(squared_signal_norm, noise_variance))
    unit_noise = np.asarray(reals("unit_bag_noise_variance", unit_bag_noise_variance, minimum=0.0))[..., None]
    risk = asymptotic_risk(psi, sizes, rho, r2, noise + unit_noise / sizes).risk
    if not np.all(np.isfinite(risk).any(axis=-1)):
        raise ValueError("bag_sizes must hold, at weight 0, a size below samples_per_feature; no size of the set has a finite risk")
    best = sizes[np.argmin(risk, axis=-1)]
    return int(best) if np.ndim(best) == 0 else best


def critical_weight(samples_per_feature: ArrayLike, largest_bag_size: ArrayLike) -> Any:
    r"""Return the weight above which bags of the largest size are better than single labels, to leading order of the private risk.

    Formula: V(psi, K, rho) = K/(psi-1) solved for rho: ``x = [K + sqrt(K^2 + g' h)]/h`` with ``g' = psi (K-1) - K`` and
    ``h = (K-1)(psi-1) + K^2``, ``a = K x/psi``, ``b = K (1-x)/(psi (K-1))``, ``rho_c = b (1-a) / (a (1-b))``; 0 where V stays below K/(psi-1).

    Parameters
    ----------
    samples_per_feature
        psi = n/d > 1; broadcasts.
    largest_bag_size
        K >= 2, integer; broadcasts.

    Returns
    -------
    float or ndarray
        rho_c in [0, 1).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2401.11081 shows such a jump of the best bag size. Derived here: with x = e1 the variance limit is
    V = (K-1) x^2 / (g'/K + 2x - K x^2), so the equation is quadratic in x. Scans, not a proof, say that the best of {1, ..., K} is 1 or K.
    """
    check_broadcast(samples_per_feature=samples_per_feature, largest_bag_size=largest_bag_size)
    try:
        psi, k = more_samples_than_features(samples_per_feature, largest_bag_size, smallest_bag_size=2)
    except ValueError as error:
        raise ValueError(str(error).replace("bag_size must", "largest_bag_size must")) from None
    excess = psi * (k - 1.0) - k
    leading = (k - 1.0) * (psi - 1.0) + k * k
    shrinkage = (k + np.sqrt(k * k + excess * leading)) / leading
    a, b = k * shrinkage / psi, k * (1.0 - shrinkage) / (psi * (k - 1.0))
    return plain(np.where((a < 1.0) & (b > 0.0), b * (1.0 - a) / (a * (1.0 - b)), 0.0))
