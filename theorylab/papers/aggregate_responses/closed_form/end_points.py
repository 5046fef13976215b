r"""The two ends of the interpolation, exact at finite size: the bag-level loss (rho = 0) and the instance-level loss (rho = 1).

Both are rational in n, d, k. With G = sqrt(k) Xbar, of m = n/k rows N(0, I_d), the bag-level estimator is ordinary least squares on m samples. The
instance-level one is (X'X)^-1 X' P y with P the projection onto vectors that are constant on bags, of rank m: its conditional mean is V theta0 with
V = (X'X)^-1 X' P X, and E V = I/k because X' X and the row space of X are independent, so that P may be replaced by its average over rotations.
The second moment of V needs the fourth-order moments of a random projection, which is `interpolation_risk_exact` at weight 1 with closed E tr U,
E (tr U)^2 and E tr U^2; put in, they give the polynomial below.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theorylab.backend import check_broadcast
from theorylab.papers.aggregate_responses.closed_form._size_arguments import broadcast_sizes, decomposition, ratio_or_infinity, signal_and_noise
from theorylab.papers.aggregate_responses.closed_form.risk_decomposition import RiskDecomposition

__all__ = ["bag_level_risk_exact", "instance_level_risk_exact", "rescaled_instance_risk_exact"]


def bag_level_risk_exact(
    sample_size: ArrayLike, dimension: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return bias, variance and risk of the bag-level least-squares estimator (weight 0) with at least as many bags as features.

    Formula: ``bias_squared = 0``, ``variance = sigma^2 d / (m - d - 1)``, m = n/k.

    Parameters
    ----------
    sample_size
        n, a multiple of k, with n/k >= d; broadcasts.
    dimension
        d >= 1; broadcasts.
    bag_size
        k >= 1; broadcasts.
    squared_signal_norm
        r2 >= 0; broadcasts. The bias is 0 whatever it is.
    noise_variance
        sigma^2 >= 0; broadcasts.

    Returns
    -------
    RiskDecomposition
        The variance is inf, with a reason, for m = d and m = d + 1 (unless sigma^2 = 0).

    Raises
    ------
    ValueError
        If an argument is out of range, or m < d: there the least-squares solution is not unique, see `minimum_norm_risk_exact`.

    Notes
    -----
    arXiv:2401.11081, corollary for the bag-level loss (limit ``sigma^2 / (psi/k - 1)``); exact form derived here:
    sigma^2 E tr A^-1, A ~ Wishart_d(m).
    """
    check_broadcast(
        sample_size=sample_size, dimension=dimension, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    _, d, _, m = broadcast_sizes(sample_size, dimension, bag_size)
    r2, noise = signal_and_noise(squared_signal_norm, noise_variance)
    if np.any(m < d):
        raise ValueError("sample_size / bag_size must be at least dimension for the bag-level estimator; with fewer bags use minimum_norm_risk_exact")
    return decomposition(
        np.zeros(m.shape), ratio_or_infinity(d, m - d - 1.0), r2, noise, "the variance has no finite mean unless there are at least d + 2 bags"
    )


def instance_level_risk_exact(
    sample_size: ArrayLike, dimension: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return bias, variance and risk of the instance-level least-squares estimator (weight 1).

    Formula: ``variance = sigma^2 d / (k (n - d - 1))`` and ``bias_squared = r2 { (k-1)^2/k^2 + (k-1) [d n^2 - d n + 2 d + n^2 - 5 n + 2] /
    (k^2 (n-1)(n+2)(n-d-1)) }``; E theta_1 = theta0 / k.

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
        For n = d and n = d + 1 the variance is inf, with a reason, and so is the bias unless k = 1 or d = 1.

    Raises
    ------
    ValueError
        If an argument is out of range, or n < d: see `overparametrised_risk_exact`.

    Notes
    -----
    Variance and the limit ``r2 [(1 - 1/k)^2 + (k-1)/(k^2 (psi-1))]`` as in the corollary of arXiv:2401.11081; exact bias derived here (module's
    docstring). At d = 1 the bracket is 2 (n-1)(n-2), which cancels the pole at n = 2.
    """
    check_broadcast(
        sample_size=sample_size, dimension=dimension, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    n, d, k, _ = _enough_samples(sample_size, dimension, bag_size)
    r2, noise = signal_and_noise(squared_signal_norm, noise_variance)
    spread = (k - 1.0) * _fluctuation(n, d, k)
    return decomposition(
        ((k - 1.0) ** 2 + spread) / k**2, ratio_or_infinity(d / k, n - d - 1.0), r2, noise, "no finite mean unless there are at least d + 2 samples"
    )


def rescaled_instance_risk_exact(
    sample_size: ArrayLike, dimension: ArrayLike, bag_size: ArrayLike, squared_signal_norm: ArrayLike = 1.0, noise_variance: ArrayLike = 1.0
) -> RiskDecomposition:
    r"""Return bias, variance and risk of k theta_1, the instance-level estimator times the bag size, which is unbiased: E k theta_1 = theta0.

    Formula: ``bias_squared = r2 (k-1) [d n^2 - d n + 2 d + n^2 - 5 n + 2] / ((n-1)(n+2)(n-d-1))``, ``variance = sigma^2 k d / (n - d - 1)``. The bias
    conditional on the features fluctuates around 0; its mean square is what is returned.

    Parameters
    ----------
    sample_size, dimension, bag_size, squared_signal_norm, noise_variance
        As in `instance_level_risk_exact`.

    Returns
    -------
    RiskDecomposition
        For n = d and n = d + 1 the variance is inf, with a reason, and so is the bias unless k = 1 or d = 1.

    Raises
    ------
    ValueError
        If an argument is out of range, or n < d.

    Notes
    -----
    Derived here: ``E ||k V theta0 - theta0||^2 = k^2 (E ||V theta0 - theta0||^2 - (1 - 1/k)^2 r2)`` because E V = I/k.
    """
    check_broadcast(
        sample_size=sample_size, dimension=dimension, bag_size=bag_size, squared_signal_norm=squared_signal_norm, noise_variance=noise_variance
    )
    n, d, k, _ = _enough_samples(sample_size, dimension, bag_size)
    r2, noise = signal_and_noise(squared_signal_norm, noise_variance)
    spread = (k - 1.0) * _fluctuation(n, d, k)
    return decomposition(spread, ratio_or_infinity(d * k, n - d - 1.0), r2, noise, "no finite mean unless there are at least d + 2 samples")


def _enough_samples(sample_size: ArrayLike, dimension: ArrayLike, bag_size: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n, d, k, m = broadcast_sizes(sample_size, dimension, bag_size)
    if np.any(n < d):
        raise ValueError("sample_size must be at least dimension; with fewer samples than features use overparametrised_risk_exact")
    return n, d, k, m


def _fluctuation(n: np.ndarray, d: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Return k^2/(k - 1) E ||V theta0 - theta0/k||^2 / r2; 0 for k = 1, so that a pole is not multiplied by 0."""
    with np.errstate(invalid="ignore"):
        general = ratio_or_infinity(d * n**2 - d * n + 2.0 * d + n**2 - 5.0 * n + 2.0, (n - 1.0) * (n + 2.0) * (n - d - 1.0))
    return np.where(k == 1.0, 0.0, np.where(d == 1.0, 2.0 / (n + 2.0), general))
