"""The estimator of arXiv:2401.11081 on raw features, with noise and direction of the signal integrated out, in every shape."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.aggregate_responses.monte_carlo.raw import bag_averages
from theorylab.papers.aggregate_responses.monte_carlo.settings import checked_design, checked_variances, checked_weights

__all__ = ["error_parts", "response_matrix", "sample_conditional_risk", "scaled_averages"]


def scaled_averages(features: Any, bag_size: int) -> Any:
    """Return G = sqrt(k) Xbar, (size, m, d): the averages of the features, scaled so that those of the labels have noise sigma^2."""
    return np.sqrt(bag_size) * bag_averages(features, bag_size)


def response_matrix(features: Any, *, bag_size: int, weight: float, namespace: Any = np) -> Any:
    """Return P, (size, d, m), with theta = P z for the scaled bag means z = sqrt(k) ybar = G theta0 + e, e ~ N(0, sigma^2 I).

    Setting the gradient of the loss to zero: P = (A + rho B)^-1 G^T, A = G^T G, B = X^T X - A. Where that system is singular: weight 0 and fewer
    bags than features, P = G^T (G G^T)^-1; weight > 0 and n <= d, P = X^T (X X^T)^-1 J / sqrt(k), J the indicators (n, m) of the bags.

    Parameters
    ----------
    features
        X, (size, n, d), in general position; sample i in bag i // k.
    bag_size
        k.
    weight
        rho, 0 or from 1e-9.
    namespace
        The array module.
    """
    xp, (_, n, d), k = namespace, features.shape, bag_size
    averages = scaled_averages(features, k)
    m = averages.shape[1]
    transposed = averages.swapaxes(1, 2)
    if weight == 0.0 and m < d:
        return xp.linalg.solve(averages @ transposed, averages).swapaxes(1, 2)
    if weight > 0.0 and n <= d:
        indicators = xp.repeat(xp.eye(m), k, axis=0) / np.sqrt(k)
        return features.swapaxes(1, 2) @ xp.linalg.solve(features @ features.swapaxes(1, 2), xp.broadcast_to(indicators, (features.shape[0], n, m)))
    between = transposed @ averages
    return xp.linalg.solve(between + weight * (features.swapaxes(1, 2) @ features - between), transposed)


def error_parts(responses: Any, averages: Any, *, scale: float = 1.0, namespace: Any = np) -> tuple[Any, Any, Any]:
    """Return bias^2 / r2, variance / sigma^2 and <E theta, theta0> / r2 of the estimator `scale` P z, each (size,).

    scale P z - theta0 = (scale P G - I) theta0 + scale P e: over e and a uniform direction of theta0 these are |scale P G - I|_F^2 / d,
    scale^2 |P|_F^2 and scale tr(P G) / d.
    """
    xp, d = namespace, responses.shape[1]
    mean = scale * (responses @ averages)
    bias = ((mean - xp.eye(d)) ** 2).sum(axis=(1, 2)) / d
    return bias, scale**2 * (responses**2).sum(axis=(1, 2)), xp.einsum("bii->b", mean) / d


def _conditional_block(*, sample_size: int, dimension: int, bag_size: int, weights: ArrayLike, largest_weight: float, **_: object) -> int:
    n, d, _k, m = checked_design(sample_size, dimension, bag_size)
    points = checked_weights(weights, largest_weight=largest_weight).size
    side = min(n, d)
    operations = points * (2.0 * n * d * side + side**3 + 4.0 * side**2 * m + 2.0 * d**2 * m)
    return fitting_block(nanoseconds=12.0 * n * d + 0.08 * operations + 2000.0 * points, numbers=2 * n * d + 4 * d * m + 4 * max(d, side) ** 2)


@block_size(_conditional_block)
def sample_conditional_risk(
    rng: Any,
    size: int,
    *,
    sample_size: int,
    dimension: int,
    bag_size: int,
    weights: ArrayLike,
    squared_signal_norm: float = 1.0,
    noise_variance: float = 1.0,
    largest_weight: float = 1.0,
) -> dict[str, Any]:
    """Sample bias and variance given raw features, over the noise and a uniform direction of theta0, for several weights on the same features.

    Parameters
    ----------
    rng, size
        Generator and number of feature matrices.
    sample_size, dimension, bag_size
        n, d and k, integers >= 1, n a multiple of k; every shape.
    weights
        rho, (L,), each 0 or from 1e-9 to `largest_weight`. Weight 0 with fewer bags than features is the bag-level solution of smallest norm;
        with n < d every positive weight gives the same estimator, the solution of smallest norm of X theta = repeat(ybar).
    squared_signal_norm, noise_variance
        r2 >= 0 and sigma^2 >= 0.
    largest_weight
        Largest weight that is let through, >= 1.

    Returns
    -------
    dict of arrays of shape (size, L)
        "bias_squared", "variance", their sum "risk", and "alignment" <E[theta | X], theta0> / r2. With weight > 0 the means exist if |n - d| > 1, the
        variances if |n - d| > 3; with weight 0 the number of bags m stands for n, and bias_squared does not vary.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    n, d, k, _ = checked_design(sample_size, dimension, bag_size)
    rho = checked_weights(weights, largest_weight=largest_weight)
    r2, sigma2 = checked_variances(squared_signal_norm, noise_variance)
    xp = namespace_of(rng)
    features = rng.standard_normal((size, n, d))
    averages = scaled_averages(features, k)
    parts = [error_parts(response_matrix(features, bag_size=k, weight=weight, namespace=xp), averages, namespace=xp) for weight in rho.tolist()]
    bias, variance, alignment = (xp.stack(columns, axis=1) for columns in zip(*parts, strict=True))
    return {"bias_squared": r2 * bias, "variance": sigma2 * variance, "risk": r2 * bias + sigma2 * variance, "alignment": alignment}
