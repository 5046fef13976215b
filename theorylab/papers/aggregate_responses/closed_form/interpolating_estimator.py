r"""The interpolating least-squares estimator itself, and the three estimators that it is easily confused with.

For bags of any sizes k_a the objective is ``sum_a k_a (ybar_a - <xbar_a, theta>)^2 + rho sum_i <x_i - xbar_{a(i)}, theta>^2``, n times L_bag + rho R.
Stack the m rows sqrt(k_a) xbar_a above the n rows x_i - xbar_{a(i)}; their Gram matrix is X'X. With the thin singular value decomposition P s V' of
the stack, theta = V s^-1 z maps z in R^rank one to one onto the row space of X, and the two blocks Q1, Q2 of P satisfy Q1'Q1 + Q2'Q2 = I: a second
decomposition Q1 = L c R' gives Q2'Q2 = R (1 - c^2) R', and

    z = R diag( c / (c^2 + rho (1 - c^2)) ) L' (sqrt(k_a) ybar_a).

Nothing is divided by rho, so that small weights lose no digits, and the limit rho -> 0+ is z = R c^-1 L' over the nonzero c: with fewer bags than
features, the interpolator of the bag means of least within-bag variance. That is not the solution of least norm at rho = 0. theta lies in the row
space of X, so with fewer samples than features it is the minimiser of least norm; there c is 0 or 1 and rho > 0 does not matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.aggregate_responses.closed_form._size_arguments import checked_weight
from theorylab.papers.aggregate_responses.closed_form.bags import average_over_bags, means_by_code
from theorylab.validation import array_of_shape, moderate, real

__all__ = [
    "interpolating_estimator",
    "least_within_bag_variance_interpolator",
    "minimum_norm_bag_estimator",
    "minimum_norm_interpolator",
]


def interpolating_estimator(
    features: ArrayLike,
    bag_labels: ArrayLike,
    bag_means: ArrayLike | Mapping[Any, float],
    weight: float,
    *,
    largest_weight: float = 1.0,
) -> np.ndarray:
    r"""Return theta_rho, the minimiser of (1 - rho) L_bag + rho L_ins over linear models without intercept.

    Formula: ``(A + rho B)^-1 sum_a k_a xbar_a ybar_a`` with A = sum_a k_a xbar_a xbar_a', B = sum_i (x_i - xbar)(x_i - xbar)'; where A + rho B is
    singular, the minimiser of least norm. Weight 0 is `minimum_norm_bag_estimator`.

    Parameters
    ----------
    features
        X (n, d).
    bag_labels
        (n,), the bag of each sample, of any sortable kind; bags may differ in size.
    bag_means
        ybar (m,) in the order of the sorted distinct bag labels, or a mapping from label to mean.
    weight
        rho in [0, largest_weight].
    largest_weight
        Upper end of the range of rho.

    Returns
    -------
    ndarray
        theta (d,).

    Raises
    ------
    ValueError
        If shapes disagree, an entry is NaN or infinite, bags and means do not match, or the weight is out of range.

    Notes
    -----
    arXiv:2401.11081, the interpolating estimator; the form for bags of different sizes and the algorithm are derived here (module's docstring).
    """
    rho = float(checked_weight(real("weight", weight), largest_weight))
    if rho == 0.0:
        return minimum_norm_bag_estimator(features, bag_labels, bag_means)
    return _in_row_space(features, bag_labels, bag_means, rho)


def least_within_bag_variance_interpolator(features: ArrayLike, bag_labels: ArrayLike, bag_means: ArrayLike | Mapping[Any, float]) -> np.ndarray:
    r"""Return the limit of theta_rho for rho -> 0+: among the minimisers of the bag-level loss, the one of least within-bag variance.

    Formula: ``argmin { sum_i <x_i - xbar_{a(i)}, theta>^2 : theta minimises L_bag }``, and of those the one of least norm.

    Parameters
    ----------
    features, bag_labels, bag_means
        As in `interpolating_estimator`.

    Returns
    -------
    ndarray
        theta (d,). With at least as many bags as features it is the bag-level estimator; with fewer it is not the one of least norm.

    Raises
    ------
    ValueError
        If shapes disagree, an entry is NaN or infinite, or bags and means do not match.

    Notes
    -----
    Derived here (module's docstring).
    """
    return _in_row_space(features, bag_labels, bag_means, 0.0)


def minimum_norm_bag_estimator(features: ArrayLike, bag_labels: ArrayLike, bag_means: ArrayLike | Mapping[Any, float]) -> np.ndarray:
    r"""Return the minimiser of the bag-level loss of least norm: theta_rho at rho = 0.

    Formula: ``G^+ (sqrt(k_a) ybar_a)`` with G the m rows sqrt(k_a) xbar_a.

    Parameters
    ----------
    features, bag_labels, bag_means
        As in `interpolating_estimator`.

    Returns
    -------
    ndarray
        theta (d,).

    Raises
    ------
    ValueError
        If shapes disagree, an entry is NaN or infinite, or bags and means do not match.

    Notes
    -----
    arXiv:2401.11081, the estimator of the bag-level loss.
    """
    between, within, targets = _blocks(features, bag_labels, bag_means)
    size = np.linalg.norm(between, 2)
    # What counts as zero is set by the features: after centring, one bag's average is nothing but rounding.
    rounding = _relative_rounding(between, within) * np.hypot(size, np.linalg.norm(within, 2))
    if size <= rounding:
        return np.zeros(between.shape[1])
    theta: np.ndarray = np.linalg.lstsq(between, targets, rcond=rounding / size)[0]
    return theta


def minimum_norm_interpolator(features: ArrayLike, bag_labels: ArrayLike, bag_means: ArrayLike | Mapping[Any, float]) -> np.ndarray:
    r"""Return theta_rho for fewer samples than features, the same for every rho > 0: the shortest vector that predicts ybar_a on every sample of B_a.

    Formula: ``X^+ (ybar_{a(i)})_i`` with independent rows of X, so that both terms of the objective vanish.

    Parameters
    ----------
    features
        X (n, d) of rank n.
    bag_labels, bag_means
        As in `interpolating_estimator`.

    Returns
    -------
    ndarray
        theta (d,).

    Raises
    ------
    ValueError
        If the rows of X are not linearly independent, shapes disagree, an entry is NaN or infinite, or bags and means do not match.

    Notes
    -----
    Derived here.
    """
    x = array_of_shape("features", features, ("n", "d"))
    codes, means = _codes_and_means(x, bag_labels, bag_means)[::2]
    theta, _, rank, _ = np.linalg.lstsq(x, means[codes], rcond=None)
    if rank < x.shape[0]:
        raise ValueError(f"features must have linearly independent rows, else nothing interpolates; got rank {rank} with {x.shape[0]} rows")
    interpolator: np.ndarray = theta
    return interpolator


def _codes_and_means(x: np.ndarray, bag_labels: ArrayLike, bag_means: ArrayLike | Mapping[Any, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    codes, sizes, means = means_by_code(bag_means, bag_labels)
    if codes.size != x.shape[0]:
        raise ValueError(f"bag_labels must have shape ({x.shape[0]},), one label for each row of features; got shape {codes.shape}")
    return codes, sizes, means


def _blocks(features: ArrayLike, bag_labels: ArrayLike, bag_means: ArrayLike | Mapping[Any, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows sqrt(k_a) xbar_a, the rows x_i - xbar_{a(i)} and the targets sqrt(k_a) ybar_a."""
    x = moderate("features", array_of_shape("features", features, ("n", "d")))
    if x.size == 0:
        raise ValueError(f"features must have at least one row and one column; got shape {x.shape}")
    codes, sizes, means = _codes_and_means(x, bag_labels, bag_means)
    averages, root = average_over_bags(x, codes, sizes), np.sqrt(sizes)
    return root[:, None] * averages, x - averages[codes], root * means


def _relative_rounding(between: np.ndarray, within: np.ndarray) -> float:
    """Return the singular value, relative to the largest of the stack of both blocks, that counts as zero (numpy's rule for a rank)."""
    return float(np.finfo(np.float64).eps * max(len(between) + len(within), within.shape[1]))


def _in_row_space(features: ArrayLike, bag_labels: ArrayLike, bag_means: ArrayLike | Mapping[Any, float], rho: float) -> np.ndarray:
    between, within, targets = _blocks(features, bag_labels, bag_means)
    stack = np.concatenate([between, within])
    rounding = _relative_rounding(between, within)
    left, scale, right = np.linalg.svd(stack, full_matrices=False)
    rank = int(np.sum(scale > rounding * scale[0])) if scale[0] > 0.0 else 0
    between_part = left[: len(between), :rank]
    rotation, cosine, axes = np.linalg.svd(between_part, full_matrices=False)
    # Bag averages may be dependent (after centring they sum to zero): a cosine that is zero but for rounding must not be divided by.
    kept = int(np.linalg.matrix_rank(between, tol=rounding * scale[0]))
    rotation, cosine, axes = rotation[:, :kept], np.minimum(cosine[:kept], 1.0), axes[:kept]
    z = axes.T @ (cosine / (cosine**2 + rho * (1.0 - cosine**2)) * (rotation.T @ targets))
    theta: np.ndarray = right[:rank].T @ (z / scale[:rank])
    return theta
