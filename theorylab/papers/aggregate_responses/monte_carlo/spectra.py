"""One Jacobi spectrum stands for the data of arXiv:2401.11081: scatter, directions and noise are integrated out exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_draw, namespace_of
from theorylab.device.rows import can_run
from theorylab.models.jacobi import JacobiBidiagonal, jacobi_bidiagonal, jacobi_eigenvalues, tridiagonal_entries
from theorylab.montecarlo.samplers import block_size, fitting_block
from theorylab.papers.aggregate_responses.monte_carlo.settings import (
    checked_centre,
    checked_design,
    checked_variances,
    checked_weights,
    refuse_weight_zero,
)
from theorylab.validation import instance

__all__ = ["factored_spectrum_sums", "sample_jacobi_risk", "spectrum_sums", "spectrum_sums_plain"]

# Below it the recursion in the shift rho / (1 - rho) keeps all digits, above it that in 1 - rho; either would do around it.
_SMALL_WEIGHT = 0.5


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
    if can_run(eigenvalues):
        from theorylab.papers.aggregate_responses.monte_carlo.spectrum_device import spectrum_sums_device

        return spectrum_sums_device(namespace, eigenvalues, weights)
    return spectrum_sums_plain(eigenvalues, weights, namespace=namespace)


def spectrum_sums_plain(eigenvalues: Any, weights: Any, *, namespace: Any = np) -> Any:
    """Return what `spectrum_sums` returns, by array operations (any array module)."""
    rho, u = weights[None, :, None], eigenvalues[:, None, :]
    mixture = rho + (1.0 - rho) * u
    g = rho * (1.0 - u) / mixture
    spread = ((g - g.mean(axis=2, keepdims=True)) ** 2).sum(axis=2)
    return namespace.stack([g.sum(axis=2), spread, (u / mixture**2).sum(axis=2)])


def factored_spectrum_sums(bidiagonal: JacobiBidiagonal, weights: np.ndarray, *, zeros: int, ones: int) -> np.ndarray:
    """Return what `spectrum_sums` returns without the eigenvalues, from traces of resolvents: O(N) operations a weight instead of O(N^2) in all.

    With delta = 1 - rho and s = rho / delta, 1 / C = 1 / (delta (u + s)) and g = s (1 / C - 1). So for small weights R_j = sum 1 / (u + s)^j gives
    sum g = s (R_1 / delta - N), sum (g - mean)^2 = s^2 (R_2 - R_1^2 / N) / delta^2 and sum u / C^2 = (R_1 - s R_2) / delta^2. For others, with
    V_j = sum (1 - u)^j / C^j: sum g = rho V_1, sum g^2 = rho^2 V_2 and, from u = 1 - (1 - u) and 1 / C = 1 + delta (1 - u) / C,
    sum u / C^2 = N + (2 delta - 1) V_1 - delta rho V_2.

    Parameters
    ----------
    bidiagonal
        Squared entries from `jacobi_bidiagonal`, numpy arrays: N free eigenvalues.
    weights
        rho, (L,); 0 only if no eigenvalue is 0.
    zeros, ones
        Numbers of eigenvalues that are forced to be 0 and 1.

    Returns
    -------
    array of shape (3, size, L)
    """
    instance("bidiagonal", bidiagonal, JacobiBidiagonal)
    from theorylab.papers.aggregate_responses.monte_carlo.spectrum_kernels import resolvent_sums_rows, weighted_sums_rows

    size, free = bidiagonal.diagonal.shape
    total, spread, trace = sums = np.zeros((3, size, weights.size))
    small = weights < _SMALL_WEIGHT
    if free and small.any():
        delta = 1.0 - weights[small]
        shift = weights[small] / delta
        first, second = resolvent_sums_rows(*bidiagonal, shift)
        total[:, small] = shift * (first / delta - free)
        spread[:, small] = (shift / delta) ** 2 * (second - first**2 / free)
        trace[:, small] = (first - shift * second) / delta**2
    if free and not small.all():
        rho = weights[~small]
        diagonal, squared_off_diagonal = tridiagonal_entries(bidiagonal)
        first, second = weighted_sums_rows(1.0 - diagonal, squared_off_diagonal, 1.0 - rho)
        total[:, ~small] = rho * first
        spread[:, ~small] = rho**2 * (second - first**2 / free)
        trace[:, ~small] = free + (1.0 - 2.0 * rho) * first - (1.0 - rho) * rho * second
    # Rounding must not make a sum of squares negative. The forced eigenvalues have g = 1 and u / C^2 = 0, or g = 0 and u / C^2 = 1.
    d = free + zeros + ones
    mean_free, mean = total / max(free, 1), (total + zeros) / d
    spread[:] = np.maximum(spread, 0.0) + free * (mean_free - mean) ** 2 + zeros * (1.0 - mean) ** 2 + ones * mean**2
    total += zeros
    trace += ones
    return sums


def _spectrum_block(*, dimension: int, sample_size: int, bag_size: int, weights: ArrayLike, largest_weight: float, **_: object) -> int:
    n, d, _k, m = checked_design(sample_size, dimension, bag_size)
    points, free = checked_weights(weights, largest_weight=largest_weight).size, max(min(d, m, n - m, n - d), 0)
    return fitting_block(nanoseconds=90.0 * free + 4.0 * points * free, numbers=10 * free + 2 * d + 9 * points)


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
    """Sample bias and variance given one Jacobi spectrum, for all weights at once: O(d) random numbers and O(L d) operations.

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
    size = check_draw(rng, size)
    design = checked_design(sample_size, dimension, bag_size, samples_above_dimension=2)
    rho = checked_weights(weights, largest_weight=largest_weight)
    refuse_weight_zero(rho, design)
    r2, sigma2 = checked_variances(squared_signal_norm, noise_variance)
    middle, xp, (n, d, _, m) = checked_centre(centre, rho.size), namespace_of(rng), design
    degrees = {"first_degrees_of_freedom": m, "second_degrees_of_freedom": n - m, "dimension": d}
    if xp is np:
        total, spread, trace = factored_spectrum_sums(jacobi_bidiagonal(rng, size, **degrees), rho, zeros=max(d - m, 0), ones=max(d - n + m, 0))
    else:
        total, spread, trace = spectrum_sums(jacobi_eigenvalues(rng, size, **degrees), xp.asarray(rho), namespace=xp)
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
