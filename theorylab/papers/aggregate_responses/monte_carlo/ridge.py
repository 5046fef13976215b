"""Ridge regression on the bag means, and how far the interpolating estimator of arXiv:2401.11081 lies from it on the same features.

Noise and the direction of theta0 are integrated out as in `conditional`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.aggregate_responses.monte_carlo.conditional import error_parts, response_matrix, scaled_averages
from theorylab.papers.aggregate_responses.monte_carlo.settings import checked_design, checked_variances, checked_weights
from theorylab.validation import real

__all__ = ["ridge_matrix", "sample_ridge_risk"]


def ridge_matrix(averages: Any, *, penalty: float, namespace: Any = np) -> Any:
    """Return P, (size, d, m), with theta = P z the minimiser of |z - G theta|^2 + penalty |theta|^2; G (size, m, d), penalty > 0.

    P = G^T (G G^T + penalty I)^-1, by the smaller of the two systems.
    """
    xp, (_, m, d) = namespace, averages.shape
    transposed = averages.swapaxes(1, 2)
    if m < d:
        return xp.linalg.solve(averages @ transposed + penalty * xp.eye(m), averages).swapaxes(1, 2)
    return xp.linalg.solve(transposed @ averages + penalty * xp.eye(d), transposed)


def _ridge_block(*, sample_size: int, dimension: int, bag_size: int, weights: ArrayLike, **_: object) -> int:
    n, d, _k, m = checked_design(sample_size, dimension, bag_size)
    points, side = checked_weights(weights).size, min(n, d)
    operations = (1 + points) * (2.0 * n * d * side + side**3 + 4.0 * side**2 * m + 2.0 * d**2 * m)
    return fitting_block(nanoseconds=12.0 * n * d + 0.08 * operations + 4000.0 * (1 + points), numbers=2 * n * d + 6 * d * m + 4 * max(d, side) ** 2)


@block_size(_ridge_block)
def sample_ridge_risk(
    rng: Any,
    size: int,
    *,
    sample_size: int,
    dimension: int,
    bag_size: int,
    penalty: float,
    weights: ArrayLike,
    squared_signal_norm: float = 1.0,
    noise_variance: float = 1.0,
) -> dict[str, Any]:
    """Sample bias and variance given the features of ridge regression on the bag means, and the excess of the interpolating estimators over it.

    Parameters
    ----------
    rng, size
        Generator and number of feature matrices.
    sample_size, dimension, bag_size
        n, d and k, integers >= 1, n a multiple of k; every shape.
    penalty
        lambda > 0 in sum_a k (ybar_a - <xbar_a, theta>)^2 + lambda |theta|^2.
    weights
        rho of the interpolating estimators, (L,), each 0 or from 1e-9 to 1.
    squared_signal_norm, noise_variance
        r2 >= 0 and sigma^2 >= 0.

    Returns
    -------
    dict of arrays
        (size,): "bias_squared", "variance", their sum "risk", of ridge. (size, L): "excess", risk of theta_rho minus "risk", and "distance", the mean
        square of theta_rho minus ridge. Ridge has all moments; for the others see `conditional.sample_conditional_risk`.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d, k, _ = checked_design(sample_size, dimension, bag_size)
    rho, strength = checked_weights(weights), real("penalty", penalty, above=0.0)
    r2, sigma2 = checked_variances(squared_signal_norm, noise_variance)
    xp, features = namespace_of(rng), rng.standard_normal((size, n, d))
    averages = scaled_averages(features, k)
    ridge = ridge_matrix(averages, penalty=strength, namespace=xp)
    bias, variance, _ = error_parts(ridge, averages, namespace=xp)
    risk = r2 * bias + sigma2 * variance
    excess, distance = [], []
    for weight in rho.tolist():
        responses = response_matrix(features, bag_size=k, weight=weight, namespace=xp)
        its_bias, its_variance, _ = error_parts(responses, averages, namespace=xp)
        excess.append(r2 * its_bias + sigma2 * its_variance - risk)
        apart = responses - ridge
        distance.append(r2 / d * ((apart @ averages) ** 2).sum(axis=(1, 2)) + sigma2 * (apart**2).sum(axis=(1, 2)))
    return {
        "bias_squared": r2 * bias,
        "variance": sigma2 * variance,
        "risk": risk,
        "excess": xp.stack(excess, axis=1),
        "distance": xp.stack(distance, axis=1),
    }
