r"""Fewer bags than features, and fewer samples than features: three different estimators, exact at finite size.

With m < d bags the bag-level loss has many minimisers. The one of least norm is weight 0 here; the limit of theta_rho for rho -> 0+ is another one,
that of least within-bag variance. With n < d samples both terms of the loss vanish together, and every rho > 0 has the same minimum-norm solution.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.aggregate_responses.closed_form._size_arguments import broadcast_sizes, decomposition, ratio_or_infinity, signal_and_noise
from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition

__all__ = ["minimum_norm_risk_exact", "overparametrised_risk_exact", "small_weight_limit_risk_exact"]


def minimum_norm_risk_exact(
    sample_size: ArrayLike, dimension: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return bias, variance and risk of the minimum-norm bag-level estimator (weight 0) with at most as many bags as features.

    Formula: ``bias_squared = r2 (1 - m/d)``, ``variance = sigma^2 m / (d - m - 1)``, m = n/k.

    Parameters
    ----------
    sample_size
        n, a multiple of k, with n/k <= d; broadcasts.
    dimension
        d >= 1; broadcasts.
    bag_size
        k >= 1; broadcasts.
    squared_signal_norm
        r2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        The variance is inf, with a reason, for m = d - 1 and m = d (unless sigma^2 = 0).

    Raises
    ------
    ValueError
        If an argument is out of range, or m > d: see `bag_level_risk_exact`.

    Notes
    -----
    Derived here: G^+ G projects onto a uniformly random m-dimensional subspace, and the noise part is sigma^2 E tr (G G')^-1.
    """
    check_broadcast(
        sample_size=sample_size, dimension=dimension, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    _, d, _, m = broadcast_sizes(sample_size, dimension, bag_size)
    r2, noise = signal_and_noise(squared_signal_norm, noise_variance)
    if np.any(m > d):
        raise ValueError("sample_size / bag_size must be at most dimension for the minimum-norm estimator; with more bags use bag_level_risk_exact")
    return decomposition(
        1.0 - m / d, ratio_or_infinity(m, d - m - 1.0), r2, noise, "the variance has no finite mean unless there are at most d - 2 bags"
    )


def small_weight_limit_risk_exact(
    sample_size: ArrayLike, dimension: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return bias, variance and risk of the limit of theta_rho for rho -> 0+, the interpolator of least within-bag variance if m < d.

    Formula, m = n/k: for m < d ``bias_squared = r2 (1 - m/d)(1 + m/(n-d-1))``, ``variance = sigma^2 m (n-m-1) / ((n-d-1)(d-m-1))``; for m >= d the
    limit is the bag-level estimator, ``0`` and ``sigma^2 d / (m - d - 1)``.

    Parameters
    ----------
    sample_size
        n >= d, a multiple of k; broadcasts.
    dimension
        d >= 1; broadcasts.
    bag_size
        k >= 1; broadcasts.
    squared_signal_norm
        r2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        The variance is inf, with a reason, where |m - d| <= 1 or n <= d + 1; for n <= d + 1 so is the bias if m < d.

    Raises
    ------
    ValueError
        If an argument is out of range, or n < d: there all rho > 0 agree, see `overparametrised_risk_exact`.

    Notes
    -----
    Derived here: as rho -> 0+, g_i -> 1 on the d - m zeros of U and 0 elsewhere, so p = q = d - m in `interpolation_risk_exact`, and E sum 1/u_i
    over the m nonzero u_i, eigenvalues of a matrix Beta of dimension m with d and n - d degrees of freedom, is m (n - m - 1)/(d - m - 1). Both
    parts are larger than those of `minimum_norm_risk_exact`: the estimator is discontinuous at rho = 0.
    """
    check_broadcast(
        sample_size=sample_size, dimension=dimension, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    n, d, _, m = broadcast_sizes(sample_size, dimension, bag_size)
    r2, noise = signal_and_noise(squared_signal_norm, noise_variance)
    if np.any(n < d):
        raise ValueError("sample_size must be at least dimension; with fewer samples than features use overparametrised_risk_exact")
    fewer = m < d
    bias = np.where(fewer, 1.0 - m / d + ratio_or_infinity((1.0 - m / d) * m, n - d - 1.0), 0.0)
    # Both factors must be positive for the mean to exist; with two samples in one bag and two features the numerator vanishes as well.
    product = np.maximum(n - d - 1.0, 0.0) * np.maximum(d - m - 1.0, 0.0)
    variance = np.where(fewer, np.where(product > 0.0, ratio_or_infinity(m * (n - m - 1.0), product), np.inf), ratio_or_infinity(d, m - d - 1.0))
    return decomposition(bias, variance, r2, noise, "no finite mean where n <= d + 1, and none of the variance where |m - d| <= 1")


def overparametrised_risk_exact(
    sample_size: ArrayLike, dimension: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return bias, variance and risk of the minimum-norm estimator with fewer samples than features, the same for every rho in (0, 1].

    Formula: ``bias_squared = r2 [1 - m/d + (n - m) m / (d (d - n - 1))]``, ``variance = sigma^2 m / (d - n - 1)``, m = n/k.

    Parameters
    ----------
    sample_size
        n <= d, a multiple of k; broadcasts.
    dimension
        d >= 1; broadcasts.
    bag_size
        k >= 1; broadcasts.
    squared_signal_norm
        r2 >= 0; broadcasts.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        For n = d - 1 and n = d the variance is inf, with a reason, and so is the bias unless k = 1.

    Raises
    ------
    ValueError
        If an argument is out of range, or n > d: see `interpolation_risk_exact`.

    Notes
    -----
    Derived here: X theta = P y with P the projection onto vectors that are constant on bags; X X' ~ Wishart_n(d), and a block inverse with respect
    to P gives the two traces.
    """
    check_broadcast(sample_size=sample_size, dimension=dimension, bag_size=bag_size)
    n, d, _, m = broadcast_sizes(sample_size, dimension, bag_size)
    r2, noise = signal_and_noise(squared_signal_norm, noise_variance)
    if np.any(n > d):
        raise ValueError("sample_size must be at most dimension; with more samples than features use interpolation_risk_exact")
    bias = 1.0 - m / d + ratio_or_infinity((n - m) * m / d, d - n - 1.0)
    return decomposition(bias, ratio_or_infinity(m, d - n - 1.0), r2, noise, "no finite mean unless there are at most d - 2 samples")
