r"""Bias, variance and mean of the interpolating estimator at every weight, exact at finite size, from one Jacobi spectrum.

Let S = A + B ~ Wishart_d(n) and U = S^{-1/2} A S^{-1/2}, a matrix Beta(m/2, (n-m)/2) with eigenvalues u_i; U is independent of S and its law is
invariant under rotations. With M = A + rho B = S^{1/2} C S^{1/2}, C = rho + (1 - rho) U,

    E[theta_rho | X] - theta0 = - rho M^-1 B theta0 = - S^{-1/2} g(U) S^{1/2} theta0,    g(u) = rho (1 - u) / (rho + (1 - rho) u),
    Cov[theta_rho | X] = sigma^2 M^-1 A M^-1 = sigma^2 S^{-1/2} U C^{-2} S^{-1/2}.

Averaging over the rotation of D = g(U), with p = sum g_i and q = sum g_i^2, E[D N D] = (x + y) N + y tr(N) I for fixed symmetric N, where
y = (d q - p^2) / (d (d-1)(d+2)) and x = (p^2 - 2 d y) / d^2. Here N = S^-1, and E[tr S tr S^-1] = d (n d - 2)/(n - d - 1) (tr S is independent of
S / tr S), E tr S^-1 = d/(n - d - 1). Hence

    E bias^2 = r2 E[x + y + y (n d - 2)/(n - d - 1)],    E variance = sigma^2 E[sum u_i / (rho + (1 - rho) u_i)^2] / (n - d - 1),
    E theta_rho = (1 - E p / d) theta0,

and the three spectral means E p^2, E q, E sum u/C^2 come from `theorylab.numerics.jacobi_ensemble`. For d = 1 the rotation is trivial and bias^2 is
r2 E q.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.numerics.jacobi_ensemble import jacobi_ensemble
from theorylab.papers.aggregate_responses.closed_form._size_arguments import checked_weight, decomposition, signal_and_noise, single_sizes
from theorylab.papers.aggregate_responses.closed_form.end_points import bag_level_risk_exact, instance_level_risk_exact
from theorylab.papers.aggregate_responses.closed_form.fewer_bags import minimum_norm_risk_exact, overparametrised_risk_exact
from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition
from theorylab.validation import plain

__all__ = ["expected_shrinkage_exact", "interpolation_risk_exact"]

Statistic = Callable[[np.ndarray], np.ndarray]


def interpolation_risk_exact(
    sample_size: int,
    dimension: int,
    bag_size: int,
    weight: ArrayLike,
    squared_signal_norm: ArrayLike = 1.0,
    noise_variance: ArrayLike = 1.0,
    *,
    largest_weight: float = 1.0,
) -> RiskDecomposition:
    r"""Return bias, variance and risk of theta_rho = (A + rho B)^-1 k Xbar' ybar, exactly at finite size and without sampling.

    Formula: that of the module's docstring, by de Bruijn's Pfaffian for the spectrum of U. Weight 0 is the bag-level estimator (of minimum norm if
    m < d), bag size 1 ordinary least squares, and for n < d all weights > 0 share `overparametrised_risk_exact`.

    Parameters
    ----------
    sample_size
        n, a multiple of k.
    dimension
        d >= 1; the spectrum has min(d, m, n - m, n - d) free eigenvalues, up to about 300 of them.
    bag_size
        k >= 1.
    weight
        rho in [0, largest_weight]; an array is answered from one spectrum.
    squared_signal_norm
        r2 >= 0; broadcasts against rho.
    noise_variance
        sigma^2 >= 0; broadcasts against rho.
    largest_weight
        Upper end of the range of rho; a weight above 1 must be allowed explicitly.

    Returns
    -------
    RiskDecomposition
        Entries of the broadcast shape of rho, r2 and sigma^2; inf, with a reason, where a mean does not exist: for n in {d-1, d, d+1} at any rho > 0
        (the bias stays finite for k = 1, and for d = 1), for m in {d-1, d, d+1} at rho = 0.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ConvergenceError
        If the quadrature over the spectrum did not converge.

    Notes
    -----
    Derived here (module's docstring) for the estimator of arXiv:2401.11081.
    """
    check_broadcast(weight=weight, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance)
    n, d, k, m = single_sizes(sample_size, dimension, bag_size)
    rho = np.asarray(checked_weight(weight, largest_weight))
    r2, noise = signal_and_noise(squared_signal_norm, noise_variance)
    bias, variance, reasons = np.empty(rho.shape), np.empty(rho.shape), []
    at_zero = rho == 0.0
    if np.any(at_zero):
        bags_only = bag_level_risk_exact if m >= d else minimum_norm_risk_exact
        bias[at_zero], variance[at_zero], _, reason = bags_only(n, d, k)
        reasons += [reason]
    if not np.all(at_zero):
        if k == 1 or n < d:
            bias[~at_zero], variance[~at_zero], _, reason = (instance_level_risk_exact if n >= d else overparametrised_risk_exact)(n, d, k)
        else:
            bias[~at_zero], variance[~at_zero], reason = _from_spectrum(n, d, m, rho[~at_zero])
        reasons += [reason]
    return decomposition(bias, variance, r2, noise, "; ".join(dict.fromkeys(filter(None, reasons))))


def expected_shrinkage_exact(sample_size: int, dimension: int, bag_size: int, weight: ArrayLike, *, largest_weight: float = 1.0) -> Any:
    r"""Return the number e with E theta_rho = e theta0, exactly at finite size.

    Formula: ``1 - E[sum_i g(u_i)] / d`` for n > d and rho > 0; ``m/d`` for n < d; ``min(m/d, 1)`` for rho = 0; 1 for k = 1 and n > d.

    Parameters
    ----------
    sample_size
        n != d, a multiple of k.
    dimension
        d >= 1.
    bag_size
        k >= 1.
    weight
        rho in [0, largest_weight]; an array is answered from one spectrum.
    largest_weight
        Upper end of the range of rho.

    Returns
    -------
    float or ndarray
        e, of the shape of rho. (1 - e)^2 r2 is the squared norm of the unconditional bias, smaller than the bias conditional on the features.

    Raises
    ------
    ValueError
        If an argument is out of range, or n = d (the estimator has no mean).
    ConvergenceError
        If the quadrature over the spectrum did not converge.

    Notes
    -----
    Derived here; at rho = 1, e = 1/k.
    """
    n, d, _, m = single_sizes(sample_size, dimension, bag_size)
    rho = np.asarray(checked_weight(weight, largest_weight))
    if n == d:
        raise ValueError(f"sample_size must differ from dimension = {d}: with as many samples as features the estimator has no mean")
    mean = np.full(rho.shape, min(m / d, 1.0))
    inside = rho > 0.0
    if n > d and np.any(inside):
        ensemble = jacobi_ensemble(m, n - m, d, breakpoints=_ladder(rho[inside]))
        mean[inside] = 1.0 - np.asarray(ensemble.mean(_spectral_functions(rho[inside])[0]).value) / d
    return plain(mean)


def _from_spectrum(n: int, d: int, m: int, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    """Return bias per r2, variance per sigma^2 and a reason, for n >= d and 0 < m < n."""
    if n <= d + 1 and d > 1:
        return np.full(rho.shape, np.inf), np.full(rho.shape, np.inf), "no finite mean unless there are at least d + 2 samples"
    ensemble = jacobi_ensemble(m, n - m, d, breakpoints=_ladder(rho))
    shrinkage, noise = _spectral_functions(rho)
    sum_of_squares = np.asarray(ensemble.mean(lambda u: shrinkage(u) ** 2).value)
    if n <= d + 1:
        # In one dimension the bias is a bounded number, whatever n.
        return sum_of_squares, np.full(rho.shape, np.inf), "the variance has no finite mean unless there are at least d + 2 samples"
    squared_sum = np.asarray(ensemble.mean_square(shrinkage).value)
    return bias_from_moments(n, d, squared_sum, sum_of_squares), np.asarray(ensemble.mean(noise).value) / (n - d - 1), ""


def bias_from_moments(n: int, d: int, squared_sum: ArrayLike, sum_of_squares: ArrayLike) -> np.ndarray:
    """Return E bias^2 / r2 from E p^2 and E q (or from p^2 and q): the fourth-order moments of a random rotation."""
    p2, q = np.asarray(squared_sum, dtype=np.float64), np.asarray(sum_of_squares, dtype=np.float64)
    if d == 1:
        return q
    y = (d * q - p2) / (d * (d - 1) * (d + 2))
    x = (p2 - 2 * d * y) / d**2
    return np.asarray(x + y + y * (n * d - 2) / (n - d - 1))


def _spectral_functions(rho: np.ndarray) -> tuple[Statistic, Statistic]:
    """Return g and u/C^2 as functions that give a row for every weight."""
    # C = rho + (1 - rho) u, written without a difference: at u = 1 it is 1, however large the weight.
    column = np.reshape(rho, (-1, 1))
    return lambda u: column * (1.0 - u) / (u + column * (1.0 - u)), lambda u: u / (u + column * (1.0 - u)) ** 2


def _ladder(rho: np.ndarray) -> np.ndarray:
    """Return mesh edges for the pole of g: at u = -rho/(1-rho), close to 0 for small rho; at rho/(rho-1), close to 1 for large rho."""
    # In the angle t of u = sin^2 t the steps double; what is wider than a panel of the uniform mesh is of no use.
    low = np.min(rho) * 4.0 ** np.arange(-2, max(0.0, np.log2(0.01 / np.min(rho)) / 2.0))
    high = 4.0 ** np.arange(-2, max(0.0, np.log2(0.01 * np.max(rho)) / 2.0)) / np.max(rho)
    edges = np.concatenate([low if np.min(rho) < 0.01 else [], 1.0 - high if np.max(rho) > 100.0 else []])
    return edges[(edges > 0.0) & (edges < 1.0)]
