"""Ends and limits of the interpolating estimator of arXiv:2401.11081, each as an estimator of its own on raw features.

Noise and the direction of theta0 are integrated out as in `conditional`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.aggregate_responses.monte_carlo.conditional import error_parts, scaled_averages
from theorylab.papers.aggregate_responses.monte_carlo.settings import checked_design, checked_variances

__all__ = ["least_variance_matrix", "sample_bag_level_variance", "sample_instance_parts", "sample_least_variance_risk"]


def _feature_block(*, sample_size: int, dimension: int, bag_size: int, **_: object) -> int:
    n, d, _k, m = checked_design(sample_size, dimension, bag_size)
    operations = 2.0 * n * d**2 + 12.0 * d**3 + 4.0 * d**2 * m
    return fitting_block(nanoseconds=4000.0 + 12.0 * n * d + 0.08 * operations, numbers=2 * n * d + 4 * d * m + 6 * d**2)


def _average_block(*, sample_size: int, dimension: int, bag_size: int, **_: object) -> int:
    _n, d, _k, m = checked_design(sample_size, dimension, bag_size)
    side = min(m, d)
    return fitting_block(nanoseconds=1500.0 + 12.0 * m * d + 0.08 * (2.0 * m * d * side + 3.0 * side**3), numbers=2 * m * d + 3 * side**2)


def least_variance_matrix(features: Any, *, bag_size: int, namespace: Any = np) -> Any:
    """Return P, (size, d, m), with theta = P sqrt(k) ybar the solution of Xbar theta = ybar whose predictions vary least within the bags.

    theta = theta_+ + Q z with theta_+ the solution of smallest norm and Q an orthonormal basis of the null space of Xbar; theta^T W theta is least at
    z = -(Q^T W Q)^-1 Q^T W theta_+.

    Parameters
    ----------
    features
        X, (size, n, d), in general position, more samples and fewer bags than features; sample i in bag i // k.
    bag_size
        k.
    namespace
        The array module.
    """
    xp = namespace
    averages = scaled_averages(features, bag_size)
    m = averages.shape[1]
    within = features.swapaxes(1, 2) @ features - averages.swapaxes(1, 2) @ averages
    orthogonal, triangular = xp.linalg.qr(averages.swapaxes(1, 2), mode="complete")
    smallest = xp.linalg.solve(triangular[:, :m], orthogonal[:, :, :m].swapaxes(1, 2)).swapaxes(1, 2)
    null = orthogonal[:, :, m:]
    pulled = null.swapaxes(1, 2) @ within
    return smallest - null @ xp.linalg.solve(pulled @ null, pulled @ smallest)


@block_size(_feature_block)
def sample_least_variance_risk(
    rng: Any,
    size: int,
    *,
    sample_size: int,
    dimension: int,
    bag_size: int,
    squared_signal_norm: float = 1.0,
    noise_variance: float = 1.0,
) -> dict[str, Any]:
    """Sample bias and variance given the features of the limit weight -> 0+ with fewer bags than features.

    It fits the bag means exactly and has the least within-bag variance of its predictions among all that do: not the solution of smallest norm,
    which is weight 0.

    Parameters
    ----------
    rng, size
        Generator and number of feature matrices.
    sample_size, dimension, bag_size
        n, d and k, integers >= 1, n a multiple of k, n > d > n / k.
    squared_signal_norm, noise_variance
        r2 >= 0 and sigma^2 >= 0.

    Returns
    -------
    dict of arrays of shape (size,)
        "bias_squared", "variance", their sum "risk", and "alignment" <E[theta | X], theta0> / r2. Means exist if n - d > 1 and d - m > 1,
        variances if both exceed 3.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d, k, m = checked_design(sample_size, dimension, bag_size, samples_above_dimension=1)
    if m >= d:
        raise ValueError(f"dimension must be an integer above the number of bags {m}: with as many bags the limit is weight 0; got {d}")
    r2, sigma2 = checked_variances(squared_signal_norm, noise_variance)
    xp, features = namespace_of(rng), rng.standard_normal((size, n, d))
    responses = least_variance_matrix(features, bag_size=k, namespace=xp)
    bias, variance, alignment = error_parts(responses, scaled_averages(features, k), namespace=xp)
    return {"bias_squared": r2 * bias, "variance": sigma2 * variance, "risk": r2 * bias + sigma2 * variance, "alignment": alignment}


@block_size(_feature_block)
def sample_instance_parts(
    rng: Any,
    size: int,
    *,
    sample_size: int,
    dimension: int,
    bag_size: int,
    squared_signal_norm: float = 1.0,
    noise_variance: float = 1.0,
) -> dict[str, Any]:
    """Sample bias and variance given the features of the instance-level estimator theta_1 (weight 1), and of k theta_1.

    theta_1 = (X^T X)^-1 X^T repeat(ybar): least squares where every sample carries the mean of its bag.

    Parameters
    ----------
    rng, size
        Generator and number of feature matrices.
    sample_size, dimension, bag_size
        n, d and k, integers >= 1, n a multiple of k, n > d.
    squared_signal_norm, noise_variance
        r2 >= 0 and sigma^2 >= 0.

    Returns
    -------
    dict of arrays of shape (size,)
        "bias_squared", "variance", "risk" and "alignment" <E[theta | X], theta0> / r2 of theta_1, and "rescaled_bias_squared",
        "rescaled_variance", "rescaled_risk" of k theta_1. Means exist if n - d > 1, variances if n - d > 3.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d, k, _ = checked_design(sample_size, dimension, bag_size, samples_above_dimension=1)
    r2, sigma2 = checked_variances(squared_signal_norm, noise_variance)
    xp, features = namespace_of(rng), rng.standard_normal((size, n, d))
    averages = scaled_averages(features, k)
    # X^T repeat(ybar) = k Xbar^T ybar = G^T sqrt(k) ybar.
    responses = xp.linalg.solve(features.swapaxes(1, 2) @ features, averages.swapaxes(1, 2))
    columns: dict[str, Any] = {}
    for prefix, scale in (("", 1.0), ("rescaled_", float(k))):
        bias, variance, alignment = error_parts(responses, averages, scale=scale, namespace=xp)
        columns |= {f"{prefix}bias_squared": r2 * bias, f"{prefix}variance": sigma2 * variance, f"{prefix}risk": r2 * bias + sigma2 * variance}
        if not prefix:
            columns["alignment"] = alignment
    return columns


@block_size(_average_block)
def sample_bag_level_variance(rng: Any, size: int, *, sample_size: int, dimension: int, bag_size: int, noise_variance: float = 1.0) -> dict[str, Any]:
    """Sample the variance given the features of the bag-level estimator (weight 0), sigma^2 tr (G^T G)^+ with G = sqrt(k) Xbar.

    Only the bag averages are drawn, G with m x d standard normals. With fewer bags than features it is the solution of smallest norm,
    sigma^2 tr (G G^T)^-1.

    Parameters
    ----------
    rng, size
        Generator and number of replicates.
    sample_size, dimension, bag_size
        n, d and k, integers >= 1, n a multiple of k.
    noise_variance
        sigma^2 >= 0.

    Returns
    -------
    dict of arrays of shape (size,)
        "variance". With m = n / k bags its mean exists if |m - d| > 1, its variance if |m - d| > 3; the skewness is
        8 at m - d = 4 and near 1 from 16 on.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    _, d, _, m = checked_design(sample_size, dimension, bag_size)
    _, sigma2 = checked_variances(0.0, noise_variance)
    xp, averages = namespace_of(rng), rng.standard_normal((size, m, d))
    transposed = averages.swapaxes(1, 2)
    gram = transposed @ averages if m >= d else averages @ transposed
    return {"variance": sigma2 * xp.einsum("bii->b", xp.linalg.inv(gram))}
