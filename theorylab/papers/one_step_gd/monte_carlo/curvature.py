"""The curvature of the population loss of the real layer, arXiv:2307.03576, from its enumerated gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from theorylab.papers.one_step_gd.monte_carlo.enumerations import enumerate_loss_gradient
from theorylab.papers.one_step_gd.monte_carlo.layer import checked_parameters

__all__ = ["enumerate_loss_hessian"]


def enumerate_loss_hessian(
    value_vector: ArrayLike,
    key_query_matrix: ArrayLike,
    context_length: int,
    noise_variance: float,
    *,
    feature_covariance: ArrayLike | None = None,
    task_covariance: ArrayLike | None = None,
) -> np.ndarray:
    """Return the Hessian of the population loss in the coordinates (v, M row by row), exactly up to rounding.

    theta = M^T G v is linear in v and in M, so the loss is quadratic in every single coordinate: central differences of the gradient with step
    1 have no truncation error.

    Parameters
    ----------
    value_vector, key_query_matrix, context_length, noise_variance, feature_covariance, task_covariance
        As in `enumerate_population_loss`.

    Returns
    -------
    array of shape ((d+1)^2, (d+1)^2)

    Raises
    ------
    ValueError
        If a shape or range does not fit, or there are too many points.
    """
    vector, matrix, d = checked_parameters(value_vector, key_query_matrix)
    point = np.concatenate([vector, matrix.ravel()])

    def gradient(moved: np.ndarray) -> np.ndarray:
        parts = enumerate_loss_gradient(
            moved[: d + 1],
            moved[d + 1 :].reshape(d + 1, d),
            context_length,
            noise_variance,
            feature_covariance=feature_covariance,
            task_covariance=task_covariance,
        )
        return np.concatenate([part.ravel() for part in parts])

    hessian = np.array([0.5 * (gradient(point + step) - gradient(point - step)) for step in np.eye(point.size)])
    return 0.5 * (hessian + hessian.T)
