r"""Near ties: how often the log-odds of naive Bayes at its best lie close to zero.

An estimated rule differs from its limit only at test points whose log-odds are smaller than the error of the estimate. The paper measures closeness
per feature: G(tau) is the probability that the two largest scores differ by at most ``tau d``. Scores are ``score_k(x) = -sum_i (x_i - mu_ki)^2 /
(2 Sigma_ii)``, classes equally likely; on Gaussian features score differences are Gaussian, and G is exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from theorylab.backend import check_broadcast
from theorylab.validation import array_of_shape, covariance, integers, moderate, plain, real, reals

__all__ = [
    "isotropic_near_tie_probability",
    "near_tie_chebyshev_bound",
    "near_tie_chernoff_bound",
    "near_tie_probability",
    "near_tie_probability_on_a_line",
    "near_tie_union_bound",
    "score_gap_mean",
    "score_gap_variance",
]


def near_tie_probability(tau: ArrayLike, mean_gap: ArrayLike, covariance: ArrayLike) -> Any:
    r"""Return G(tau) for two classes.

    Formula: ``Phi((tau d - M)/sqrt V) - Phi((-tau d - M)/sqrt V)``, ``M = w' Delta / 2``, ``V = w' Sigma w``, ``w = D^-1 Delta``,
    ``D = diag(Sigma)``.

    Parameters
    ----------
    tau
        >= 0, scalar or array.
    mean_gap
        Delta (d,), not 0.
    covariance
        Sigma (d, d), symmetric positive definite.

    Returns
    -------
    float or ndarray
        Of the shape of tau.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2302.02334 defines G; its form derived here.
    """
    mean, variance, d = _log_odds_law(mean_gap, covariance)
    return plain(_inside(reals("tau", tau, minimum=0.0) * d, mean, variance))


def isotropic_near_tie_probability(tau: ArrayLike, dimension: ArrayLike, mahalanobis_distance: ArrayLike) -> Any:
    r"""Return G(tau) for two classes with independent features, which depends on d and delta alone.

    Formula: that of `near_tie_probability` with ``M = delta^2 / 2``, ``V = delta^2``.

    Parameters
    ----------
    tau
        >= 0.
    dimension
        d, integers >= 1.
    mahalanobis_distance
        delta > 0. All arguments broadcast.

    Returns
    -------
    float or ndarray

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here.
    """
    check_broadcast(tau=tau, dimension=dimension, mahalanobis_distance=mahalanobis_distance)
    d, delta = (
        integers("dimension", dimension),
        moderate("mahalanobis_distance", reals("mahalanobis_distance", mahalanobis_distance, above=0.0), most=1e06, least=1e-06),
    )
    return plain(_inside(reals("tau", tau, minimum=0.0) * d, 0.5 * delta**2, delta**2))


def near_tie_chernoff_bound(tau: ArrayLike, mean_gap: ArrayLike, covariance: ArrayLike) -> Any:
    r"""Return an exponential bound on G(tau) for two classes.

    Formula: ``(1/2) exp(-(M - tau d)^2 / (2 V))`` for ``tau d < M``; with independent features and ``g = M/d`` this is ``(1/2) exp(-d (g - tau)^2 /
    (4 g))``, so near ties are exponentially rare in d where the evidence per feature g stays above tau.

    Parameters
    ----------
    tau
        In [0, M/d), scalar or array.
    mean_gap, covariance
        As for `near_tie_probability`.

    Returns
    -------
    float or ndarray
        Of the shape of tau.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here, from ``Phi(-z) <= exp(-z^2/2) / 2``.
    """
    mean, variance, d = _log_odds_law(mean_gap, covariance)
    threshold = reals("tau", tau, minimum=0.0, below=mean / d) * d
    return plain(0.5 * np.exp(-((mean - threshold) ** 2) / (2.0 * variance)))


# Several classes -----------------------------------------------------------------------------------------------------------------------------


def score_gap_mean(class_means: ArrayLike, covariance: ArrayLike) -> np.ndarray:
    r"""Return beta[k1, k2, k] = E[score_k1 - score_k2 | class k] / d for all triples of classes.

    Formula: ``(q[k, k2] - q[k, k1]) / (2 d)``, ``q[a, b] = (mu_a - mu_b)' D^-1 (mu_a - mu_b)``.

    Parameters
    ----------
    class_means
        (K, d), K >= 2.
    covariance
        Sigma (d, d), symmetric positive definite.

    Returns
    -------
    ndarray (K, K, K)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2302.02334 asks that these stay away from 0. Only triples with k1 = k matter for the bound; beta[k1, k2, k] = 0 where k lies half way.
    """
    means, sigma = _classes(class_means, covariance)
    q = _quadratic_forms(means, np.diag(1.0 / np.diag(sigma)))
    # q[k, k2] - q[k, k1] with the class k last.
    return (q[None, :, :] - q[:, None, :]) / (2.0 * means.shape[1])


def score_gap_variance(class_means: ArrayLike, covariance: ArrayLike) -> np.ndarray:
    r"""Return alpha[k1, k2] = Var[score_k1 - score_k2 | class k] / d, the same for every k.

    Formula: ``(mu_k1 - mu_k2)' D^-1 Sigma D^-1 (mu_k1 - mu_k2) / d``.

    Parameters
    ----------
    class_means, covariance
        As for `score_gap_mean`.

    Returns
    -------
    ndarray (K, K)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2302.02334 asks that these stay bounded.
    """
    means, sigma = _classes(class_means, covariance)
    precision = 1.0 / np.diag(sigma)
    return _quadratic_forms(means, sigma * np.outer(precision, precision)) / means.shape[1]


def near_tie_chebyshev_bound(tau: ArrayLike, class_means: ArrayLike, covariance: ArrayLike) -> Any:
    r"""Return Chebyshev's bound on G(tau) for K equally likely classes.

    Formula: ``(1/K) sum_k sum_{j != k} alpha[k, j] / (d (beta[k, j, k] - tau)^2)`` for tau below every beta[k, j, k].

    Parameters
    ----------
    tau
        >= 0 and below the least beta[k, j, k], j != k; scalar or array.
    class_means, covariance
        As for `score_gap_mean`; no two classes may have one mean.

    Returns
    -------
    float or ndarray
        Of the shape of tau; it may exceed 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here from the assumptions of arXiv:2302.02334: the two largest scores are near only if the true class fails to lead some class by tau d.
    """
    threshold, lead, variance, classes = _pairs(tau, class_means, covariance)
    return plain(np.sum(variance / (lead - threshold[..., None]) ** 2, axis=-1) / classes)


def near_tie_union_bound(tau: ArrayLike, class_means: ArrayLike, covariance: ArrayLike) -> Any:
    r"""Return the Gaussian counterpart of `near_tie_chebyshev_bound`, with the same arguments, for any tau >= 0.

    Formula: ``(1/K) sum_k sum_{j != k} Phi((tau - beta[k, j, k]) sqrt(d / alpha[k, j]))``.

    Parameters
    ----------
    tau
        >= 0, scalar or array.
    class_means, covariance
        As for `near_tie_chebyshev_bound`.

    Returns
    -------
    float or ndarray
        Of the shape of tau.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here. For two classes it leaves out only the test points that lie on the wrong side by more than tau d.
    """
    threshold, lead, variance, classes = _pairs(tau, class_means, covariance, beyond=True)
    return plain(np.sum(ndtr((threshold[..., None] - lead) / np.sqrt(variance)), axis=-1) / classes)


def near_tie_probability_on_a_line(tau: ArrayLike, class_positions: ArrayLike, precision_sum: float, dimension: int) -> Any:
    r"""Return G(tau) for K equally likely classes whose means are multiples a_k of one vector v, with independent features.

    Formula: with ``kappa = v' Sigma^-1 v`` and sorted a, ``1 - (1/K) sum_k sum_b P(l_b + h_b < a_k + Z/sqrt(kappa) < r_b - g_b)``, where (l_b, r_b)
    is the cell of points nearest to a_b and ``h_b = tau d / (kappa (a_b - a_(b-1)))``, ``g_b = tau d / (kappa (a_(b+1) - a_b))``.

    Parameters
    ----------
    tau
        >= 0, scalar or array.
    class_positions
        a (K,), K >= 2, all different.
    precision_sum
        kappa > 0.
    dimension
        d, an integer >= 1.

    Returns
    -------
    float or ndarray
        Of the shape of tau.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: within a cell the runner-up is a neighbour, whose score falls behind by kappa |a_b - a_j| times the distance to their boundary.
    """
    positions = np.sort(array_of_shape("class_positions", class_positions, ("K",)))
    if positions.size < 2 or np.any(np.diff(positions) == 0.0):
        raise ValueError(f"class_positions must hold at least 2 different numbers; got {positions.tolist()}")
    kappa = real("precision_sum", precision_sum, above=0.0)
    reach = np.asarray(reals("tau", tau, minimum=0.0)) * int(integers("dimension", dimension))
    apart, middle = np.diff(positions), 0.5 * (positions[1:] + positions[:-1])
    # Where the lead over the left and the right neighbour begins to be large enough, one column a cell.
    left = np.concatenate([np.full((*reach.shape, 1), -np.inf), middle + reach[..., None] / (kappa * apart)], axis=-1)
    right = np.concatenate([middle - reach[..., None] / (kappa * apart), np.full((*reach.shape, 1), np.inf)], axis=-1)
    right = np.maximum(left, right)
    root = np.sqrt(kappa)
    ends = [ndtr(root * (side[..., None] - positions)) for side in (left, right)]
    return plain(1.0 - np.sum(ends[1] - ends[0], axis=(-2, -1)) / positions.size)


# What they are made of -----------------------------------------------------------------------------------------------------------------------


def _log_odds_law(mean_gap: ArrayLike, sigma: ArrayLike) -> tuple[float, float, int]:
    """Return mean and variance, given its class, of the log-odds in favour of the true class, and d."""
    gap = moderate("mean_gap", array_of_shape("mean_gap", mean_gap, ("d",)), most=1e50)
    if not np.any(gap):
        raise ValueError("mean_gap must not be 0: the classes would be one")
    matrix = covariance("covariance", sigma, dimension=gap.size)
    weights = gap / np.diag(matrix)
    return 0.5 * float(weights @ gap), float(weights @ matrix @ weights), gap.size


def _inside(threshold: Any, mean: Any, variance: Any) -> Any:
    """Return P(|N(mean, variance)| <= threshold)."""
    root = np.sqrt(variance)
    return ndtr((threshold - mean) / root) - ndtr((-threshold - mean) / root)


def _classes(class_means: ArrayLike, sigma: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    means = moderate("class_means", array_of_shape("class_means", class_means, ("K", "d")), most=1e50)
    if len(means) < 2 or means.shape[1] < 1:
        raise ValueError(f"class_means must have shape (K, d) with K >= 2 and d >= 1; got shape {means.shape}")
    return means, covariance("covariance", sigma, dimension=means.shape[1])


def _quadratic_forms(means: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return (mu_a - mu_b)' A (mu_a - mu_b) for all pairs, (K, K)."""
    differences = means[:, None, :] - means[None, :, :]
    forms: np.ndarray = np.sum((differences @ matrix) * differences, axis=-1)
    return forms


def _pairs(tau: ArrayLike, class_means: ArrayLike, sigma: ArrayLike, *, beyond: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return tau d, and for all ordered pairs of classes mean and variance of the lead of the true one; and K."""
    beta, alpha = score_gap_mean(class_means, sigma), score_gap_variance(class_means, sigma)
    d, classes = np.shape(class_means)[1], len(beta)
    true, other = np.nonzero(~np.eye(classes, dtype=bool))
    lead, variance = d * beta[true, other, true], d * alpha[true, other]
    if np.any(lead == 0.0):
        first = int(np.argmin(lead))
        raise ValueError(f"class_means must all be different; got equal means for classes {true[first]} and {other[first]}")
    threshold = np.asarray(reals("tau", tau, minimum=0.0, below=None if beyond else float(np.min(lead)) / d)) * d
    return threshold, lead, variance, classes
