"""The errors of naive Bayes and of the Bayes rule with unlimited data, and how far apart correlations can drive them.

Two classes N(mu_0, Sigma) and N(mu_1, Sigma) of equal probability, Delta = mu_0 - mu_1, D = diag(Sigma). A linear rule projects on a line, where the
classes are normal again, so its error is Phi(-distance / 2). Naive Bayes projects on D^-1 Delta, the Bayes rule, which logistic regression converges
to because the log-odds are linear, on Sigma^-1 Delta.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from theorylab.papers.naive_bayes_logistic.closed_form._arguments import checked_groups
from theorylab.validation import array_of_shape, choice, moderate, plain, reals

__all__ = [
    "bayes_distance",
    "bayes_error",
    "collinear_bayes_error",
    "distance_ratio",
    "grouped_bayes_error",
    "kantorovich_direction",
    "kantorovich_ratio",
    "naive_bayes_asymptotic_error",
    "naive_bayes_distance",
]


def bayes_distance(mean_gap: ArrayLike, covariance: ArrayLike) -> Any:
    """Return the Mahalanobis distance between two classes.

    Formula: ``sqrt(Delta' Sigma^-1 Delta)``.

    Parameters
    ----------
    mean_gap
        Delta, (..., d), finite.
    covariance
        Sigma, (..., d, d), symmetric and positive definite; leading axes broadcast.

    Returns
    -------
    float or array (...)

    Raises
    ------
    ValueError
        If an argument is out of range; for a covariance that is not definite the message has the smallest eigenvalue.
    """
    gap, sigma = _checked(mean_gap, covariance)
    solved = np.linalg.solve(sigma, gap[..., None])[..., 0]
    return plain(np.sqrt((gap * solved).sum(axis=-1)))


def naive_bayes_distance(mean_gap: ArrayLike, covariance: ArrayLike) -> Any:
    """Return the distance between two classes on the line that naive Bayes projects on, in standard deviations there.

    Formula: ``w'Delta / sqrt(w'Sigma w)`` with ``w = D^-1 Delta``; 0 for Delta = 0.

    Parameters
    ----------
    mean_gap, covariance
        Delta (..., d) and Sigma (..., d, d), as in `bayes_distance`.

    Returns
    -------
    float or array (...)

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    gap, sigma = _checked(mean_gap, covariance)
    weights = gap / np.diagonal(sigma, axis1=-2, axis2=-1)
    spread = np.sqrt((weights * (sigma @ weights[..., None])[..., 0]).sum(axis=-1))
    shift = (weights * gap).sum(axis=-1)
    return plain(np.divide(shift, spread, out=np.zeros_like(shift), where=spread > 0.0))


def bayes_error(mean_gap: ArrayLike, covariance: ArrayLike) -> Any:
    """Return the error of the Bayes rule for two classes of equal probability, which is also the limit of logistic regression.

    Formula: ``Phi(-(1/2) sqrt(Delta' Sigma^-1 Delta))``.

    Parameters
    ----------
    mean_gap, covariance
        Delta (..., d) and Sigma (..., d, d), as in `bayes_distance`.

    Returns
    -------
    float or array (...), in (0, 1/2]

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    arXiv:2302.02334, the setting; a classical formula.
    """
    return plain(ndtr(-0.5 * bayes_distance(mean_gap, covariance)))


def naive_bayes_asymptotic_error(mean_gap: ArrayLike, covariance: ArrayLike) -> Any:
    """Return the error of naive Bayes with unlimited data for two classes of equal probability, whatever the correlations.

    Formula: ``Phi(-(1/2) w'Delta / sqrt(w'Sigma w))``, ``w = D^-1 Delta``. It equals `bayes_error` if and only if w is parallel to Sigma^-1 Delta.

    Parameters
    ----------
    mean_gap, covariance
        Delta (..., d) and Sigma (..., d, d), as in `bayes_distance`.

    Returns
    -------
    float or array (...), in (0, 1/2]

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here; that it is at least the error of logistic regression is in Ng and Jordan (2001) and arXiv:2302.02334.
    """
    return plain(ndtr(-0.5 * naive_bayes_distance(mean_gap, covariance)))


def collinear_bayes_error(class_positions: ArrayLike, precision_sum: ArrayLike) -> Any:
    """Return the Bayes error of K equally likely classes N(a_k v, Sigma) whose means lie on a line.

    Formula: ``(2/K) sum over adjacent sorted positions of Phi(-gap sqrt(kappa) / 2)``, ``kappa = v' Sigma^-1 v``.

    Parameters
    ----------
    class_positions
        a, (..., K), K >= 2, finite, in any order; two equal positions are two classes that no rule tells apart.
    precision_sum
        kappa >= 0, (...), broadcast; with v = (1, ..., 1) and independent features the sum of the inverse variances. With the square of
        ``naive_bayes_distance(v, Sigma)`` for it the result is the error of naive Bayes with unlimited data.

    Returns
    -------
    float or array (...), in [0, 1 - 1/K]

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Derived here: v' Sigma^-1 x is sufficient for the class, so the problem has one dimension, and there each of the K - 1 midpoints is crossed by
    its two neighbours. In the paper's simulations (arXiv:2302.02334) kappa = floor(d/2) / d + d - floor(d/2).
    """
    positions = np.atleast_1d(reals("class_positions", class_positions))
    classes = positions.shape[-1]
    if classes < 2:
        raise ValueError(f"class_positions must hold at least 2 numbers; got {classes}")
    kappa = np.asarray(reals("precision_sum", precision_sum, minimum=0.0))
    steps = np.diff(np.sort(positions, axis=-1), axis=-1)
    return plain(2.0 / classes * ndtr(-0.5 * steps * np.sqrt(kappa)[..., None]).sum(axis=-1))


def grouped_bayes_error(
    gaps: ArrayLike, multiplicities: ArrayLike, *, class_positions: ArrayLike = (0.5, -0.5), standard_deviations: ArrayLike = 1.0
) -> float:
    """Return the error of the Bayes rule, and of naive Bayes with unlimited data, for independent features in groups.

    Formula: `collinear_bayes_error` with ``kappa = sum over groups of multiplicity * gap^2``.

    Parameters
    ----------
    gaps, multiplicities
        (G,): standardised differences of the means of two classes one unit of position apart, finite, and numbers of features, integers >= 1.
    class_positions
        a, (K,), K >= 2.
    standard_deviations
        > 0. They do not matter, and are accepted so that a whole design fits: ``grouped_bayes_error(**paper_design(3, 100))``.

    Returns
    -------
    float, in [0, 1 - 1/K]

    Raises
    ------
    ValueError
        If an argument is out of range, or there are not as many multiplicities as gaps.

    Notes
    -----
    Derived here.
    """
    gap, count = checked_groups(gaps, multiplicities)
    reals("standard_deviations", standard_deviations, above=0.0)
    return float(collinear_bayes_error(array_of_shape("class_positions", class_positions, ("K",)), float(np.sum(count * gap**2))))


def distance_ratio(mean_gap: ArrayLike, covariance: ArrayLike) -> Any:
    """Return how much of the distance between two classes naive Bayes uses: `naive_bayes_distance` over `bayes_distance`.

    Formula: ``y'y / sqrt(y'C y y'C^-1 y)`` with ``y = D^(-1/2) Delta`` and the correlation matrix C.

    Parameters
    ----------
    mean_gap, covariance
        Delta (..., d), not zero, and Sigma (..., d, d), as in `bayes_distance`.

    Returns
    -------
    float or array (...), in (0, 1]

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    reached, whole = naive_bayes_distance(mean_gap, covariance), bayes_distance(mean_gap, covariance)
    if np.any(whole == 0.0):
        raise ValueError("mean_gap must not be 0 for a ratio of distances; got a row of zeros")
    return plain(reached / whole)


def kantorovich_ratio(covariance: ArrayLike) -> Any:
    """Return the least `distance_ratio` that naive Bayes can have, over all differences of the means.

    Formula: ``2 sqrt(l_1 l_d) / (l_1 + l_d)`` with the extreme eigenvalues of the correlation matrix ``D^(-1/2) Sigma D^(-1/2)``.

    Parameters
    ----------
    covariance
        Sigma, (..., d, d), symmetric and positive definite.

    Returns
    -------
    float or array (...), in (0, 1]; 1 if and only if the features are uncorrelated

    Raises
    ------
    ValueError
        If the covariance is out of range.

    Notes
    -----
    Kantorovich's inequality; for naive Bayes Bickel and Levina (2004).
    """
    eigenvalues = np.linalg.eigvalsh(_correlation(_checked_covariance(covariance)))
    least, largest = eigenvalues[..., 0], eigenvalues[..., -1]
    return plain(2.0 * np.sqrt(least * largest) / (least + largest))


def kantorovich_direction(covariance: ArrayLike, side: str = "sum") -> np.ndarray:
    """Return a difference of the means that is worst for naive Bayes: its `distance_ratio` is `kantorovich_ratio`.

    Formula: ``D^(1/2) (u_1 + u_d)`` or ``D^(1/2) (u_1 - u_d)`` with unit eigenvectors u_1, u_d of the extreme eigenvalues of the correlation matrix.

    Parameters
    ----------
    covariance
        Sigma, (..., d, d), symmetric and positive definite, d >= 2.
    side
        "sum" or "difference": which of the two.

    Returns
    -------
    array (..., d)

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    choice("side", side, ("sum", "difference"))
    sigma = _checked_covariance(covariance)
    if sigma.shape[-1] < 2:
        raise ValueError(f"covariance must have at least 2 features for a worst direction; got {sigma.shape[-1]}")
    _, vectors = np.linalg.eigh(_correlation(sigma))
    first, last = vectors[..., 0], vectors[..., -1]
    direction: np.ndarray = np.sqrt(np.diagonal(sigma, axis1=-2, axis2=-1)) * (first + last if side == "sum" else first - last)
    return direction


# Arguments -----------------------------------------------------------------------------------------------------------------------------------


def _correlation(sigma: np.ndarray) -> np.ndarray:
    deviations = np.sqrt(np.diagonal(sigma, axis1=-2, axis2=-1))
    correlation: np.ndarray = sigma / (deviations[..., :, None] * deviations[..., None, :])
    return correlation


def _checked_covariance(covariance: ArrayLike) -> np.ndarray:
    """Return the covariances (..., d, d) as an array whose every matrix is symmetric and positive definite.

    Definiteness is that of the correlation matrix, so that features may have units of very different size.
    """
    sigma = np.asarray(reals("covariance", covariance))
    if sigma.ndim < 2 or sigma.shape[-1] != sigma.shape[-2]:
        raise ValueError(f"covariance must have shape (..., d, d); got shape {sigma.shape}")
    variances = np.diagonal(sigma, axis1=-2, axis2=-1)
    if np.any(variances <= 0.0):
        raise ValueError(f"covariance must have a positive diagonal; got a variance of {float(variances.min()):.3g}")
    correlation = _correlation(sigma)
    asymmetry = float(np.max(np.abs(correlation - np.swapaxes(correlation, -1, -2))))
    if asymmetry > 1e-12:
        raise ValueError(f"covariance must be symmetric; got correlations that differ from those of its transpose by {asymmetry:.3g}")
    smallest = float(np.min(np.linalg.eigvalsh(correlation)[..., 0]))
    if smallest <= sigma.shape[-1] * np.finfo(float).eps:
        raise ValueError(f"covariance must be positive definite; got smallest eigenvalue {smallest:.3g} of its correlation matrix")
    return sigma


def _checked(mean_gap: ArrayLike, covariance: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences of means (..., d) and covariances (..., d, d), checked."""
    gap, sigma = np.atleast_1d(moderate("mean_gap", reals("mean_gap", mean_gap), most=1e50)), _checked_covariance(covariance)
    if gap.shape[-1] != sigma.shape[-1]:
        raise ValueError(f"mean_gap must have shape (..., {sigma.shape[-1]}), as long as the covariance is wide; got shape {gap.shape}")
    try:
        leading = np.broadcast_shapes(gap.shape[:-1], sigma.shape[:-2])
    except ValueError:
        raise ValueError(f"mean_gap and covariance must have leading axes that broadcast; got shapes {gap.shape} and {sigma.shape}") from None
    return np.broadcast_to(gap, (*leading, gap.shape[-1])), sigma
