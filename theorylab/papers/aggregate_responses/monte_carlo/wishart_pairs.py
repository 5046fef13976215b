"""Two Wishart matrices stand for the data of arXiv:2401.11081: the scatter between the bags and the scatter within them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.models.wishart import bartlett_factors
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.aggregate_responses.monte_carlo.settings import (
    BagDesign,
    checked_design,
    checked_variances,
    checked_weights,
    refuse_weight_zero,
)
from theorylab.validation import instance

__all__ = ["draw_scatters", "pair_risks", "sample_wishart_risk"]


def draw_scatters(rng: Any, size: int, design: BagDesign) -> tuple[Any, Any]:
    """Draw A = k Xbar^T Xbar ~ Wishart_d(m, I) and B = k W ~ Wishart_d(n - m, I), independent, (size, d, d) each, from Bartlett factors.

    The bag averages and the deviations from them are orthogonal projections of the same Gaussian columns, hence independent.
    """
    instance("design", design, BagDesign)
    size = check_draw(rng, size)
    xp, (n, d, _, m) = namespace_of(rng), design
    between = bartlett_factors(rng, size, degrees_of_freedom=m, dimension=d)
    if n == m:
        return between @ between.swapaxes(1, 2), xp.zeros((size, d, d))
    within = bartlett_factors(rng, size, degrees_of_freedom=n - m, dimension=d)
    return between @ between.swapaxes(1, 2), within @ within.swapaxes(1, 2)


def pair_risks(between: Any, within: Any, weights: np.ndarray, *, bags: int, namespace: Any = np) -> tuple[Any, Any]:
    """Return bias^2 / r2 and variance / sigma^2 given (A, B), (size, L) each, for all weights from one eigendecomposition.

    Derivation. With M = A + rho B the error is -rho M^-1 B theta0 + M^-1 G^T e, G^T G = A, e ~ N(0, sigma^2 I); over the noise and a uniform
    direction of theta0, bias^2 = r2 |rho M^-1 B|_F^2 / d and variance = sigma^2 tr (M^-1 A M^-1). Solve A v = u (A + B) v with V^T (A + B) V = I;
    then M^-1 = V C^-1 V^T, C = rho + (1 - rho) u, and rho M^-1 B = V g V^-1, g = rho (1 - u) / C. With H = V^T V:
    variance / sigma^2 = sum_i H_ii u_i / C_i^2 and bias^2 / r2 = sum_ij g_i H_ij (H^-1)_ij g_j / d.

    Parameters
    ----------
    between, within
        A and B, (size, d, d), A + B positive definite.
    weights
        rho, (L,); 0 only if A is positive definite.
    bags
        m: the rank of A is min(m, d).
    namespace
        The array module.

    Returns
    -------
    tuple of two arrays of shape (size, L)
    """
    xp, d = namespace, between.shape[1]
    lower = xp.linalg.cholesky(between + within)
    inverse = xp.linalg.inv(lower)
    whitened = inverse @ between @ inverse.swapaxes(1, 2)
    u, vectors = xp.linalg.eigh(0.5 * (whitened + whitened.swapaxes(1, 2)))
    u = xp.clip(u, 0.0, 1.0)
    # Divided by the square of a small weight, what rounding makes of an eigenvalue 0 would be seen.
    u[:, : max(d - bags, 0)] = 0.0
    basis, dual = inverse.swapaxes(1, 2) @ vectors, lower @ vectors
    squared_lengths = (basis**2).sum(axis=1)
    products = (basis.swapaxes(1, 2) @ basis) * (dual.swapaxes(1, 2) @ dual)
    rho = xp.asarray(weights)[None, :, None]
    mixture = rho + (1.0 - rho) * u[:, None, :]
    shrunk = rho * (1.0 - u[:, None, :]) / mixture
    bias = ((shrunk @ products) * shrunk).sum(axis=2) / d
    variance = (squared_lengths[:, None, :] * (u[:, None, :] / mixture**2)).sum(axis=2)
    return bias, variance


def _pair_block(*, dimension: int, sample_size: int, bag_size: int, weights: ArrayLike, largest_weight: float, **_: object) -> int:
    d, points = checked_design(sample_size, dimension, bag_size).dimension, checked_weights(weights, largest_weight=largest_weight).size
    return fitting_block(nanoseconds=4000.0 + 2.0 * d**3 + 60.0 * d**2 + points * d * (d + 20.0), numbers=10 * d**2 + 4 * points * d)


@block_size(_pair_block)
def sample_wishart_risk(
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
    """Sample bias and variance given the features from two independent Wishart matrices, for all weights at once.

    Noise and the direction of theta0 are integrated out: see `pair_risks`. Same means as `sample_raw_risk`, d^3 instead of L n d^2 operations.

    Parameters
    ----------
    rng, size
        Generator and number of pairs.
    sample_size, dimension, bag_size
        n, d and k, integers >= 1, n a multiple of k and n > d + 1, for the means to exist.
    weights
        rho, (L,), each 0 or from 1e-9 to `largest_weight`; 0 only with more than d bags (else it is an estimator of its own).
    squared_signal_norm, noise_variance
        r2 >= 0 and sigma^2 >= 0.
    largest_weight
        Largest weight that is let through, >= 1.

    Returns
    -------
    dict of arrays of shape (size, L)
        "bias_squared", "variance" and their sum "risk". Variances exist if n - d > 3 (weight 0: m - d > 3); at n - d = 2 or 3 use
        `sample_jacobi_risk`.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    size = check_draw(rng, size)
    design = checked_design(sample_size, dimension, bag_size, samples_above_dimension=2)
    rho = checked_weights(weights, largest_weight=largest_weight)
    refuse_weight_zero(rho, design)
    r2, sigma2 = checked_variances(squared_signal_norm, noise_variance)
    between, within = draw_scatters(rng, size, design)
    bias, variance = pair_risks(between, within, rho, bags=design.bags, namespace=namespace_of(rng))
    return {"bias_squared": r2 * bias, "variance": sigma2 * variance, "risk": r2 * bias + sigma2 * variance}
