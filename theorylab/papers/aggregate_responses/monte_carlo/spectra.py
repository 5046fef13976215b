"""One Jacobi spectrum stands for the data of arXiv:2401.11081: scatter, directions and noise are integrated out exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import namespace_of
from theorylab.models.jacobi import jacobi_eigenvalues
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.aggregate_responses.monte_carlo.settings import (
    checked_centre,
    checked_design,
    checked_variances,
    checked_weights,
    refuse_weight_zero,
)

__all__ = ["sample_jacobi_risk", "spectrum_sums", "spectrum_sums_plain"]


def spectrum_sums(eigenvalues: Any, weights: Any, *, namespace: Any = np) -> Any:
    """Return what the risk needs of a spectrum: with C = rho + (1 - rho) u and g = rho (1 - u) / C, sum g, sum (g - mean g)^2, sum u / C^2.

    Parameters
    ----------
    eigenvalues
        u, (size, d), in [0, 1].
    weights
        rho, (L,); 0 only if no eigenvalue is 0.
    namespace
        The array module.

    Returns
    -------
    array of shape (3, size, L)
    """
    if namespace is np:
        from theorylab.papers.aggregate_responses.monte_carlo.spectrum_kernels import spectrum_sums_rows

        return spectrum_sums_rows(eigenvalues, weights)
    return spectrum_sums_plain(eigenvalues, weights, namespace=namespace)


def spectrum_sums_plain(eigenvalues: Any, weights: Any, *, namespace: Any = np) -> Any:
    """Return what `spectrum_sums` returns, by array operations (any array module)."""
    rho, u = weights[None, :, None], eigenvalues[:, None, :]
    mixture = rho + (1.0 - rho) * u
    g = rho * (1.0 - u) / mixture
    spread = ((g - g.mean(axis=2, keepdims=True)) ** 2).sum(axis=2)
    return namespace.stack([g.sum(axis=2), spread, (u / mixture**2).sum(axis=2)])


def _spectrum_block(*, dimension: int, sample_size: int, bag_size: int, weights: ArrayLike, largest_weight: float, **_: object) -> int:
    n, d, _k, m = checked_design(sample_size, dimension, bag_size)
    points, free = checked_weights(weights, largest_weight=largest_weight).size, max(min(d, m, n - m, n - d), 0)
    return fitting_block(nanoseconds=100.0 * free + 12.0 * free**2 + 4.0 * points * d, numbers=10 * free + 2 * d + 9 * points)


@block_size(_spectrum_block)
def sample_jacobi_risk(
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
    centre: ArrayLike = 0.0,
) -> dict[str, Any]:
    """Sample bias and variance given one Jacobi spectrum, for all weights at once: O(d) random numbers and O(d^2 + L d) operations.

    Derivation. A ~ Wishart_d(m), B ~ Wishart_d(n - m) as in `pair_risks`, S = A + B ~ Wishart_d(n), A = S^{1/2} U S^{1/2}. U is independent of S and
    has the law of O U O^T for every orthogonal O. With C = rho + (1 - rho) U, M = S^{1/2} C S^{1/2}, and D = rho C^-1 (I - U), whose eigenvalues are
    the g_i of `spectrum_sums`, rho M^-1 B = S^{-1/2} D S^{1/2}. Hence, given the spectrum of U:

    * bias^2 = (r2 / d) E tr (D S^-1 D S). Over the rotation of D, E D K D = alpha K + beta tr(K) I for symmetric K. The trace for any K and the
      corner for K = e_1 e_1^T (squares of the entries of a random unit vector have second moments 3 / (d (d + 2)) and 1 / (d (d + 2))) give,
      with p = sum g and q = sum g^2, alpha + d beta = q / d and alpha + beta = (p^2 + 2 q) / (d (d + 2)).
      So beta = sum (g - p / d)^2 / ((d - 1) (d + 2)), 0 for d = 1. tr S is independent of S / tr S, E 1 / tr S = 1 / (n d - 2) and
      E tr S^-1 = d / (n - d - 1), so E [tr S tr S^-1] = d (n d - 2) / (n - d - 1): bias^2 = r2 [alpha + beta (n d - 2) / (n - d - 1)].
    * variance = sigma^2 E tr (S^-1 U C^-2) = sigma^2 sum_i (u_i / C_i^2) / (n - d - 1).
    * E theta = (1 - p / d) theta0.

    Parameters
    ----------
    rng, size
        Generator and number of spectra.
    sample_size, dimension, bag_size
        n, d and k, integers >= 1, n a multiple of k and n > d + 1; any number of bags, fewer than features too.
    weights
        rho, (L,), each 0 or from 1e-9 to `largest_weight`; 0 only with more than d bags (else it is an estimator of its own).
    squared_signal_norm, noise_variance
        r2 >= 0 and sigma^2 >= 0.
    largest_weight
        Largest weight that is let through, >= 1.
    centre
        One number or one for each weight, subtracted before "risk_squared" is squared.

    Returns
    -------
    dict of arrays of shape (size, L)
        "bias_squared", "variance", their sum "risk", "risk_squared" (risk - centre)^2, and "shrinkage" 1 - p / d, the factor of theta0 in the mean of
        theta. For rho > 0 all are bounded and nearly normal. At rho = 0 the mean of the variance exists if m - d > 1, its variance if m - d > 3.

    Raises
    ------
    ValueError
        If a parameter is out of range.
    """
    design = checked_design(sample_size, dimension, bag_size, samples_above_dimension=2)
    rho = checked_weights(weights, largest_weight=largest_weight)
    refuse_weight_zero(rho, design)
    r2, sigma2 = checked_variances(squared_signal_norm, noise_variance)
    middle, xp, (n, d, _, m) = checked_centre(centre, rho.size), namespace_of(rng), design
    spectrum = jacobi_eigenvalues(rng, size, first_degrees_of_freedom=m, second_degrees_of_freedom=n - m, dimension=d)
    total, spread, trace = spectrum_sums(spectrum, xp.asarray(rho), namespace=xp)
    beta = spread / ((d - 1) * (d + 2)) if d > 1 else 0.0 * spread
    alpha = (spread + total**2 / d) / d - d * beta
    bias = r2 * (alpha + beta * (n * d - 2) / (n - d - 1))
    variance = sigma2 * trace / (n - d - 1)
    risk = bias + variance
    return {
        "bias_squared": bias,
        "variance": variance,
        "risk": risk,
        "risk_squared": (risk - xp.asarray(middle)) ** 2,
        "shrinkage": 1.0 - total / d,
    }
